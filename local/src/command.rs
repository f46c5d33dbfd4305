//! The command: start everything, say what to do next, stop when told to.

mod banana;
mod data_dir;
mod first_run;
mod greeting;
mod oidc;

use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use packages_api::records::Records;
use packages_api::{InvalidConfig, Transfer, log};
use packages_api_local::{FrontDoor, PublicUrl, Server, ServerOptions, Stack, StackError, StackOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

use data_dir::DataDir;
use greeting::Greeting;
use oidc::OidcFlags;

/// Runs the Packages API on this machine, with S3 and DynamoDB embedded.
///
/// The first run makes an organization, a registry for each ecosystem, a token and a small gem to
/// publish; a second run finds them again.
#[derive(Debug, clap::Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The address to listen on. Beyond loopback the token is random instead of the documented one
    #[arg(long, default_value = "127.0.0.1", value_parser = host)]
    host: IpAddr,
    /// The port to listen on; 0 for any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address under which others reach this server, such as <http://192.168.1.5:8080>: it stands
    /// in answers. Without it they name the address that is listened on
    #[arg(long)]
    public_url: Option<PublicUrl>,
    /// The port of the bucket, which files are posted to and downloaded from; 0 for any that is free
    #[arg(long, default_value_t = 0)]
    bucket_port: u16,
    /// The address under which others reach the bucket. Without it, the public URL's host and the
    /// bucket's port
    #[arg(long, value_parser = bucket_url)]
    bucket_url: Option<PublicUrl>,
    /// The address of a distribution in front of the bucket, such as <http://127.0.0.1:9001>, as the template's
    /// parameter `FilesDistribution` makes one: it is listened on, and stands in downloads and uploads
    #[arg(long, value_parser = bucket_url)]
    files_url: Option<PublicUrl>,
    /// The folder that keeps packages, records and the token
    #[arg(long, default_value = ".packages-api")]
    data_dir: PathBuf,
    /// Keep nothing: everything is gone when the server stops
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// Start S3 and DynamoDB alone, and print the environment of a function that is to use them
    #[arg(long)]
    stack_only: bool,
    /// The kind of gateway to play: `rest`, which the template makes, or `http`, which decodes paths
    #[arg(long, default_value = "rest", value_parser = front_door)]
    gateway: FrontDoor,
    /// How answers travel, as the template's parameter of this name: `streamed` waits 5 minutes for
    /// them, `buffered` 29 seconds, and bounds them by 6 MB. Without it, `streamed` where the gateway can
    #[arg(long, value_parser = transfer)]
    response_transfer: Option<Transfer>,
    #[command(flatten)]
    oidc: OidcFlags,
    /// Print one line of JSON when ready, and the log as lines of JSON, instead of text for people
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Whether programs read along.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    fn transfer(&self) -> Result<Transfer, Trouble> {
        match (self.gateway, self.response_transfer) {
            (FrontDoor::HttpApi, Some(Transfer::Streamed)) => Err(Trouble::Streams),
            (FrontDoor::HttpApi, _) => Ok(Transfer::Buffered),
            (FrontDoor::RestApi, transfer) => Ok(transfer.unwrap_or(Transfer::Streamed)),
        }
    }
}

fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => text
            .parse()
            .map_err(|_| "expected an IP address, such as 127.0.0.1 for this machine alone or 0.0.0.0 for every other one as well".to_owned()),
    }
}

fn bucket_url(text: &str) -> Result<PublicUrl, String> {
    let url: PublicUrl = text.parse().map_err(|error| format!("{error}"))?;
    if url.has_path() {
        return Err("expected an address without a path: the bucket's signatures cover it".to_owned());
    }
    Ok(url)
}

fn front_door(text: &str) -> Result<FrontDoor, String> {
    match text {
        "rest" => Ok(FrontDoor::RestApi),
        "http" => Ok(FrontDoor::HttpApi),
        _ => Err("expected `rest` or `http`".to_owned()),
    }
}

fn transfer(text: &str) -> Result<Transfer, String> {
    match text {
        "streamed" => Ok(Transfer::Streamed),
        "buffered" => Ok(Transfer::Buffered),
        _ => Err("expected `streamed` or `buffered`".to_owned()),
    }
}

