//! Addresses under which others know a listener.

use std::str::FromStr;

use url::Url;

/// An address to stand in answers: `http` or `https`, a host, a port where it is not the usual one,
/// and a path where a proxy removes it on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// The address without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, which most addresses leave out.
    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Whether it has a path, which the address of a bucket cannot have: its signatures cover it.
    #[must_use]
    pub fn has_path(&self) -> bool {
        self.0.path() != "/"
    }
}

/// A text that is not the address of a server.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an address such as https://packages.example.com or http://192.168.1.5:8080")]
pub struct InvalidPublicUrl;

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let url: Url = text.parse().map_err(|_| InvalidPublicUrl)?;
        let plain = url.username().is_empty() && url.password().is_none();
        let whole = url.query().is_none() && url.fragment().is_none();
        if ["http", "https"].contains(&url.scheme()) && url.has_host() && plain && whole {
            Ok(Self(url))
        } else {
            Err(InvalidPublicUrl)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        for (text, base, host) in [
            (
                "http://192.168.1.5:8080",
                "http://192.168.1.5:8080",
                "192.168.1.5",
            ),
            (
                "https://Packages.example/",
                "https://packages.example",
                "packages.example",
            ),
            ("http://[::1]:80/api/", "http://[::1]/api", "[::1]"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.base(), url.host()), (base, host));
            assert_eq!(url.has_path(), base.ends_with("/api"));
        }
        for text in [
            "192.168.1.5:8080",
            "packages.example",
            "ftp://packages.example",
            "http://",
            "http://me:secret@packages.example",
            "http://packages.example/?a",
            "http://packages.example/#a",
            "",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(InvalidPublicUrl), "{text}");
        }
    }
}
