use std::io::Cursor;

use serde_json::json;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::zip::fixtures::zip;
use crate::formats::round_trip::read as read_package;

fn read_nupkg(files: &[(&str, &[u8])]) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Nuget, "x.nupkg", &mut Cursor::new(zip(files)))
}

#[test]
fn a_package_says_all_that_the_protocol_serves() {
    let nuspec = "<?xml version=\"1.0\"?><package xmlns=\"http://x/2013/05/nuspec.xsd\">\
        <metadata minClientVersion=\"2.12\"><id>Foo.Bar</id><version>1.2.0.0-RC.1+abc</version>\
        <authors>Ada</authors><license type=\"expression\">MIT</license><tags>a b</tags>\
        <repository type=\"git\" url=\"u\" /><packageTypes><packageType name=\"DotnetTool\"/>\
        </packageTypes><dependencies><group targetFramework=\"net8.0\">\
        <dependency id=\"A\" version=\"[1.0,2.0)\" exclude=\"Build\"/><dependency id=\"B\"/>\
        </group><group targetFramework=\"net9.0\"/></dependencies></metadata></package>";
    let with_mark = ["\u{feff}", nuspec].concat();
    let files: [(&str, &[u8]); 2] = [
        ("[Content_Types].xml", b"<a/>"),
        ("Foo.Bar.nuspec", with_mark.as_bytes()),
    ];
    let dependency = |id, range: Option<&str>, exclude: Option<&str>| json!({"id": id, "range": range, "include": null, "exclude": exclude});
    let expected = json!({
        "fields": {
            "id": "Foo.Bar", "version": "1.2.0.0-RC.1+abc", "authors": "Ada",
            "license": "MIT", "tags": "a b",
        },
        "license_type": "expression",
        "min_client_version": "2.12",
        "repository": {"type": "git", "url": "u"},
        "package_types": [{"name": "DotnetTool", "version": null}],
        "dependency_groups": [
            {"target_framework": "net8.0", "dependencies": [
                dependency("A", Some("[1.0,2.0)"), Some("Build")),
                dependency("B", None, None),
            ]},
            {"target_framework": "net9.0", "dependencies": []},
        ],
        "nuspec": nuspec,
    });
    assert_eq!(
        read_nupkg(&files).unwrap(),
        Manifest {
            name: "Foo.Bar".to_owned(),
            normalized_name: "foo.bar".to_owned(),
            version: "1.2.0.0-RC.1+abc".to_owned(),
            normalized_version: "1.2.0-rc.1".to_owned(),
            variant: None,
            metadata: metadata(&expected).unwrap(),
        }
    );
}

#[test]
fn versions_have_one_spelling() {
    for (version, expected) in [
        ("1", Some("1.0.0")),
        ("1.0", Some("1.0.0")),
        ("01.02.03", Some("1.2.3")),
        ("1.2.3.4", Some("1.2.3.4")),
        ("5.0.0+hash", Some("5.0.0")),
        ("", None),
        ("1.2.3.4.5", None),
        ("1.0-", None),
        ("1.-1", None),
        ("1.0/2", None),
        ("1.2147483647", Some("1.2147483647.0")),
        ("1.2147483648", None),
        ("1.00000000000000000000000000000000000000007", Some("1.7.0")),
        ("1.99999999999999999999999999999999999999999", None),
        (
            "1.0-99999999999999999999999999",
            Some("1.0.0-99999999999999999999999999"),
        ),
    ] {
        assert_eq!(normalized(version).as_deref(), expected, "{version}");
    }
}

#[test]
fn symbols_are_a_variant_of_their_package() {
    let nuspec = |more: &str| {
        format!("<package><metadata><id>A</id><version>1.0</version>{more}</metadata></package>")
    };
    let typed = nuspec("<packageTypes><packageType name=\"symbolsPackage\"/></packageTypes>");
    let plain = nuspec("");
    for (filename, nuspec, expected) in [
        ("A.1.0.nupkg", &plain, None),
        ("A.1.0.snupkg", &typed, Some("snupkg")),
        ("A.1.0.SNUPKG", &plain, Some("snupkg")),
        ("A.1.0.nupkg", &typed, Some("snupkg")),
        ("A.1.0.symbols.nupkg", &plain, Some("symbols.nupkg")),
    ] {
        let file = zip(&[("A.nuspec", nuspec.as_bytes())]);
        let manifest = read_package(Ecosystem::Nuget, filename, &mut Cursor::new(file)).unwrap();
        assert_eq!(manifest.variant.as_deref(), expected, "{filename}");
    }
}

#[test]
fn nuspecs_are_read_as_dotnet_reads_xml() {
    let nuspec = |declaration: &str, text: &str| {
        format!(
            "{declaration}<package><metadata><id>A</id><version>1.0</version><authors>{text}\
             </authors></metadata></package>"
        )
    };
    let declared = nuspec("<?xml version='1.0' encoding='windows-1251'?>", "Привет");
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&declared);
    let manifest = read_nupkg(&[("a.nuspec", &bytes)]).unwrap();
    assert_eq!(manifest.metadata.value()["fields"]["authors"], json!("Привет"));
    for (text, why) in [
        (
            nuspec("<!DOCTYPE package>", ""),
            "it has a document type; remove it",
        ),
        (
            nuspec("", "&eacute;"),
            "it uses the entity `&eacute;`, which nothing defines; write the character itself",
        ),
    ] {
        let rejection = read_nupkg(&[("a.nuspec", text.as_bytes())]).unwrap_err();
        assert_eq!(rejection.message, format!("The nuspec is not usable XML: {why}."));
    }
}

#[test]
fn ids_nobody_could_install_are_refused() {
    let nuspec =
        |id: &str| format!("<package><metadata><id>{id}</id><version>1.0</version></metadata></package>");
    for id in ["../x", "a..b", "", "a b", &"a".repeat(101)] {
        let rejection = read_nupkg(&[("a.nuspec", nuspec(id).as_bytes())]).unwrap_err();
        assert_eq!(rejection.field, "id", "{id}");
    }
    let good = nuspec("a");
    let two = [("a.nuspec", good.as_bytes()), ("b.NuSpec", good.as_bytes())];
    for files in [&two[..], &[("lib/a.nuspec", b"")], &[("a.nuspec", b"<a/>")]] {
        assert_eq!(read_nupkg(files).unwrap_err().field, "nuspec");
    }
}

#[test]
fn dependencies_and_the_nuspec_are_bounded() {
    let many = format!(
        "<package><metadata><id>a</id><version>1</version><dependencies>{}</dependencies>\
         </metadata></package>",
        "<dependency id='b'/>".repeat(MAX_DEPENDENCIES + 1)
    );
    let rejection = read_nupkg(&[("a.nuspec", many.as_bytes())]).unwrap_err();
    assert_eq!(
        rejection.message,
        "The nuspec has more than 10000 dependencies; build the package again with fewer."
    );
    let endless = vec![b' '; usize::try_from(MAX_NUSPEC_BYTES).unwrap() + 1];
    let rejection = read_nupkg(&[("a.nuspec", &endless)]).unwrap_err();
    assert_eq!(
        rejection.message,
        "`nuspec` is larger than the 1048576 bytes that are read of it; build the package again with less in it."
    );
}
