//! Links of a page: in its body, and as its `Link` header (RFC 8288).

use lambda_http::http::HeaderValue;
use lambda_http::http::header::LINK;
use lambda_http::{Body, Response};
use serde::Serialize;

/// Bytes of a header. Front doors bound all headers together, and a long name stands in every link.
const MAX_HEADER_BYTES: usize = 4096;

/// Addresses of a page and of those around it, where they apply.
#[derive(Serialize)]
pub(crate) struct Links {
    #[serde(rename = "self")]
    pub(crate) own: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl Links {
    /// Adds the `Link` header to the page; none where there is no other page, or where it would be too long.
    pub(super) fn add_to(&self, response: &mut Response<Body>) {
        let relations = [("first", &self.first), ("prev", &self.prev), ("next", &self.next)];
        let links: Vec<_> = relations
            .into_iter()
            .filter_map(|(name, address)| Some(format!("<{}>; rel=\"{name}\"", address.as_ref()?)))
            .collect();
        let links = links.join(", ");
        if links.is_empty() || links.len() > MAX_HEADER_BYTES {
            return;
        }
        // Every address is ASCII: its base comes from the configuration or the gateway, the rest is encoded.
        if let Ok(value) = HeaderValue::from_str(&links) {
            response.headers_mut().insert(LINK, value);
        }
    }
}
