//! The embedded stack: DynamoDB and S3 in this process, on loopback ports of their own.
//!
//! Nothing here knows the Packages API: what AWS offers the function is offered to it here, so
//! that the same SDK calls find an answer.

mod direct;
mod distribution;
mod dynamodb;
mod journal;
mod key;
mod s3;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::direct::{Direct, Door};
use self::key::Key;
use crate::disk;
use crate::public_url::PublicUrl;
use crate::serve::{Limits, base_url};

const REGION: &str = "us-east-1";
const BUCKET: &str = "packages";
const TABLE: &str = "packages";
/// Limits for the clients of table and bucket.
const LIMITS: Limits = Limits {
    connections: 512,
    head_timeout: Duration::from_secs(30),
    head_bytes: 64 * 1024,
    grace: Duration::from_secs(5),
};

/// Where a stack keeps what it is given.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The folder that holds table and bucket, made where it is missing. Without one the table
    /// is in memory, the bucket in a temporary folder, and both are gone with the stack.
    pub data_dir: Option<PathBuf>,
    /// The address that S3 listens on: those who follow a presigned address must reach it.
    pub host: IpAddr,
    /// The port that S3 listens on; 0 for any that is free.
    pub bucket_port: u16,
    /// The address of S3 in presigned addresses and forms; without it, the one that is listened on.
    pub bucket_url: Option<PublicUrl>,
    /// The address of a distribution in front of the bucket, which listens on the port in it and drops `Authorization`.
    pub files_url: Option<PublicUrl>,
    /// The name or address by which others know this machine, an IPv6 address in brackets. It
    /// stands in the addresses that are not given.
    pub public_host: Option<String>,
    /// Whether DynamoDB listens on `host` too, for a function in a container or on another machine.
    /// Otherwise it stays on loopback.
    pub shares_table: bool,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            data_dir: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            bucket_port: 0,
            bucket_url: None,
            files_url: None,
            public_host: None,
            shares_table: false,
        }
    }
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A folder or a port that cannot be used.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database cannot be opened.
    #[error("the embedded DynamoDB cannot open its database: {0}")]
    Table(String),
    /// The bucket's folder cannot be opened.
    #[error("the embedded S3 cannot open its folder: {0}")]
    Bucket(String),
}

/// A running DynamoDB with one table and a running S3 with one bucket.
///
/// As many as wanted run side by side in one process. Dropping a stack stops it; [`shutdown`]
/// also waits for what is under way.
///
/// [`shutdown`]: Stack::shutdown
#[derive(Debug)]
pub struct Stack {
    /// Where others find S3.
    bucket_url: String,
    /// Where others find the distribution in front of it.
    files_url: Option<String>,
    /// Where DynamoDB listens.
    table_socket: String,
    /// Where others find it.
    table_url: String,
    /// Both services by their addresses, for this process.
    doors: Arc<[(String, Door)]>,
    key: Key,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// The bucket of a stack without a folder of its own; removed on drop.
    _ephemeral: Option<TempDir>,
}

/// The files of a stack.
struct Places {
    /// The database, unless it is in memory.
    database: Option<PathBuf>,
    bucket: PathBuf,
    /// The folder of both, where it goes with the stack.
    ephemeral: Option<TempDir>,
}

impl Places {
    fn of(data_dir: Option<&Path>) -> Result<Self, StackError> {
        let Some(folder) = data_dir else {
            let ephemeral = tempfile::Builder::new().prefix("packages-api-").tempdir()?;
            return Ok(Self {
                database: None,
                bucket: ephemeral.path().to_owned(),
                ephemeral: Some(ephemeral),
            });
        };
        disk::make_folder(folder)?;
        Ok(Self {
            database: Some(folder.join("dynamodb.sqlite")),
            bucket: folder.join("s3"),
            ephemeral: None,
        })
    }
}

