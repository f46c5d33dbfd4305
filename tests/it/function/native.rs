//! Package managers behind every front door: a publish and an install, as their requests arrive there.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::fixture::Fixture;
use crate::support::event::event;

/// The front doors, and the address that each has.
const DOORS: [(&str, &str); 5] = [
    (
        "rest",
        "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live",
    ),
    ("rest-custom-domain", "https://packages.example.com/registry"),
    (
        "http-api",
        "https://f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com",
    ),
    (
        "function-url",
        "https://u1r2l3i4d5.lambda-url.eu-central-1.on.aws",
    ),
    // Its context names no domain.
    ("alb", ""),
];

/// A client of an ecosystem.
struct Client {
    ecosystem: &'static str,
    /// Status and body of its publish; the package's id stands for `{id}`.
    published: (u16, &'static str),
    /// Type of what it reads to install.
    content_type: &'static str,
    /// Address of the file in what it reads to install, as far as `{base}`.
    file: fn(&Value) -> String,
    /// That address, with `{id}` in place of the package's id.
    address: &'static str,
}

const CLIENTS: [Client; 3] = [
    Client {
        ecosystem: "ruby",
        published: (200, "Successfully registered gem: banana (1.0.0)\n"),
        content_type: "text/plain; charset=utf-8",
        file: |info| {
            let lines: Vec<_> = info.as_str().expect("a text").lines().collect();
            let ["---", line] = lines[..] else {
                panic!("{lines:?}")
            };
            assert!(line.starts_with("1.0.0 |checksum:"), "{line}");
            // Bundler builds the address itself.
            "{base}/my_great_org/my-registry/gems/banana-1.0.0.gem".to_owned()
        },
        address: "{base}/my_great_org/my-registry/gems/banana-1.0.0.gem",
    },
    Client {
        ecosystem: "python",
        published: (
            200,
            "banana-1.0.0-py3-none-any.whl is published as package {id}.\n",
        ),
        content_type: "application/vnd.pypi.simple.v1+json",
        file: |page| page["files"][0]["url"].as_str().expect("a link").to_owned(),
        address: "{base}/my_great_org/my-python/pypi/files/{id}/banana-1.0.0-py3-none-any.whl",
    },
    Client {
        ecosystem: "javascript",
        published: (201, r#"{"ok":true,"success":true}"#),
        content_type: "application/vnd.npm.install-v1+json",
        file: |document| {
            let tarball = &document["versions"]["1.0.0"]["dist"]["tarball"];
            tarball.as_str().expect("a link").to_owned()
        },
        address: "{base}/my_great_org/my-javascript/npm/@fruit%2fbanana/-/{id}/banana-1.0.0.tgz",
    },
];

/// The GET of an event, for another address of the same door.
fn get_of(event: &Value, base: &str, address: &str) -> Value {
    let mut event = event.clone();
    let sent = address.strip_prefix(base).expect("an address of the door");
    let decoded = percent_decode_str(sent)
        .decode_utf8()
        .expect("a text")
        .into_owned();
    if event["rawPath"].is_string() {
        // An HTTP API decodes, a function URL does not.
        let is_decoded = event["requestContext"]["domainName"]
            .as_str()
            .is_some_and(|name| name.contains("execute-api"));
        let path = if is_decoded { decoded } else { sent.to_owned() };
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        return event;
    }
    let front = if base.ends_with("/registry") {
        "/registry"
    } else {
        ""
    };
    event["path"] = json!(format!("{front}{sent}"));
    if event["resource"].is_string() {
        let context = if base.ends_with("/live") { "/live" } else { front };
        event["requestContext"]["path"] = json!(format!("{context}{sent}"));
        event["pathParameters"]["proxy"] = json!(decoded.splitn(4, '/').nth(3));
    }
    event
}

#[tokio::test]
async fn packages_are_published_and_installed_through_every_door() {
    for (door, base) in DOORS {
        let mut fixture = Fixture::new().await;
        for client in &CLIENTS {
            let name = format!("{door} {}", client.ecosystem);
            let published = fixture
                .invoke(&event(door, &format!("{}-publish", client.ecosystem)))
                .await;
            let install = event(door, &format!("{}-install", client.ecosystem));
            let page = fixture.invoke(&install).await;
            assert_eq!(page["statusCode"], 200, "{name}: {page}");
            assert_eq!(header(&page, "content-type"), client.content_type, "{name}");
            let address = (client.file)(&page["body"]).replace("{base}", base);
            let expected = client.address.replace("{base}", base);
            // The package's id is between the rest of the address.
            let (before, after) = expected.split_once("{id}").unwrap_or((&expected, ""));
            let id = address
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            let id = id.unwrap_or_else(|| panic!("{name}: {address} is not {expected}"));
            let file = fixture.invoke(&get_of(&install, base, &address)).await;
            assert_eq!(file["statusCode"], 302, "{name}: {file}");
            let location = header(&file, "location");
            assert!(location.contains("/packages/my_great_org/"), "{name}: {location}");
            assert!(location.contains(id), "{name}: {location}");
            let (status, body) = client.published;
            let body = body.replace("{id}", id);
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            assert_eq!(
                (&published["statusCode"], &published["body"]),
                (&json!(status), &body),
                "{name}"
            );
        }
    }
}

/// A header of an answer, in the form that its front door takes.
fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    let values = [&answer["headers"][name], &answer["multiValueHeaders"][name][0]];
    let text = values.into_iter().find_map(Value::as_str);
    text.unwrap_or_else(|| panic!("no `{name}` in {answer}"))
}
