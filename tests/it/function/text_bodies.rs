//! Bodies that a front door hands over as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use insta::assert_json_snapshot;

use super::fixture::{Fixture, published_as_text, redacted};
use crate::support::event::event;

#[tokio::test]
async fn text_bodies_are_published() {
    let mut fixture = Fixture::new().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes-1.0.0.txt\"\r\n\r\n\
                Bananas are berries.\r\n--b--\r\n";
    let mut first = None;
    for door in ["http-api", "rest", "rest-custom-domain", "function-url", "alb"] {
        let event = published_as_text(door, "files", "multipart/form-data; boundary=b", body);
        let answer = fixture.invoke(&event).await;
        assert_eq!(answer["statusCode"], 200, "{door}: {answer}");
        // The same bytes are the same package, whichever way they come.
        let first = first.get_or_insert_with(|| answer.clone());
        assert_eq!(answer["body"]["id"], first["body"]["id"], "{door}");
    }
    let answer = first.expect("an answer");
    assert_json_snapshot!(redacted(&answer, &answer["body"])["body"]);
}

#[tokio::test]
async fn binary_bodies_sent_as_text_are_refused() {
    let mut fixture = Fixture::new().await;
    let binary = event("http-api", "publish");
    let bytes = BASE64
        .decode(binary["body"].as_str().expect("a body"))
        .expect("base64");
    let mangled = String::from_utf8_lossy(&bytes);
    let content_type = binary["headers"]["content-type"].as_str().expect("a type");
    let answer = fixture
        .invoke(&published_as_text(
            "http-api",
            "my-registry",
            content_type,
            &mangled,
        ))
        .await;
    assert_json_snapshot!(answer);
}
