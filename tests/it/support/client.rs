//! One user of the API.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::File;
use super::answer::Answer;
use super::description::assert_described;
use super::form::Form;

/// A user with a token, or without one, who speaks to one registry.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) base_url: String,
    pub(crate) authorization: Option<String>,
    pub(crate) organization: String,
    pub(crate) registry: String,
    /// Comes back after a 503, as the answer says.
    pub(crate) patient: bool,
}

impl Client {
    /// The same user at another registry.
    pub(crate) fn at(&self, organization: &str, registry: &str) -> Self {
        Self {
            organization: organization.to_owned(),
            registry: registry.to_owned(),
            ..self.clone()
        }
    }

    /// The same user with another `Authorization` header.
    pub(crate) fn authorized(&self, authorization: Option<&str>) -> Self {
        Self {
            authorization: authorization.map(str::to_owned),
            ..self.clone()
        }
    }

    /// The same user, who tries again what ends in a 503: where calls have little time and the
    /// machine much else to do, that is no fault.
    pub(crate) fn patient(&self) -> Self {
        Self {
            patient: true,
            ..self.clone()
        }
    }

    /// `…/registries`.
    pub(crate) fn registries(&self) -> String {
        format!("/v2/packages/organizations/{}/registries", self.organization)
    }

    /// `…/registries/{registry}`.
    pub(crate) fn own_registry(&self) -> String {
        format!("{}/{}", self.registries(), self.registry)
    }

    /// `…/packages`.
    pub(crate) fn packages(&self) -> String {
        format!("{}/packages", self.own_registry())
    }

    /// A path below the registry's native root.
    pub(crate) fn native(&self, path: &str) -> String {
        format!("/{}/{}{path}", self.organization, self.registry)
    }

    /// Publishes as the documentation does.
    pub(crate) async fn publish(&self, file: &File) -> Answer {
        self.publish_form(Form::documented(file)).await
    }

    pub(crate) async fn publish_form(&self, form: Form) -> Answer {
        let request = self.request(Method::POST, &self.packages());
        Self::send(
            self,
            request.header(CONTENT_TYPE, form.content_type).body(form.body),
        )
        .await
    }

    pub(crate) async fn get(&self, id: &str) -> Answer {
        self.call(Method::GET, &format!("{}/{id}", self.packages())).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Answer {
        self.call(Method::DELETE, &format!("{}/{id}", self.packages()))
            .await
    }

    /// A request with a body of JSON.
    pub(crate) async fn call_with(&self, method: Method, path: &str, body: &serde_json::Value) -> Answer {
        let request = self
            .request(method, path)
            .header(CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// A request without a body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Answer {
        self.send(self.request(method, path)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base_url));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// The answer, which must be one that the API's description has.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        for _ in 0..10 {
            let Some(again) = request.try_clone().filter(|_| self.patient) else {
                break;
            };
            let answer = self.send_once(again).await;
            if answer.status != 503 {
                return answer;
            }
        }
        self.send_once(request).await
    }

    async fn send_once(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.expect("an answer");
        let own = response.url().as_str().starts_with(&self.base_url);
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole body"),
            base_url: self.base_url.clone(),
        };
        // Downloads lead elsewhere, and the description is the API's alone.
        if own && !path.starts_with(&self.native("")) {
            assert_described(&method, &path, &answer);
        }
        answer
    }
}
