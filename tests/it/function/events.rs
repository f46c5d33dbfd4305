//! Events of a REST API name the resource of the template by which their path arrives.

use std::collections::BTreeMap;

use packages_api::Resource;
use serde_json::{Value, json};

#[test]
fn rest_events_name_their_resources() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let rest_api = |file: &std::path::PathBuf| {
        file.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("rest-"))
    };
    let mut seen = 0;
    for file in files.filter(rest_api) {
        let event = std::fs::read(&file).expect("an event");
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        let path = event["path"].as_str().expect("a path");
        // The custom domain's base path stands in front of the resource.
        let custom = event["requestContext"]["domainName"] == "packages.example.com";
        let path = if custom {
            path.strip_prefix("/registry").expect("the base path")
        } else {
            path
        };
        let resource = Resource::of(path).expect("a resource");
        let parameters: BTreeMap<_, _> = resource.parameters.into_iter().collect();
        let parameters = if parameters.is_empty() {
            Value::Null
        } else {
            json!(parameters)
        };
        assert_eq!(event["resource"], resource.template, "{}", file.display());
        assert_eq!(
            event["requestContext"]["resourcePath"],
            resource.template,
            "{}",
            file.display()
        );
        assert_eq!(event["pathParameters"], parameters, "{}", file.display());
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}
