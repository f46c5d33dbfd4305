//! HTTPS requests to issuers: public addresses only, no redirects, bounded in size.

use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::byte_stream::ByteStream;
use lambda_http::http::Uri;

use super::public_address::is_public;
use crate::error::chain;

/// Bytes of an answer. Sets of keys with certificate chains have up to some 40 kB.
const MAX_ANSWER_BYTES: usize = 128 * 1024;

/// A client for documents of issuers.
#[derive(Debug)]
pub(super) struct Client {
    /// Made when it is first used: it reads all of the system's certificates.
    connector: OnceLock<Connector>,
    allows_private: bool,
}

/// A reason for which a document could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FetchError {
    /// The issuer is not one that may be contacted or trusted, which a repeat does not change. A whole
    /// sentence for the client.
    Refused(String),
    /// The issuer did not answer as expected. A phrase for the log.
    Failed(String),
}

impl Client {
    pub(super) fn new(allows_private: bool) -> Self {
        Self {
            connector: OnceLock::new(),
            allows_private,
        }
    }

    /// The body of a 200.
    pub(super) async fn get(&self, address: &str) -> Result<Vec<u8>, FetchError> {
        self.check(address)?;
        let mut request = Request::get(address).map_err(|error| FetchError::Failed(chain(&error)))?;
        request.headers_mut().insert("accept", "application/json");
        let response = self
            .connector()
            .call(request)
            .await
            .map_err(|error| explain(&error))?;
        match response.status().as_u16() {
            200 => read_bounded(ByteStream::new(response.into_body())).await,
            status @ 300..400 => Err(FetchError::Failed(format!(
                "{address} answered {status}, and redirects are not followed"
            ))),
            status => Err(FetchError::Failed(format!("{address} answered {status}"))),
        }
    }

    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder()
                // Each request is to resolve and to check anew.
                .pool_max_idle_per_host(0)
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build_with_resolver(CheckingResolver {
                    allows_private: self.allows_private,
                })
        })
    }

    /// Refuses an address by its text. The connector asks the resolver for names only, so an IP address is
    /// looked at here.
    fn check(&self, address: &str) -> Result<(), FetchError> {
        let refused = |message: &str| Err(FetchError::Refused(message.to_owned()));
        let Ok(uri) = address.parse::<Uri>() else {
            return refused("The issuer's address, or that of its keys, is not a valid one.");
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let literal = host.parse::<IpAddr>().ok();
        let is_loopback = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if self.allows_private && is_loopback => {}
            _ => return refused("The issuer or its keys are not served over https."),
        }
        if literal.is_some_and(|address| !self.allows_private && !is_public(address)) {
            return refused(NOT_PUBLIC);
        }
        Ok(())
    }
}

const NOT_PUBLIC: &str =
    "The issuer or its keys are not at a public address. An operator can allow private issuers.";

/// A resolver whose answers are the only addresses that the connector connects to.
#[derive(Debug, Clone)]
struct CheckingResolver {
    allows_private: bool,
}

impl ResolveDns for CheckingResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0))
                .await
                .map_err(ResolveDnsError::new)?;
            let addresses = found.map(|found| found.ip());
            let allowed: Vec<_> = addresses
                .filter(|address| self.allows_private || is_public(*address))
                .collect();
            if allowed.is_empty() {
                return Err(ResolveDnsError::new(NotPublic));
            }
            Ok(allowed)
        })
    }
}

/// A name without a public address.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has no public address")
    }
}

impl StdError for NotPublic {}

fn explain(error: &(dyn StdError + 'static)) -> FetchError {
    let mut cause = Some(error);
    while let Some(found) = cause {
        if found.is::<NotPublic>() {
            return FetchError::Refused(NOT_PUBLIC.to_owned());
        }
        cause = found.source();
    }
    FetchError::Failed(chain(error))
}

async fn read_bounded(mut body: ByteStream) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body
        .try_next()
        .await
        .map_err(|error| FetchError::Failed(chain(&error)))?
    {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(FetchError::Failed(format!(
                "the answer has more than {MAX_ANSWER_BYTES} bytes"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_as_text() {
        let public = Client::new(false);
        for address in [
            "https://issuer.example",
            "https://1.1.1.1/keys",
            "https://[2606:4700::1111]:8443/x",
        ] {
            assert_eq!(public.check(address), Ok(()), "{address}");
        }
        for address in [
            "http://issuer.example",
            "http://127.0.0.1",
            "ftp://issuer.example",
            "https://127.0.0.1:8080/keys",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00:ec2::254]/",
            "https://user@10.0.0.1/",
            "file:///etc/passwd",
            "not an address",
            "/keys",
        ] {
            assert!(
                matches!(public.check(address), Err(FetchError::Refused(_))),
                "{address}"
            );
        }
        let private = Client::new(true);
        for address in [
            "https://10.0.0.1",
            "http://127.0.0.1:1",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert_eq!(private.check(address), Ok(()), "{address}");
        }
        assert!(private.check("http://10.0.0.1").is_err());
    }

    #[tokio::test]
    async fn names_of_private_addresses_are_refused() {
        let refused = Client::new(false).get("https://localhost:1/").await;
        assert_eq!(refused, Err(FetchError::Refused(NOT_PUBLIC.to_owned())));
    }

    #[tokio::test]
    async fn resolver_drops_private_addresses_however_they_are_spelled() {
        let resolver = |allows_private| CheckingResolver { allows_private };
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "10.1",
            "169.254.43518",
            "::1",
        ] {
            let error = resolver(false).resolve_dns(host).await.unwrap_err();
            assert!(
                error.source().is_some_and(<dyn StdError>::is::<NotPublic>),
                "{host}: {error:?}"
            );
            assert!(
                !resolver(true).resolve_dns(host).await.unwrap().is_empty(),
                "{host}"
            );
        }
        let public = resolver(false).resolve_dns("1.1.1.1").await.unwrap();
        assert_eq!(public, ["1.1.1.1".parse::<IpAddr>().unwrap()]);
    }
}
