//! Wheels, and the form in which twine and uv publish them.

use http::Method;
use http::header::CONTENT_TYPE;
use packages_api::formats::Ecosystem;
use reqwest::redirect::Policy;

use super::File;
use super::answer::Answer;
use super::app::{ORGANIZATION, TestApp};
use super::client::Client;
use super::form::{Form, Part};
use super::zip::zip;

pub(crate) const PYTHON: &str = "my-wheels";

/// METADATA of a wheel.
pub(crate) fn metadata(name: &str, version: &str, more: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")
}

/// A wheel with these further lines in its METADATA.
pub(crate) fn wheel(name: &str, version: &str, more: &str) -> File {
    let stem = format!("{}-{version}", name.replace(['-', '.'], "_"));
    let metadata = metadata(name, version, more);
    let about = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let folder = format!("{stem}.dist-info");
    let names = ["METADATA", "WHEEL", "RECORD"].map(|name| format!("{folder}/{name}"));
    let files = [
        (&*names[0], metadata.as_bytes()),
        (&*names[1], about.as_bytes()),
        (&*names[2], b""),
    ];
    File::new(&format!("{stem}-py3-none-any.whl"), zip(&files))
}

/// A user of the registry [`PYTHON`] of this app, which is made, who follows no redirects.
pub(crate) async fn user_of(app: &TestApp) -> Client {
    app.create_registry(PYTHON, Ecosystem::Python).await;
    let mut user = app.user.at(ORGANIZATION, PYTHON);
    let http = reqwest::Client::builder().redirect(Policy::none());
    user.http = http.build().expect("a client");
    user
}

/// The form with these fields and this file, as twine sends it.
pub(crate) fn upload_form(fields: &[(&str, String)], file: Option<&File>) -> Form {
    let parts = fields.iter().map(|(name, value)| Part::field(name, value));
    Form::of(&parts.chain(file.map(content)).collect::<Vec<_>>())
}

fn content(file: &File) -> Part {
    let head = format!(
        "Content-Disposition: form-data; name=\"content\"; filename=\"{}\"\r\nContent-Type: application/octet-stream",
        file.name
    );
    Part::new(&head, file.bytes.clone())
}

/// The request that publishes a file and states nothing of it.
pub(crate) fn upload_request(user: &Client, file: &File) -> reqwest::RequestBuilder {
    let form = upload_form(&[(":action", "file_upload".to_owned())], Some(file));
    let request = user.request(Method::POST, &user.native("/pypi/"));
    request.header(CONTENT_TYPE, form.content_type).body(form.body)
}

/// Publishes as twine does, with these fields.
pub(crate) async fn upload(user: &Client, fields: &[(&str, String)], file: Option<&File>) -> Answer {
    let form = upload_form(fields, file);
    let request = user.request(Method::POST, &user.native("/pypi/"));
    user.send(request.header(CONTENT_TYPE, form.content_type).body(form.body))
        .await
}
