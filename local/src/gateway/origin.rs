//! Changes that a page of another site asks for.
//!
//! A browser lets every page send a form to every server, and says for whom it does so: Fetch
//! Metadata Request Headers, section 2.1 (`Sec-Fetch-Site`), and RFC 6454, section 7 (`Origin`).

use http::header::{HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::Refusal;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a change for another site. Reads are answered: a page of another site cannot see them.
pub(super) fn check(head: &Parts) -> Result<(), Refusal> {
    let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&head.method);
    if changes && is_of_other_site(&head.headers) {
        return Err(Refusal::OTHER_SITE);
    }
    Ok(())
}

fn is_of_other_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return !["same-origin", "none"].iter().any(|own| site == own);
    }
    // Browsers that know no such header send the origin; programs send neither.
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin.map(|(_, origin)| origin) != host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_and_programs_change_anything() {
        let head = |method: &str, more: &[(HeaderName, &str)]| {
            let mut request = http::Request::builder()
                .method(method)
                .header(HOST, "127.0.0.1:8080");
            for (name, value) in more {
                request = request.header(name, *value);
            }
            request.body(()).unwrap().into_parts().0
        };
        let own = (ORIGIN, "http://127.0.0.1:8080");
        for more in [
            vec![],
            vec![own.clone()],
            vec![(FETCH_SITE, "same-origin"), own.clone()],
            vec![(FETCH_SITE, "none")],
        ] {
            assert_eq!(check(&head("POST", &more)), Ok(()), "{more:?}");
        }
        for more in [
            vec![(ORIGIN, "http://evil.example")],
            vec![(ORIGIN, "http://127.0.0.1:8081")],
            vec![(ORIGIN, "null")],
            vec![(FETCH_SITE, "cross-site"), own.clone()],
            vec![(FETCH_SITE, "same-site")],
        ] {
            for method in ["POST", "PUT", "DELETE"] {
                assert_eq!(check(&head(method, &more)), Err(Refusal::OTHER_SITE), "{more:?}");
            }
            assert_eq!(check(&head("GET", &more)), Ok(()), "{more:?}");
        }
    }
}