/// Why the command ended: sentences for whoever started it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A kind of gateway that cannot do what is asked of it.
    #[error("An HTTP API does not stream answers. Leave --response-transfer out, or choose --gateway rest.")]
    Streams,
    /// A second server on the same folder.
    #[error(
        "Another server is using {0}. Stop it, or choose another folder with --data-dir, \
         or keep nothing with --ephemeral."
    )]
    InUse(PathBuf),
    /// A folder that cannot be made, read or written.
    #[error(
        "The folder {0} cannot be used: {1}. Choose another with --data-dir, or keep nothing with --ephemeral."
    )]
    Folder(PathBuf, io::Error),
    /// A port or an address that cannot be listened on.
    #[error(
        "{0} cannot be listened on: {1}. Choose another port with --port (0 for any) or address with --host."
    )]
    Address(String, io::Error),
    /// The embedded services did not start.
    #[error(
        "The embedded services did not start: {0}. Choose another folder with --data-dir, or keep nothing \
         with --ephemeral."
    )]
    Stack(#[from] StackError),
    /// The first records could not be made.
    #[error(
        "The organization, its registries or its token could not be made: {0}. Start the server again; if \
         that does not help, choose another folder with --data-dir."
    )]
    Records(String),
    /// A variable that is not what is needed.
    #[error("The server cannot start: {0}. Correct the variables, and start it again.")]
    Environment(InvalidConfig),
    /// Anything that a healthy system does not do.
    #[error(
        "The system refused what every server needs: {0}. Look at the limits of open files and processes, \
         and start the server again."
    )]
    System(#[from] io::Error),
}

/// Starts the log on standard error: the lines of the API and its surroundings from the level in `LOG_LEVEL`
/// on, and of everything else no more than its warnings. What `s3s` calls an error is an answer that its
/// client reads as well.
pub(crate) fn start_log(json: bool) -> Result<(), Trouble> {
    let level = log::level(LevelFilter::INFO).map_err(Trouble::Environment)?;
    let targets = log::targets(level).with_target("s3s", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let subscriber = tracing_subscriber::registry().with(targets);
    if json {
        subscriber.with(lines.json().event_format(log::JsonLines)).init();
    } else {
        let lines = lines.with_ansi(io::stderr().is_terminal());
        subscriber.with(lines.with_target(false)).init();
    }
    Ok(())
}

/// Starts everything and returns when it was told to stop and has done so.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Trouble> {
    // Before anything is begun: a signal in the middle of the start ends it as well.
    let mut signals = Signals::new()?;
    arguments.transfer()?;
    let folder = if arguments.ephemeral {
        DataDir::ephemeral()?
    } else {
        DataDir::open(&arguments.data_dir)?
    };
    if arguments.host.is_unspecified() && arguments.public_url.is_none() {
        tracing::warn!(
            "addresses in answers name this machine's loopback: say with --public-url how others reach it"
        );
    }
    let stack = Stack::start(stack_options(&arguments, &folder)).await?;
    let mut server = None;
    let ready = async {
        let records = Records::new(&stack.sdk_config(), stack.table());
        // Without a server the token opens nothing: table and bucket want a key, which is new at each start.
        let host = if arguments.stack_only {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            arguments.host
        };
        let secret = folder.secret(host)?;
        let made = first_run::make(&records, stack.bucket(), &secret).await?;
        let gem = folder.put("banana-1.0.0.gem", &banana::gem()?)?;
        // Only now: whoever is let in finds everything made.
        if !arguments.stack_only {
            server = Some(serve(&arguments, &stack).await?);
        }
        let base_url = server.as_ref().map(Server::base_url);
        let greeting = Greeting::new(base_url.as_deref(), &made, &secret, &stack);
        let text = match (arguments.json, arguments.stack_only) {
            (true, _) => greeting.json()?,
            (false, true) => greeting.exports(),
            (false, false) => greeting.commands(&gem),
        };
        say(&text)?;
        Ok(())
    }
    .await;
    if ready.is_ok() {
        signals.wait().await;
        tracing::info!("stopping: requests under way are answered first, a second signal ends at once");
    }
    // Also where the start failed: what the services have begun is not to be cut off.
    let stopping = async {
        if let Some(server) = server {
            server.shutdown().await;
        }
        stack.shutdown().await;
    };
    tokio::select! {
        () = stopping => {}
        () = signals.wait() => {}
    }
    ready
}

fn stack_options(arguments: &Arguments, folder: &DataDir) -> StackOptions {
    let public_host = arguments.public_url.as_ref().map(|url| url.host().to_owned());
    StackOptions {
        data_dir: folder.lasting(),
        host: arguments.host,
        bucket_port: arguments.bucket_port,
        bucket_url: arguments.bucket_url.clone(),
        files_url: arguments.files_url.clone(),
        public_host,
        shares_table: arguments.stack_only,
    }
}

async fn serve(arguments: &Arguments, stack: &Stack) -> Result<Server, Trouble> {
    let options = ServerOptions {
        host: arguments.host,
        port: arguments.port,
        public_url: arguments.public_url.clone(),
        front_door: arguments.gateway,
        transfer: arguments.transfer()?,
        oidc: arguments.oidc.config(),
        ..ServerOptions::default()
    };
    let address = std::net::SocketAddr::from((arguments.host, arguments.port));
    Server::over(stack, options)
        .await
        .map_err(|error| Trouble::Address(address.to_string(), error))
}

/// Prints to standard output, in one piece for whoever waits for it there. Whoever closed it wants to
/// know nothing, which is no reason to stop.
fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text = format!("{text}\n");
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        said => said,
    }
}

/// Signals that ask a process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
