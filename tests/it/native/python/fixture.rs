//! Wheels, and users of a registry that holds some.

use packages_api::formats::Ecosystem;
use reqwest::redirect::Policy;

use crate::support::File;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::zip::zip;

pub(in crate::native) const PYTHON: &str = "my-wheels";

/// METADATA of a wheel.
pub(in crate::native) fn metadata(name: &str, version: &str, more: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")
}

/// A wheel with these further lines in its METADATA.
pub(in crate::native) fn wheel(name: &str, version: &str, more: &str) -> File {
    let stem = format!("{}-{version}", name.replace(['-', '.'], "_"));
    let metadata = metadata(name, version, more);
    let about = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let folder = format!("{stem}.dist-info");
    let names = ["METADATA", "WHEEL", "RECORD"].map(|name| format!("{folder}/{name}"));
    let files = [
        (&*names[0], metadata.as_bytes()),
        (&*names[1], about.as_bytes()),
        (&*names[2], b""),
    ];
    File::new(&format!("{stem}-py3-none-any.whl"), zip(&files))
}

/// A user of the registry [`PYTHON`] of this app, which is made, who follows no redirects.
pub(in crate::native) async fn user_of(app: &TestApp) -> Client {
    app.create_registry(PYTHON, Ecosystem::Python).await;
    let mut user = app.user.at(ORGANIZATION, PYTHON);
    let http = reqwest::Client::builder().redirect(Policy::none());
    user.http = http.build().expect("a client");
    user
}
