//! The HTTP listener in front of the function.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use aws_config::SdkConfig;
use futures_util::future::BoxFuture;
use http::Response;
use lambda_http::Body;
use packages_api::{App, Config, OidcConfig, Transfer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gateway::{FrontDoor, Gateway};
use crate::public_url::PublicUrl;
use crate::serve::{Hosts, Limits, base_url, serve};
use crate::stack::Stack;

/// Where a server listens, and how long it waits.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// The address that stands in answers; without it, the one that is listened on.
    pub public_url: Option<PublicUrl>,
    /// After this long without a whole request line and headers the client gets a 408.
    pub head_timeout: Duration,
    /// The kind of gateway that is played.
    pub front_door: FrontDoor,
    /// How answers travel through the gateway: it bounds their size and the time that they may take.
    pub transfer: Transfer,
    /// Bounds of the OIDC tokens that are accepted.
    pub oidc: OidcConfig,
    /// After this long without an answer the client gets a 504. Without it, after 29 seconds where
    /// answers are buffered (30 behind an HTTP API), and 5 minutes where they are streamed.
    pub gateway_timeout: Option<Duration>,
    /// How long requests under way may take to finish when the server is stopped.
    pub grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            public_url: None,
            head_timeout: Duration::from_secs(15),
            front_door: FrontDoor::default(),
            transfer: Transfer::Buffered,
            oidc: OidcConfig::default(),
            gateway_timeout: None,
            grace: Duration::from_secs(5),
        }
    }
}

/// A function behind HTTP/1.1, as API Gateway would put it there.
///
/// Dropping a server stops it; [`shutdown`](Server::shutdown) also waits for what is under way.
#[derive(Debug)]
pub struct Server {
    base_url: String,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Server {
    /// Starts a server in front of a function that is made once its base URL is known.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub async fn start<M, H, F>(options: ServerOptions, make_function: M) -> io::Result<Self>
    where
        M: FnOnce(&str) -> H,
        H: Fn(lambda_http::Request) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind((options.host, options.port)).await?;
        let base_url = match &options.public_url {
            Some(url) => url.base().to_owned(),
            None => base_url(listener.local_addr()?),
        };
        let function = make_function(&base_url);
        let gateway = Gateway::new(options.front_door, options.transfer, options.gateway_timeout);
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(run(listener, options, gateway, function, stopping));
        Ok(Self {
            base_url,
            stop,
            running,
        })
    }

    /// Starts a server in front of the function's own App over this stack.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub async fn over(stack: &Stack, options: ServerOptions) -> io::Result<Self> {
        let config = Config {
            transfer: options.transfer,
            oidc: options.oidc,
            files_base_url: stack.files_url(),
            ..Config::new(stack.table(), stack.bucket())
        };
        Self::start(options, |base_url| {
            function(config, base_url, &stack.sdk_config())
        })
        .await
    }

    /// Where clients find it: `http://127.0.0.1:8080`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Stops listening, and returns when the requests under way are answered or out of time.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = self.running.await;
    }
}

/// The App that answers under `base_url`, as a function of one request.
///
/// For [`Server::start`], where the SDK is to reach a stack in another way than the stack says, such
/// as through a proxy.
pub fn function(
    config: Config,
    base_url: &str,
    sdk: &SdkConfig,
) -> impl Fn(lambda_http::Request) -> BoxFuture<'static, Response<Body>> + Clone + Send + use<> {
    let base_url = Some(base_url.to_owned());
    let config = Config {
        api_base_url: base_url.clone(),
        web_base_url: base_url,
        ..config
    };
    let app = App::new(config, sdk);
    move |request| {
        let app = app.clone();
        Box::pin(async move { app.handle(request).await })
    }
}

async fn run<H, F>(
    listener: TcpListener,
    options: ServerOptions,
    gateway: Gateway,
    function: H,
    mut stopping: watch::Receiver<bool>,
) where
    H: Fn(lambda_http::Request) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let limits = Limits {
        connections: 256,
        head_timeout: options.head_timeout,
        // Above the gateway's own bound, which is refused with a sentence.
        head_bytes: 64 * 1024,
        grace: options.grace,
    };
    let calls = gateway.clone();
    let public = options.public_url.as_ref().map(|url| url.host().to_owned());
    let hosts = Hosts::of(options.host, public);
    let handler = move |request, client| {
        let (gateway, function) = (gateway.clone(), function.clone());
        async move { gateway.answer(request, client, function).await }
    };
    let stop = async move {
        // An error means that the server was dropped, which says the same.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    serve(listener, limits, hosts, handler, stop).await;
    // Calls whose client is gone have no connection to wait for.
    let _ = tokio::time::timeout(options.grace, calls.idle()).await;
}
