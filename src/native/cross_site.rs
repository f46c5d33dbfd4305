//! Requests of web pages: a browser sends the password that it keeps for a registry from any page.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::ORIGIN;

use crate::error::{Error, Result};

/// Refuses a change that a page of another site asks for.
///
/// # Errors
/// [`Error::CrossSite`].
pub(super) fn refuse(headers: &HeaderMap, base_url: &str) -> Result<()> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let from_another_site = text("sec-fetch-site")
        .is_some_and(|site| !matches!(site, "same-origin" | "same-site" | "none"))
        || text(ORIGIN.as_str()).is_some_and(|origin| !is_origin_of(origin, base_url));
    if from_another_site {
        return Err(Error::CrossSite);
    }
    Ok(())
}

/// Whether an address lies at this origin: scheme, host and port.
fn is_origin_of(origin: &str, address: &str) -> bool {
    let start = address.find("://").map_or(0, |at| at + "://".len());
    let end = address[start..].find('/').map_or(address.len(), |at| start + at);
    !origin.is_empty() && origin.eq_ignore_ascii_case(&address[..end])
}

#[cfg(test)]
mod tests {
    use lambda_http::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn changes_by_other_sites_are_refused() {
        for (name, value, refused) in [
            ("accept", "*/*", false),
            ("sec-fetch-site", "cross-site", true),
            ("sec-fetch-site", "same-origin", false),
            ("sec-fetch-site", "none", false),
            ("sec-fetch-site", "something-new", true),
            ("origin", "https://packages.example.com", false),
            ("origin", "https://PACKAGES.example.com", false),
            ("origin", "https://evil.example.com", true),
            ("origin", "https://packages.example.com.evil.example", true),
            ("origin", "null", true),
            ("origin", "", true),
        ] {
            let name = HeaderName::from_static(name);
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let outcome = refuse(&headers, "https://packages.example.com/live");
            assert_eq!(outcome.is_err(), refused, "{name}: {value}");
        }
    }
}
