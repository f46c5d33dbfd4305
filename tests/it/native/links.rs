//! Odd names: what a package manager reads of a package leads back to its file, behind every front door.

use http::header::{ACCEPT, AUTHORIZATION};
use lambda_http::{Body, Response};
use packages_api::formats::Ecosystem;
use packages_api::{App, Config};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::python::fixture::{PYTHON, wheel};
use crate::support::File;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::gem::Gem;
use crate::support::npm::{NPM, tarball};

/// A way to deploy the function: where clients reach it, and what it is handed of a target behind the domain.
struct Door {
    domain: &'static str,
    /// Stage or base path, which stands before the registry's own path.
    front: &'static str,
    event: fn(&str, &str) -> Value,
}

const API: &str = "abc.execute-api.eu-central-1.amazonaws.com";

const DOORS: [Door; 4] = [
    // A REST API with its stage.
    Door {
        domain: API,
        front: "/live",
        event: |domain, target| rest_api(domain, target, &target["/live".len()..]),
    },
    // A REST API behind a base path of a domain.
    Door {
        domain: "packages.example.com",
        front: "/base",
        event: |domain, target| rest_api(domain, target, target),
    },
    // An HTTP API with a stage, which decodes paths.
    Door {
        domain: API,
        front: "/live",
        event: |domain, target| version_2(domain, "live", &decoded(target)),
    },
    // A function URL.
    Door {
        domain: "abc.lambda-url.eu-central-1.on.aws",
        front: "",
        event: |domain, target| version_2(domain, "$default", target),
    },
];

impl Door {
    fn base(&self) -> String {
        format!("https://{}{}", self.domain, self.front)
    }
}

fn decoded(path: &str) -> String {
    percent_decode_str(path)
        .decode_utf8()
        .expect("UTF-8")
        .into_owned()
}

fn rest_api(domain: &str, target: &str, path: &str) -> Value {
    let resource = path.strip_prefix("/base").unwrap_or(path);
    json!({
        "httpMethod": "GET", "path": path, "resource": "/{proxy+}", "multiValueHeaders": {},
        "pathParameters": { "proxy": decoded(resource.trim_start_matches('/')) },
        "requestContext": { "stage": "live", "domainName": domain, "httpMethod": "GET", "apiId": "abc",
            "path": target, "resourcePath": "/{proxy+}" }
    })
}

fn version_2(domain: &str, stage: &str, path: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {}, "isBase64Encoded": false,
        "requestContext": { "stage": stage, "domainName": domain, "apiId": "abc",
            "http": { "method": "GET", "path": path } }
    })
}

/// The function behind a door, and a user's token.
struct Visitor<'a> {
    app: &'a App,
    door: &'a Door,
    authorization: &'a str,
}

impl Visitor<'_> {
    /// Gets an address, which has to be one behind this door.
    async fn get(&self, address: &str) -> Response<Body> {
        let base = self.door.base();
        assert!(
            address.starts_with(&format!("{base}/")),
            "{address} is not behind {base}"
        );
        let domain = self.door.domain;
        let target = address.split_once(domain).expect("the domain").1;
        let mut event = (self.door.event)(domain, target);
        let headers = [
            (AUTHORIZATION, self.authorization),
            (ACCEPT, "application/vnd.pypi.simple.v1+json"),
        ];
        let headers: Map<_, _> = headers
            .into_iter()
            .map(|(name, value)| {
                let is_multiple = event.get("multiValueHeaders").is_some();
                let value = if is_multiple { json!([value]) } else { json!(value) };
                (name.to_string(), value)
            })
            .collect();
        let place = if event.get("multiValueHeaders").is_some() {
            "multiValueHeaders"
        } else {
            "headers"
        };
        event[place] = headers.into();
        let request = lambda_http::request::from_str(&event.to_string()).expect("an event");
        Box::pin(self.app.handle(request)).await
    }

    /// Reads a page of this registry.
    async fn page(&self, registry: &str, path: &str) -> String {
        let address = format!("{}/{ORGANIZATION}/{registry}{path}", self.door.base());
        let answer = self.get(&address).await;
        let text = match answer.body() {
            Body::Text(text) => text.clone(),
            body => panic!("{address}: {} {body:?}", answer.status()),
        };
        assert_eq!(answer.status(), 200, "{address}: {text}");
        text
    }

    /// Asserts that an address leads to the file of this package.
    async fn assert_leads_to(&self, address: &str, id: &str) {
        let answer = self.get(address).await;
        assert_eq!(answer.status(), 302, "{address}: {:?}", answer.body());
        let location = answer.headers()["location"].to_str().expect("ASCII");
        let object = location.split('?').next().expect("an address");
        assert!(object.ends_with(&format!("/{id}")), "{address}: {location}");
    }
}

