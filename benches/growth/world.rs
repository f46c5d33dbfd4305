//! A registry of each kind and its packages, in a folder of its own, as `cargo run` has it.

use std::time::Duration;

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use packages_api::records::Records;
use packages_api::{App, Config, DEVELOPMENT_TOKEN, Digest, Transfer};
use packages_api_local::{Stack, StackOptions};
use serde_json::Value;
use tempfile::TempDir;

use crate::copies::{Copies, Published};
use crate::file::File;
use crate::seed;

const ORGANIZATION: &str = "/v2/packages/organizations/my_great_org/registries";
/// Time that the first reader of a large index may take to build it.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(10);

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) stack: Stack,
    folder: TempDir,
}

/// A request that changes nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Get {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

impl Get {
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            headers: HeaderMap::new(),
        }
    }

    /// A list of the packages of a registry, or one of them.
    pub(crate) fn packages(registry: &str, rest: &str) -> Self {
        Self::new(format!("{ORGANIZATION}/{registry}/packages{rest}"))
    }

    /// A document of a package manager.
    pub(crate) fn native(registry: &str, path: &str) -> Self {
        Self::new(format!("/my_great_org/{registry}/{path}"))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers
            .insert(name, HeaderValue::from_str(value).expect("a header"));
        self
    }
}

impl World {
    /// A world without a package.
    pub(crate) async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let stack = seed::seeded_stack(options(&folder)).await;
        let records = Records::new(&stack.sdk_config(), stack.table());
        // Without it, a sweep stops before it has read anything.
        records.mark(stack.bucket()).await.expect("a new table");
        Self::over(stack, folder)
    }

    fn over(stack: Stack, folder: TempDir) -> Self {
        let mut config = Config::new(stack.table(), stack.bucket());
        config.api_base_url = Some("https://packages.example.com".to_owned());
        config.transfer = Transfer::Streamed;
        config.request_timeout = REQUEST_TIMEOUT;
        let app = App::new(config, &stack.sdk_config());
        Self { app, stack, folder }
    }

    /// The world with these copies of packages. Its sandbox is a new one.
    pub(crate) async fn with_copies(self, copies: Vec<Copies>) -> Self {
        let Self { app, stack, folder } = self;
        drop(app);
        stack.shutdown().await;
        let path = folder.path().to_owned();
        let write = move || copies.iter().try_for_each(|copies| copies.write(&path));
        let written = tokio::task::spawn_blocking(write).await.expect("no panic");
        written.expect("writable databases");
        let stack = Stack::start(options(&folder)).await.expect("a stack");
        Self::over(stack, folder)
    }

    pub(crate) async fn publish(&self, registry: &str, file: &File) -> Published {
        const END: &[u8] = b"\r\n--b--\r\n";
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n",
            file.name
        );
        let request = http::Request::builder()
            .method("POST")
            .uri(Get::packages(registry, "").path)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::Binary([head.as_bytes(), &file.bytes, END].concat()))
            .expect("a request");
        let answer = self.answer(request).await;
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        Published {
            id: body["id"].as_str().expect("an id").to_owned(),
            sha256: Digest::sha256(&file.bytes).to_string(),
        }
    }

    pub(crate) async fn get(&self, get: &Get) -> Response<Body> {
        let request = http::Request::builder().uri(&get.path).body(Body::Empty);
        let mut request = request.expect("a request");
        request.headers_mut().clone_from(&get.headers);
        self.answer(request).await
    }

    /// The body of an answer in JSON.
    pub(crate) async fn json(&self, get: &Get) -> Value {
        let answer = self.get(get).await;
        let body = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(answer.status(), StatusCode::OK, "{get:?}: {body}");
        body
    }

    async fn answer(&self, mut request: Request) -> Response<Body> {
        let token = format!("Bearer {DEVELOPMENT_TOKEN}");
        let token = HeaderValue::from_str(&token).expect("a header");
        request.headers_mut().insert("authorization", token);
        self.app.handle(request).await
    }
}

fn options(folder: &TempDir) -> StackOptions {
    StackOptions {
        data_dir: Some(folder.path().to_owned()),
        ..StackOptions::default()
    }
}
