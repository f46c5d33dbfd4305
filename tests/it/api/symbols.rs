//! Symbols of `NuGet` beside the package that they belong to.

use insta::assert_snapshot;
use packages_api::formats::Ecosystem;

use crate::support::File;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::zip::zip;

const NUGET: &str = "my-nuget";

fn nuspec(more: &str) -> String {
    format!(
        "<package><metadata><id>Fruit</id><version>1.0.0</version><authors>Ada</authors>\
         <description>Fruit.</description>{more}</metadata></package>"
    )
}

#[tokio::test]
async fn symbols_never_take_their_packages_release() {
    let app = TestApp::start().await;
    app.create_registry(NUGET, Ecosystem::Nuget).await;
    let symbols = nuspec("<packageTypes><packageType name=\"SymbolsPackage\"/></packageTypes>");
    let symbols = zip(&[
        ("Fruit.nuspec", symbols.as_bytes()),
        ("lib/Fruit.pdb", b"symbols"),
    ]);
    let package = zip(&[
        ("Fruit.nuspec", nuspec("").as_bytes()),
        ("lib/Fruit.dll", b"code"),
    ]);
    let user = app.user.at(ORGANIZATION, NUGET);
    let symbols = user.publish(&File::new("Fruit.1.0.0.snupkg", symbols)).await;
    let package = user.publish(&File::new("Fruit.1.0.0.nupkg", package)).await;
    assert_snapshot!("symbols", symbols.rendered());
    assert_snapshot!("package", package.rendered());
}
