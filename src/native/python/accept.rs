//! Form of a page that a client prefers (PEP 691, "Version + Format Selection"; RFC 9110, 12.5.1).

use lambda_http::http::header::{ACCEPT, CONTENT_TYPE, ETAG};
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::http::empty;

/// Ranges of one `Accept` header that are read.
const MAX_RANGES: usize = 64;

/// Form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// HTML, as every client has read it since PEP 503.
    Html,
    /// HTML under the type of PEP 691.
    VersionedHtml,
    /// JSON of PEP 691.
    Json,
}

impl Form {
    /// Forms from the one that has the most to the one that has the least: of two that a client names and
    /// likes as much, it gets the first.
    const ALL: [Self; 3] = [Self::Json, Self::VersionedHtml, Self::Html];

    /// Media type of the answer.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::VersionedHtml => "application/vnd.pypi.simple.v1+html; charset=utf-8",
            Self::Json => "application/vnd.pypi.simple.v1+json",
        }
    }

    /// 200 with a page of this form, under the tag of its content.
    pub(super) fn response(self, text: String) -> Result<Response<Body>> {
        let tag = tag(&text)?;
        Ok(tagged(self.content_type(), tag, text))
    }

    /// Media types that ask for it, without parameters.
    fn types(self) -> &'static [&'static str] {
        match self {
            Self::Html => &["text/html"],
            Self::VersionedHtml => &[
                "application/vnd.pypi.simple.v1+html",
                "application/vnd.pypi.simple.latest+html",
            ],
            Self::Json => &[
                "application/vnd.pypi.simple.v1+json",
                "application/vnd.pypi.simple.latest+json",
            ],
        }
    }

    /// How exactly a media range is about it: 3 for its type, 2 for `text/*`, 1 for `*/*`.
    fn exactness(self, range: &str) -> Option<u8> {
        let is = |text: &str| range.eq_ignore_ascii_case(text);
        let family = if self == Self::Html {
            "text/*"
        } else {
            "application/*"
        };
        match range {
            _ if self.types().iter().any(|own| is(own)) => Some(3),
            _ if is(family) => Some(2),
            "*/*" => Some(1),
            _ => None,
        }
    }
}

/// Tag of whatever a text tells apart: its SHA-256.
pub(super) fn tag(text: &str) -> Result<HeaderValue> {
    let tag = HeaderValue::from_str(&format!("\"{}\"", Digest::sha256(text.as_bytes())));
    tag.map_err(|error| Error::Internal(error.to_string()))
}

/// 200 with a text under this tag.
pub(super) fn tagged(content_type: &'static str, tag: HeaderValue, text: String) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    *response.body_mut() = Body::Text(text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(ETAG, tag);
    response
}

/// The form that a client likes best. Where it takes none of them, it gets HTML all the same: PEP 691 allows that, and
/// old clients send all kinds of headers.
pub(super) fn preferred_form(headers: &HeaderMap) -> Form {
    let lines = headers.get_all(ACCEPT).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let ranges: Vec<_> = lines
        .flat_map(|line| line.split(','))
        .take(MAX_RANGES)
        .map(range_and_weight)
        .collect();
    // The most exact range about a form decides its weight.
    let weight_of = |form: Form| {
        let about = ranges
            .iter()
            .filter_map(|(range, weight)| Some((form.exactness(range)?, *weight)));
        about.max_by_key(|(exactness, _)| *exactness)
    };
    let ranked = Form::ALL
        .into_iter()
        .zip([3_u8, 2, 1])
        .filter_map(|(form, fullness)| {
            let (exactness, weight) = weight_of(form).filter(|(_, weight)| *weight > 0)?;
            // Who takes anything, as curl does, reads HTML.
            let is_named = exactness > 1;
            let preference = if is_named || form != Form::Html {
                fullness
            } else {
                u8::MAX
            };
            Some(((weight, is_named, preference), form))
        });
    let best = ranked.max_by_key(|(rank, _)| *rank);
    best.map_or(Form::Html, |(_, form)| form)
}

/// A media range without parameters, and its weight in thousandths.
fn range_and_weight(item: &str) -> (&str, u16) {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")));
    let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
    // Anything but a number between 0 and 1 is taken as 0, and a cast keeps within the bounds.
    let weight = weight.filter(|weight| (0.0..=1.0).contains(weight));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 1000"
    )]
    let thousandths = (weight.unwrap_or(0.0) * 1000.0) as u16;
    (range, thousandths)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn clients_get_what_they_prefer() {
        const JSON: &str = "application/vnd.pypi.simple.v1+json";
        const HTML: &str = "application/vnd.pypi.simple.v1+html";
        for (accept, expected) in [
            // pip, uv, a browser, curl, pip before PEP 691.
            (format!("{JSON}, {HTML}; q=0.1, text/html; q=0.01"), Form::Json),
            (format!("{JSON}, {HTML};q=0.2, text/html;q=0.01"), Form::Json),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".to_owned(),
                Form::Html,
            ),
            ("*/*".to_owned(), Form::Html),
            ("text/html".to_owned(), Form::Html),
            (String::new(), Form::Html),
            (format!("{JSON};q=0.1, text/html"), Form::Html),
            (format!("text/html, {JSON}"), Form::Json),
            (format!("text/html, {HTML}"), Form::VersionedHtml),
            (HTML.to_uppercase(), Form::VersionedHtml),
            ("application/vnd.pypi.simple.latest+json".to_owned(), Form::Json),
            (format!("{JSON};q=0, */*"), Form::Html),
            ("text/html;q=0, */*".to_owned(), Form::Json),
            ("application/*".to_owned(), Form::Json),
            (format!("*/*, {JSON};q=0.5"), Form::Html),
            ("image/png".to_owned(), Form::Html),
            (format!("{JSON};q=x"), Form::Html),
            (format!("{JSON};q=-1, {HTML};q=2"), Form::Html),
            (",;,;q=1,/".to_owned(), Form::Html),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(&accept).unwrap())]);
            assert_eq!(preferred_form(&headers), expected, "{accept}");
        }
        assert_eq!(preferred_form(&HeaderMap::new()), Form::Html);
    }
}
