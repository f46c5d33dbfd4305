//! Publish, then install at once: after each answer, the very next read of the package's page, of the index of
//! the whole registry and of the file shows it, while fifteen others publish beside.

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use packages_api::formats::Ecosystem;
use serde_json::json;
use tokio::task::JoinSet;

use super::python::fixture::{PYTHON, wheel};
use crate::support::File;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::npm::{NPM, document, tarball};

const PUBLISHERS: usize = 16;

/// Packages that all publishers publish together, where the variable `PAIRS` names no other number.
const PAIRS: usize = 192;

/// The text of a page that has to be there.
async fn page(user: &Client, path: &str) -> String {
    let request = user.request(Method::GET, &user.native(path));
    let answer = user
        .send(request.header(ACCEPT, "application/vnd.pypi.simple.v1+json"))
        .await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text().to_owned()
}

/// Asserts that an address has these bytes, as an installer gets them: by a redirect, to which no token is sent.
async fn assert_is(user: &Client, address: &str, file: &File) {
    let path = address.strip_prefix(&user.base_url).expect("our own");
    let answer = user.call(Method::GET, path).await;
    assert_eq!(answer.status, 200, "{address}");
    assert_eq!(answer.body, file.bytes, "{address}");
}

/// `gem push`, then what `gem install` and `gem list` read.
async fn gem(user: Client, name: &str, version: &str) {
    let user = user.at(ORGANIZATION, REGISTRY);
    let file = Gem::new(name, version).build();
    let push = user.request(Method::POST, &user.native("/api/v1/gems"));
    let pushed = user.send(push.body(file.bytes.clone())).await;
    assert_eq!(pushed.status, 200, "{}", pushed.text());
    let info = page(&user, &format!("/info/{name}")).await;
    assert!(
        info.contains(&format!("\n{version} ")),
        "{name} {version}: {info}"
    );
    let versions = page(&user, "/versions").await;
    let line = versions.lines().find(|line| line.split(' ').next() == Some(name));
    let numbers = line.and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    assert!(
        numbers.split(',').any(|number| number == version),
        "{name} {version}: {line:?}"
    );
    let address = user.native(&format!("/gems/{name}-{version}.gem"));
    assert_is(&user, &format!("{}{address}", user.base_url), &file).await;
}

/// `twine upload`, then what pip reads.
async fn wheel_of(user: Client, name: &str, version: &str) {
    let user = user.at(ORGANIZATION, PYTHON);
    let file = wheel(name, version, "");
    let fields = [
        (":action", "file_upload"),
        ("metadata_version", "2.1"),
        ("name", name),
        ("version", version),
        ("filetype", "bdist_wheel"),
    ];
    let head = format!(
        "Content-Disposition: form-data; name=\"content\"; filename=\"{}\"",
        file.name
    );
    let mut parts: Vec<_> = fields.map(|(name, value)| Part::field(name, value)).into();
    parts.push(Part::new(&head, file.bytes.clone()));
    let form = Form::of(&parts);
    let upload = user.request(Method::POST, &user.native("/pypi/"));
    let uploaded = user
        .send(upload.header(CONTENT_TYPE, form.content_type).body(form.body))
        .await;
    assert_eq!(uploaded.status, 200, "{}", uploaded.text());
    let project = page(&user, &format!("/pypi/simple/{name}/")).await;
    let project: serde_json::Value = serde_json::from_str(&project).expect("JSON");
    let mut files = project["files"].as_array().expect("files").iter();
    let own = files.find(|own| own["filename"] == *file.name);
    let own = own.unwrap_or_else(|| panic!("{name} {version}: {project}"));
    let names = page(&user, "/pypi/simple/").await;
    assert!(names.contains(&format!("\"{name}\"")), "{name}: {names}");
    assert_is(&user, own["url"].as_str().expect("an address"), &file).await;
}

/// `npm publish`, then what `npm install` and `npm search` read.
async fn tarball_of(user: Client, name: &str, version: &str) {
    let user = user.at(ORGANIZATION, NPM);
    let package = json!({"name": name, "version": version, "keywords": [format!("at-{version}")]});
    let file = tarball(&package);
    let published = user
        .npm_put(name, &document(&package, version_tag(name), &file))
        .await;
    assert_eq!(published.status, 201, "{}", published.text());
    let page = user.npm_get(name).await.json();
    let own = &page["versions"][version];
    assert_eq!(own["version"], version, "{name} {version}: {page}");
    let found = user
        .npm_get(&format!("-/v1/search?text={name}&size=250"))
        .await
        .json();
    let objects = found["objects"].as_array().expect("objects");
    let shown = objects.iter().find(|object| object["package"]["name"] == name);
    let shown = shown.unwrap_or_else(|| panic!("{name} {version}: {found}"));
    if name != SHARED {
        assert_eq!(shown["package"]["version"], version, "{name} {version}");
    }
    assert_is(&user, own["dist"]["tarball"].as_str().expect("an address"), &file).await;
}

/// Name to which all publish.
const SHARED: &str = "shared";

/// All publishers of the shared name set one tag.
fn version_tag(name: &str) -> &'static str {
    if name == SHARED { "next" } else { "latest" }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_publish_is_installed_at_once() {
    let app = TestApp::start().await;
    app.create_registry(PYTHON, Ecosystem::Python).await;
    app.create_registry(NPM, Ecosystem::Javascript).await;
    let pairs = std::env::var("PAIRS").ok().and_then(|pairs| pairs.parse().ok());
    let of_each = pairs.unwrap_or(PAIRS).div_ceil(PUBLISHERS);
    let mut publishers = JoinSet::new();
    for publisher in 0..PUBLISHERS {
        let user = app.user.patient();
        publishers.spawn(async move {
            let own = format!("own-{publisher}");
            for number in 0..of_each {
                // Each ecosystem with names of one's own and with the shared one, in turn.
                let is_shared = (number / 3) % 2 == 1;
                let name = if is_shared { SHARED } else { &own };
                let version = format!("{}.{publisher}.0", number + 1);
                match number % 3 {
                    0 => Box::pin(gem(user.clone(), name, &version)).await,
                    1 => Box::pin(wheel_of(user.clone(), name, &version)).await,
                    _ => Box::pin(tarball_of(user.clone(), name, &version)).await,
                }
            }
        });
    }
    while let Some(ended) = publishers.join_next().await {
        ended.expect("every read shows what was published");
    }
}
