//! RubyGems behind every front door: an install and a publish, as its requests arrive there.

use serde_json::Value;

use super::fixture::Fixture;
use crate::support::event::event;

#[tokio::test]
async fn gems_are_published_and_installed_through_every_door() {
    for door in ["rest", "rest-custom-domain", "http-api", "function-url", "alb"] {
        let mut fixture = Fixture::new().await;
        let pushed = fixture.invoke(&event(door, "ruby-publish")).await;
        assert_eq!(pushed["statusCode"], 200, "{door}: {pushed}");
        assert_eq!(
            pushed["body"], "Successfully registered gem: banana (1.0.0)\n",
            "{door}"
        );
        let install = event(door, "ruby-install");
        let info = fixture.invoke(&install).await;
        assert_eq!(info["statusCode"], 200, "{door}: {info}");
        let text = info["body"].as_str().expect("a text");
        assert!(text.starts_with("---\n1.0.0 |checksum:"), "{door}: {text}");
        assert_eq!(text.lines().count(), 2, "{door}: {text}");
        let file = install
            .to_string()
            .replace("info/banana", "gems/banana-1.0.0.gem");
        let file: Value = serde_json::from_str(&file).expect("still JSON");
        let file = fixture.invoke(&file).await;
        assert_eq!(file["statusCode"], 302, "{door}: {file}");
    }
}
