use std::io::Cursor;

use serde_json::json;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::zip::fixtures::zip;
use crate::formats::round_trip::read as read_package;

const POM: &str = "<?xml version=\"1.0\"?><project xmlns=\"http://maven.apache.org/POM/4.0.0\">\
    <parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>7</version></parent>\
    <artifactId>fruit</artifactId><version>1.0</version><name>Fruit</name>\
    <licenses><license><name>MIT</name></license></licenses>\
    <dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId>\
    <version>${b.version}</version><scope>test</scope></dependency></dependencies></project>";
const PROPERTIES: &str = "#made\r\nversion=1.0\r\ngroupId=org.example\r\nartifactId=fruit\r\n";

fn read_java(filename: &str, file: Vec<u8>) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Java, filename, &mut Cursor::new(file))
}

fn facts(classifier: Option<&str>, extension: &str) -> serde_json::Value {
    json!({
        "group_id": "org.example", "artifact_id": "fruit", "version": "1.0",
        "classifier": classifier, "extension": extension, "packaging": "jar",
        "parent": {"group_id": "org.example", "artifact_id": "parent", "version": "7"},
        "name": "Fruit", "description": null, "url": null, "licenses": ["MIT"],
        "dependencies": [{
            "group_id": "a", "artifact_id": "b", "version": "${b.version}", "scope": "test",
            "type": null, "classifier": null, "optional": false,
        }],
    })
}

fn jar(folders: &[&str]) -> Vec<u8> {
    let mut files = Vec::new();
    for folder in folders {
        let artifact = folder.rsplit('/').next().unwrap();
        let properties = PROPERTIES.replace("fruit", artifact);
        files.push((format!("META-INF/maven/{folder}/pom.properties"), properties));
        files.push((
            format!("META-INF/maven/{folder}/pom.xml"),
            POM.replace("fruit", artifact),
        ));
    }
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    zip(&files)
}

#[test]
fn a_pom_names_itself_with_what_it_inherits() {
    assert_eq!(
        read_java("lies-2.pom", POM.into()).unwrap(),
        Manifest {
            name: "org.example:fruit".to_owned(),
            normalized_name: "org.example:fruit".to_owned(),
            version: "1.0".to_owned(),
            normalized_version: "1.0".to_owned(),
            variant: Some("pom".to_owned()),
            metadata: metadata(&facts(None, "pom")).unwrap(),
        }
    );
}

#[test]
fn classifiers_come_from_the_file_name() {
    let manifest = read_java("fruit-1.0-sources.jar", jar(&["org.example/fruit"])).unwrap();
    assert_eq!(manifest.name, "org.example:fruit");
    assert_eq!(manifest.variant.as_deref(), Some("sources.jar"));
    assert_eq!(
        manifest.metadata,
        metadata(&facts(Some("sources"), "jar")).unwrap()
    );
}

#[test]
fn file_names_choose_the_pom_of_shaded_jars() {
    let shaded = || jar(&["org.example/apple", "org.example/fruit"]);
    assert_eq!(
        read_java("fruit-1.0.jar", shaded()).unwrap().name,
        "org.example:fruit"
    );
    let rejection = read_java("basket-1.0.jar", shaded()).unwrap_err();
    assert_eq!(
        rejection.message,
        "The archive's file name is not `{artifactId}-{version}[-{classifier}].{extension}` of one \
         of the POMs inside, so it is unclear which of them it is; rename the file."
    );
}

#[test]
fn an_archive_without_a_pom_cannot_name_itself() {
    assert_eq!(
        read_java("fruit-1.0.jar", zip(&[("META-INF/MANIFEST.MF", b"")]))
            .unwrap_err()
            .message,
        "The archive holds no `META-INF/maven/…/pom.properties`, so it cannot name itself; publish \
         its `.pom`, or build it with Maven's archiver."
    );
}

#[test]
fn classifiers_are_read_from_file_names() {
    let coordinates = |version: &str| Coordinates::checked("g", "a-b", version).unwrap();
    for (stem, version, expected) in [
        ("a-b-1.0", "1.0", Some("")),
        ("a-b", "1.0", Some("")),
        ("a-b-1.0-tests", "1.0", Some("tests")),
        ("a-b-1.0-20240102.030405-6", "1.0-SNAPSHOT", Some("")),
        ("a-b-1.0-20240102.030405-6-docs", "1.0-SNAPSHOT", Some("docs")),
        ("a-b-1.0.1", "1.0", None),
        ("a-c-1.0", "1.0", None),
    ] {
        let classifier = classifier(stem, &coordinates(version));
        assert_eq!(classifier, expected, "{stem}");
    }
}

#[test]
fn coordinates_must_be_literal_and_safe() {
    for (from, to, field) in [
        ("<version>1.0<", "<version>${revision}<", "version"),
        ("<artifactId>fruit<", "<artifactId>../x<", "artifactId"),
        ("<groupId>org.example<", "<groupId>a/b<", "groupId"),
        ("<artifactId>fruit<", "<id>fruit<", "pom"),
    ] {
        let rejection = read_java("fruit-1.0.pom", POM.replacen(from, to, 1).into()).unwrap_err();
        assert_eq!(rejection.field, field, "{to}");
    }
    let bomb = "<!DOCTYPE x [<!ENTITY a 'b'>]><project>&a;</project>";
    assert_eq!(
        read_java("fruit-1.0.pom", bomb.into()).unwrap_err().message,
        "The POM is not usable XML: it uses the entity `&a;`, which nothing defines; write the character itself."
    );
}

