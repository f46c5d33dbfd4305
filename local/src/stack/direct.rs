//! The way from this process to its own bucket, whose public address may lead around the world.
//!
//! A presigned address is signed for the host that its holder will ask, so the SDK must know the
//! bucket by its public address. The SDK's own requests are signed for the same host, and sent to
//! the listener's socket.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// A client that sends what is meant for a public address to another one.
#[derive(Debug)]
pub(super) struct Direct {
    pub(super) client: SharedHttpClient,
    pub(super) way: Way,
}

/// Both addresses, without a slash at their ends.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) public: String,
    pub(super) socket: String,
}

impl HttpClient for Direct {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connector: self.client.http_connector(settings, components),
            way: self.way.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    way: Way,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Some((uri, host)) = self.way.shorten(request.uri())
            && request.set_uri(uri).is_ok()
        {
            request.headers_mut().insert("host", host);
        }
        self.connector.call(request)
    }
}

impl Way {
    /// The socket's address for one below the public address, and the host that was signed.
    fn shorten(&self, uri: &str) -> Option<(String, String)> {
        let rest = uri.strip_prefix(&self.public)?;
        let (_, host) = self.public.split_once("://")?;
        let whole = rest.is_empty() || rest.starts_with(['/', '?']);
        whole.then(|| (format!("{}{rest}", self.socket), host.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_address_is_left_out() {
        let way = Way {
            public: "https://bucket.example".to_owned(),
            socket: "http://127.0.0.1:4711".to_owned(),
        };
        assert_eq!(
            way.shorten("https://bucket.example/packages/a?b"),
            Some((
                "http://127.0.0.1:4711/packages/a?b".to_owned(),
                "bucket.example".to_owned()
            ))
        );
        for other in [
            "https://bucket.example.evil/a",
            "http://bucket.example/a",
            "http://127.0.0.1:1/",
        ] {
            assert_eq!(way.shorten(other), None, "{other}");
        }
    }
}
