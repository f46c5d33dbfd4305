//! The road of large files, as the official Go client takes it: request a form, post it, publish by
//! its address.

use http::{Method, StatusCode};
use packages_api_local::Stack;
use serde_json::Value;

use super::File;
use super::answer::Answer;
use super::app::TestApp;
use super::client::Client;
use super::form::{Form, Part};

/// A form that was handed out for one upload.
#[derive(Debug, Clone)]
pub(crate) struct UploadForm {
    /// Where to post it.
    pub(crate) url: String,
    /// The fields to be posted before the file.
    pub(crate) data: Vec<(String, String)>,
}

impl UploadForm {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let form = &answer.json()["form"];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let data = form["data"].as_object().expect("fields").iter();
        Self {
            url: text(&form["url"]),
            data: data.map(|(name, value)| (name.clone(), text(value))).collect(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        let field = self.data.iter().find(|(own, _)| own == name);
        &field.expect("the field").1
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.data.retain(|(own, _)| own != name);
        self.data.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The key of the object that a file of this name becomes.
    pub(crate) fn key(&self, filename: &str) -> String {
        self.field("key").replace("${filename}", filename)
    }

    /// The `package_url` for a file of this name, as Go's `url.JoinPath` writes it.
    pub(crate) fn package_url(&self, filename: &str) -> String {
        format!("{}/{}", self.url, go_path(&self.key(filename)))
    }

    /// Posts the fields as they stand, then the file. Answers the bucket's status and body.
    pub(crate) async fn post(&self, http: &reqwest::Client, file: &File) -> (StatusCode, String) {
        let fields = self.data.iter().map(|(name, value)| Part::field(name, value));
        let parts: Vec<_> = fields.chain([Part::file("form-data", file)]).collect();
        let form = Form::of(&parts);
        let request = http.post(&self.url).header("content-type", form.content_type);
        let response = request.body(form.body).send().await.expect("an answer");
        (response.status(), response.text().await.expect("a whole body"))
    }
}

/// A gem at its place, without a form: a proxy signs for a region of its own, so that forms are of no use
/// behind one. Answers its key and its address.
pub(crate) async fn posted(app: &TestApp, file: &File) -> (String, String) {
    let form = UploadForm::of(&app.user.request_upload().await);
    put(&app.stack, &form.key(&file.name), &file.bytes).await;
    (form.key(&file.name), form.package_url(&file.name))
}

/// Puts an object where a posted form would.
pub(crate) async fn put(stack: &Stack, key: &str, bytes: &[u8]) {
    let client = aws_sdk_s3::Client::new(&stack.sdk_config());
    let put = client.put_object().bucket(stack.bucket()).key(key);
    put.body(bytes.to_vec().into()).send().await.expect("an object");
}

impl Client {
    pub(crate) async fn request_upload(&self) -> Answer {
        self.call(Method::POST, &format!("{}/upload", self.packages()))
            .await
    }

    /// Requests a form and posts the file. Answers the form and the `package_url`.
    pub(crate) async fn upload(&self, file: &File) -> (UploadForm, String) {
        let form = UploadForm::of(&self.request_upload().await);
        let (status, body) = form.post(&self.http, file).await;
        assert_eq!(status, 204, "{body}");
        let url = form.package_url(&file.name);
        (form, url)
    }

    pub(crate) async fn publish_url(&self, package_url: &str) -> Answer {
        self.publish_form(Form::of(&[Part::field("package_url", package_url)]))
            .await
    }

    /// The bytes that a download leads to.
    pub(crate) async fn download(&self, id: &str) -> Vec<u8> {
        let address = format!("{}/{id}/download", self.packages());
        let answer = self.call(Method::GET, &address).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body.to_vec()
    }
}

/// A path as Go's `URL.setPath` and `URL.String` leave it: as it stands where it could be an escaped
/// path, else unescaped once and escaped anew.
fn go_path(path: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    let raw = |byte: u8| kept(byte) || b"!'()*[]%".contains(&byte);
    if path.bytes().all(raw) {
        return path.to_owned();
    }
    let unescaped: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let mut escaped = String::new();
    for byte in unescaped {
        if kept(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