#[test]
fn poms_are_read_by_their_declared_encoding() {
    for (label, encoding, name) in [
        ("windows-1252", encoding_rs::WINDOWS_1252, "a\u{2019}b €"),
        ("GBK", encoding_rs::GBK, "项目"),
        ("Shift_JIS", encoding_rs::SHIFT_JIS, "日本"),
    ] {
        let declared = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>");
        let pom = POM
            .replace("<?xml version=\"1.0\"?>", &declared)
            .replace(">Fruit<", &format!(">{name}<"));
        let (bytes, _, _) = encoding.encode(&pom);
        let manifest = read_java("fruit-1.0.pom", bytes.into_owned()).unwrap();
        assert_eq!(manifest.metadata.value()["name"], json!(name), "{label}");
    }
}

#[test]
fn poms_may_use_html_entities_and_doctypes() {
    let pom = POM
        .replace("<project", "<!DOCTYPE project [<!ENTITY nbsp '&#160;'>]><project")
        .replace(">Fruit<", ">Fr&uuml;chte&nbsp;&copy; &amp;<");
    let manifest = read_java("fruit-1.0.pom", pom.into()).unwrap();
    assert_eq!(manifest.metadata.value()["name"], json!("Früchte\u{a0}© &"));
}

#[test]
fn jars_are_named_by_properties_before_poms() {
    let properties = "META-INF/maven/org.example/fruit/pom.properties";
    let path = "META-INF/maven/org.example/fruit/pom.xml";
    let poms: [&[u8]; 4] = [
        b"<!DOCTYPE xml [<!ENTITY a 'b'>]><project>&a;</project>",
        b"<?xml version='1.0' encoding='x-klingon'?><project/>",
        b"not XML",
        b"",
    ];
    for pom in poms {
        let file = zip(&[(properties, PROPERTIES.as_bytes()), (path, pom)]);
        let manifest = read_java("fruit-1.0.jar", file).unwrap();
        assert_eq!(manifest.name, "org.example:fruit");
        assert_eq!(manifest.version, "1.0");
        assert_eq!(manifest.metadata.value()["packaging"], json!(null));
    }
    let file = zip(&[(properties, PROPERTIES.as_bytes()), (path, POM.as_bytes())]);
    let manifest = read_java("fruit-1.0.jar", file).unwrap();
    assert_eq!(manifest.metadata, metadata(&facts(None, "jar")).unwrap());
}

#[test]
fn properties_of_any_spelling_name_a_jar() {
    let path = "META-INF/maven/org.example/fruit/pom.properties";
    for properties in [
        "version:1.0\ngroupId : org.example\nartifactId fruit\n",
        "version=1\\\n   .0\r\ngroup\\u0049d=org.example\rartifactId=fru\\it",
    ] {
        let manifest = read_java("fruit-1.0.jar", zip(&[(path, properties.as_bytes())])).unwrap();
        assert_eq!(manifest.name, "org.example:fruit", "{properties}");
        assert_eq!(manifest.version, "1.0", "{properties}");
    }
}

#[test]
fn poms_name_jars_without_usable_properties() {
    let properties = "META-INF/maven/org.example/fruit/pom.properties";
    let path = "META-INF/maven/org.example/fruit/pom.xml";
    let file = zip(&[(properties, b"version=\\u12"), (path, POM.as_bytes())]);
    assert_eq!(
        read_java("fruit-1.0.jar", file).unwrap().metadata,
        metadata(&facts(None, "jar")).unwrap()
    );
}

#[test]
fn two_properties_that_disagree_name_nothing() {
    let path = "META-INF/maven/org.example/fruit/pom.properties";
    let other = PROPERTIES.replace("org.example", "org.evil");
    let file = zip(&[(path, PROPERTIES.as_bytes()), (path, other.as_bytes())]);
    assert_eq!(
        read_java("fruit-1.0.jar", file).unwrap_err().field,
        "pom.properties"
    );
}

#[test]
fn versions_may_have_numbers_of_any_length() {
    let long = format!("1.{}", "9".repeat(100));
    let pom = POM.replace("<version>1.0<", &format!("<version>{long}<"));
    assert_eq!(read_java("fruit.pom", pom.into()).unwrap().version, long);
}

#[test]
fn poms_and_their_dependencies_are_bounded() {
    let many = POM.replace(
        "<dependencies>",
        &format!("<dependencies>{}", "<d/>".repeat(10_001)),
    );
    assert_eq!(
        read_java("fruit-1.0.pom", many.into()).unwrap_err().message,
        "The POM is not usable XML: it has too many dependencies."
    );
    let endless = vec![b' '; usize::try_from(MAX_POM_BYTES).unwrap() + 1];
    assert_eq!(
        read_java("fruit-1.0.pom", endless).unwrap_err().message,
        "`pom` is larger than the 2097152 bytes that are read of it; build the package again with less in it."
    );
    // The swallowed files use up the bytes that may be read before the right one is met.
    let swallowed = vec![b' '; usize::try_from(MAX_POM_BYTES).unwrap()];
    let paths: Vec<_> = (0..5)
        .map(|n| format!("META-INF/maven/{n}/a/pom.properties"))
        .collect();
    let mut files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), &swallowed[..])).collect();
    files.push(("META-INF/maven/g/fruit/pom.properties", PROPERTIES.as_bytes()));
    assert_eq!(
        read_java("fruit-1.0.jar", zip(&files)).unwrap_err().field,
        "pom.properties"
    );
}