impl Stack {
    /// Starts both services; they answer when this returns.
    ///
    /// # Errors
    /// Where a folder cannot be written or the database cannot be opened.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let Places {
            database,
            bucket,
            ephemeral,
        } = Places::of(options.data_dir.as_deref())?;
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let key = Key::random(REGION);
        let dynamodb = dynamodb::Options {
            file: database.as_deref(),
            table: TABLE,
            host: if options.shares_table {
                options.host
            } else {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            },
            public_host: options.public_host.clone(),
            key: key.clone(),
        };
        let dynamodb = dynamodb::start(dynamodb, stopping.clone(), &mut tasks).await?;
        let s3 = s3::Options {
            folder: &bucket,
            lasting: options.data_dir.is_some(),
            bucket: BUCKET,
            host: options.host,
            port: options.bucket_port,
            public_host: match &options.bucket_url {
                Some(url) => Some(url.host().to_owned()),
                None => options.public_host.clone(),
            },
            key: key.clone(),
        };
        let s3 = s3::start(s3, stopping.clone(), &mut tasks).await?;
        let bucket_url = match options.bucket_url {
            Some(url) => url.base().to_owned(),
            None => public_url(s3.address, options.public_host.as_deref()),
        };
        if let Some(url) = &options.files_url {
            let door = Arc::clone(&s3.door);
            distribution::start(options.host, url, &bucket_url, door, stopping, &mut tasks).await?;
        }
        let table_socket = base_url(dynamodb.address);
        let bucket = Door::Bucket(Arc::downgrade(&s3.door));
        let table = Door::Table(Arc::downgrade(&dynamodb.door));
        let table_host = options.public_host.filter(|_| options.shares_table);
        Ok(Self {
            doors: [(bucket_url.clone(), bucket), (table_socket.clone(), table)].into(),
            bucket_url,
            files_url: options.files_url.map(|url| url.base().to_owned()),
            table_socket,
            table_url: public_url(dynamodb.address, table_host.as_deref()),
            key,
            stop,
            tasks,
            _ephemeral: ephemeral,
        })
    }

    /// The address of the S3 service: `http://127.0.0.1:…`, of a stack on loopback.
    #[must_use]
    pub fn s3_endpoint(&self) -> String {
        self.bucket_url.clone()
    }

    /// The address of the distribution in front of the bucket, where there is one.
    #[must_use]
    pub fn files_url(&self) -> Option<String> {
        self.files_url.clone()
    }

    /// The address of the DynamoDB service: `http://127.0.0.1:…`.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        self.table_url.clone()
    }

    /// The name of the one bucket.
    #[must_use]
    pub fn bucket(&self) -> &'static str {
        BUCKET
    }

    /// The name of the one table.
    #[must_use]
    pub fn table(&self) -> &'static str {
        TABLE
    }

    /// Every variable that a process needs to reach this stack instead of AWS.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        [
            ("AWS_ACCESS_KEY_ID", self.key.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.key.secret.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.s3_endpoint()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb_endpoint()),
            ("BUCKET_NAME", self.bucket().to_owned()),
            ("TABLE_NAME", self.table().to_owned()),
        ]
        .into_iter()
        .chain(self.files_url().map(|url| ("FILES_BASE_URL", url)))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Configuration for the SDK's clients: the same as [`environment`](Self::environment), without touching this
    /// process's own, and without a socket in between.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        let config = self.sdk_config_through(self.s3_endpoint(), self.table_socket.clone());
        let direct = Direct {
            others: aws_smithy_http_client::Builder::new().build_http(),
            doors: Arc::clone(&self.doors),
        };
        config.into_builder().http_client(direct).build()
    }

    /// As [`sdk_config`](Self::sdk_config), through sockets: those of the services, or a proxy's in front of them.
    #[must_use]
    pub fn sdk_config_through(&self, s3_endpoint: String, dynamodb_endpoint: String) -> SdkConfig {
        let credentials = Credentials::new(&self.key.id, &self.key.secret, None, None, "local");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .service_config(Endpoints {
                s3: s3_endpoint,
                dynamodb: dynamodb_endpoint,
            })
            // Plain HTTP: without it every client would read the system's certificates.
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    /// Stops both services, once the requests under way are answered.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// A listener's address where this machine goes by another name.
fn public_url(address: SocketAddr, host: Option<&str>) -> String {
    match host {
        Some(host) => format!("http://{host}:{}", address.port()),
        None => base_url(address),
    }
}

/// Answers the SDK's question for a service's address, as `AWS_ENDPOINT_URL_…` would.
#[derive(Debug)]
struct Endpoints {
    s3: String,
    dynamodb: String,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        match (key.env(), key.service_id()) {
            ("AWS_ENDPOINT_URL", "S3") => Some(self.s3.clone()),
            ("AWS_ENDPOINT_URL", "DynamoDB") => Some(self.dynamodb.clone()),
            _ => None,
        }
    }
}

/// Resolves when the stack is told to stop, or is dropped.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