/// Publishes through the API, and visits each door with the package's id.
async fn visit(
    registry: &str,
    ecosystem: Ecosystem,
    files: Vec<File>,
    look: impl AsyncFn(&Visitor<'_>, usize, &str),
) {
    let app = TestApp::start().await;
    if registry != REGISTRY {
        app.create_registry(registry, ecosystem).await;
    }
    let user = app.user.at(ORGANIZATION, registry);
    let mut ids = Vec::new();
    for file in &files {
        let answer = user.publish(file).await;
        assert_eq!(answer.status, 200, "{}: {}", file.name, answer.text());
        ids.push(answer.id());
    }
    let mut config = Config::new(app.stack.table(), app.stack.bucket());
    config.files_base_url = app.stack.files_url();
    let function = App::new(config, &app.stack.sdk_config());
    let authorization = app.user.authorization.as_deref().expect("a token");
    for door in &DOORS {
        let visitor = Visitor {
            app: &function,
            door,
            authorization,
        };
        for (number, id) in ids.iter().enumerate() {
            look(&visitor, number, id).await;
        }
    }
}

/// Names and versions of npm, with every character that it permits, at every place.
const NPM_PACKAGES: &[(&str, &str)] = &[
    ("fruit", "1.0.0"),
    ("fruit", "1.0.0-rc.1+build.7"),
    ("LegacyName", "1.0.0"),
    ("-", "1.0.0"),
    ("--", "1.0.0"),
    ("~", "1.0.0"),
    ("1", "0.0.1"),
    ("a.b_c-d~e", "1.0.0--"),
    ("a..b", "1.0.0"),
    ("latest", "1.0.0"),
    ("npm", "1.0.0"),
    ("package", "1.0.0"),
    ("dist-tags", "1.0.0"),
    ("@acme/fruit", "1.0.0-0"),
    ("@Acme/Fruit", "1.0.0"),
    ("@a~b/c~d", "1.0.0"),
    ("@a.b/c.d", "1.0.0"),
    ("@a_b/c_d", "1.0.0"),
    ("@-/-", "1.0.0"),
    ("@~/~", "1.0.0"),
    ("@npm/npm", "1.0.0"),
    ("@1/2", "3.4.5"),
];

#[tokio::test]
async fn odd_npm_names_lead_to_their_files() {
    let file = |&(name, version): &(&str, &str)| tarball(&json!({"name": name, "version": version}));
    let files = NPM_PACKAGES.iter().map(file).collect();
    visit(NPM, Ecosystem::Javascript, files, async |visitor, number, id| {
        let (name, version) = NPM_PACKAGES[number];
        for name in [
            name.to_owned(),
            name.replace('/', "%2f"),
            name.replace('@', "%40"),
        ] {
            let page: Value =
                serde_json::from_str(&visitor.page(NPM, &format!("/npm/{name}")).await).expect("JSON");
            let version = version.split('+').next().expect("a version");
            let address = page["versions"][version]["dist"]["tarball"].as_str();
            visitor.assert_leads_to(address.expect(&name), id).await;
        }
    })
    .await;
}

/// Names and versions of Python, runs of separators, epochs and local labels among them.
const WHEELS: &[(&str, &str)] = &[
    ("banana", "1.0"),
    ("Zope._-Interface", "1.0.post1.dev2"),
    ("a--b", "1!2.0"),
    ("A.b_C", "1.0+local.1"),
    ("d.-_d", "2!1.0+ubuntu.1"),
    ("0", "0"),
    ("z9", "1.0rc1"),
    ("simple", "1"),
    ("files", "1"),
    ("json", "1"),
];

#[tokio::test]
async fn odd_python_names_lead_to_their_files() {
    let file = |&(name, version): &(&str, &str)| wheel(name, version, "");
    let files: Vec<File> = WHEELS.iter().map(file).collect();
    let filenames: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
    visit(PYTHON, Ecosystem::Python, files, async |visitor, number, id| {
        let name = Ecosystem::Python.normalize(WHEELS[number].0);
        let mut paths = vec![format!("/pypi/simple/{name}/")];
        // Of a project `simple` it is the page of a project `json`.
        paths.extend((name != "simple").then(|| format!("/pypi/{name}/json")));
        for path in paths {
            let page: Value = serde_json::from_str(&visitor.page(PYTHON, &path).await).expect("JSON");
            let files = page["files"].as_array().or(page["urls"].as_array());
            let mut files = files.expect("files").iter();
            let own = files.find(|file| file["filename"] == *filenames[number]);
            let address = own.expect(&name)["url"].as_str().expect("an address");
            visitor.assert_leads_to(address, id).await;
            let metadata = visitor.get(&format!("{address}.metadata")).await;
            assert_eq!(metadata.status(), 200, "{address}.metadata");
        }
    })
    .await;
}

/// Names, versions and platforms of gems.
const GEMS: &[(&str, &str, &str)] = &[
    ("banana", "1.0.0", "ruby"),
    ("banana", "1.0.0", "x86_64-linux"),
    ("RedCloth", "4.3.0.pre.1", "ruby"),
    ("a-1", "2.0", "ruby"),
    ("a_b.c-d", "1", "ruby"),
    ("a--b", "1", "ruby"),
    ("e-", "1", "ruby"),
    ("f.", "1", "ruby"),
    ("g_", "1", "java"),
    ("1a", "0", "ruby"),
    ("h-2.0", "1.0", "ruby"),
    ("gems", "1", "ruby"),
    ("i", "0.0.0.a1.B2", "universal-darwin-9"),
];

#[tokio::test]
async fn odd_gem_names_lead_to_their_files() {
    let file =
        |&(name, version, platform): &(&str, &str, &str)| Gem::new(name, version).platform(platform).build();
    let files = GEMS.iter().map(file).collect();
    visit(REGISTRY, Ecosystem::Ruby, files, async |visitor, number, id| {
        let (name, version, platform) = GEMS[number];
        let own = match platform {
            "ruby" => version.to_owned(),
            platform => format!("{version}-{platform}"),
        };
        let info = visitor.page(REGISTRY, &format!("/info/{name}")).await;
        let numbers: Vec<_> = info.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(numbers.contains(&own.as_str()), "{name}: {info}");
        let base = visitor.door.base();
        let address = format!("{base}/{ORGANIZATION}/{REGISTRY}/gems/{name}-{own}.gem");
        visitor.assert_leads_to(&address, id).await;
    })
    .await;
}

/// Names that no ecosystem permits are refused when they are published, in a sentence.
#[tokio::test]
async fn names_that_no_address_holds_are_refused() {
    let app = TestApp::start().await;
    app.create_registry(NPM, Ecosystem::Javascript).await;
    app.create_registry(PYTHON, Ecosystem::Python).await;
    let npm = |name: &str| (NPM, tarball(&json!({"name": name, "version": "1.0.0"})));
    for (registry, file) in [
        npm("näme"),
        npm(".hidden"),
        npm("_private"),
        npm("a/b"),
        npm("@a/b/c"),
        npm("@/b"),
        npm("a%2fb"),
        npm("a b"),
        (PYTHON, wheel("bänana", "1", "")),
        (PYTHON, wheel("banana", "1.0+ü", "")),
        (PYTHON, wheel("-banana", "1", "")),
        (REGISTRY, Gem::new("bänana", "1").build()),
        (REGISTRY, Gem::new("a~b", "1").build()),
        (REGISTRY, Gem::new("-a", "1").build()),
    ] {
        let answer = app.user.at(ORGANIZATION, registry).publish(&file).await;
        answer.assert_error(422);
    }
}
