//! The names that a listener answers to.
//!
//! A web page can have the name of its own site lead to 127.0.0.1 and so speak to a server there as
//! to its own origin ("DNS rebinding"). Its requests carry that name in `Host`.

use std::net::IpAddr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

use crate::refusal::Refusal;

/// Names of hosts, without their ports.
#[derive(Debug)]
pub(crate) enum Hosts {
    /// Every name: whoever reaches the listener has found it by a name that cannot be known here.
    Any,
    /// Loopback's names, and this one of a proxy on the same machine.
    Loopback(Option<String>),
}

impl Hosts {
    /// Names for a listener on this address, which is known to others by a name of its own.
    pub(crate) fn of(listening: IpAddr, public: Option<String>) -> Self {
        if listening.is_loopback() {
            Self::Loopback(public)
        } else {
            Self::Any
        }
    }

    /// Refuses a request that is meant for another host.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Self::Loopback(public) = self else {
            return Ok(());
        };
        let mut hosts = headers
            .get_all(HOST)
            .iter()
            .map(|host| host.to_str().ok()?.parse::<Authority>().ok())
            .chain(uri.authority().cloned().map(Some));
        hosts.try_for_each(|host| {
            let host = host.ok_or(Refusal::BAD_TARGET)?;
            let host = host.host();
            let is_public = public
                .as_ref()
                .is_some_and(|name| host.eq_ignore_ascii_case(name));
            if is_public || is_loopback(host) {
                Ok(())
            } else {
                Err(Refusal::OTHER_HOST)
            }
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &Hosts, host: &str) -> Result<(), Refusal> {
        let headers = [(HOST, host.parse().unwrap())].into_iter().collect();
        hosts.check(&Uri::from_static("/"), &headers)
    }

    #[test]
    fn loopback_answers_to_its_own_names() {
        let hosts = Hosts::of([127, 0, 0, 1].into(), Some("packages.example".to_owned()));
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.1.2.3:80",
            "localhost",
            "LocalHost:8080",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
            "packages.example:443",
        ] {
            assert_eq!(check(&hosts, host), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "10.0.0.1:8080",
            "[::2]",
            "0.0.0.0:8080",
            "packages.example.evil.example",
        ] {
            assert_eq!(check(&hosts, host), Err(Refusal::OTHER_HOST), "{host}");
        }
        assert_eq!(check(&hosts, "a b"), Err(Refusal::BAD_TARGET));
        let absolute = Uri::from_static("http://evil.example/");
        assert_eq!(
            hosts.check(&absolute, &HeaderMap::new()),
            Err(Refusal::OTHER_HOST)
        );
        assert_eq!(check(&Hosts::of([0, 0, 0, 0].into(), None), "anything"), Ok(()));
    }

    #[test]
    fn one_valid_host_does_not_excuse_another() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, "127.0.0.1".parse().unwrap());
        headers.append(HOST, "evil.example".parse().unwrap());
        let hosts = Hosts::of([127, 0, 0, 1].into(), None);
        assert_eq!(
            hosts.check(&Uri::from_static("/"), &headers),
            Err(Refusal::OTHER_HOST)
        );
    }
}
