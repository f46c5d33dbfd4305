//! The embedded DynamoDB: one table, as `template.yaml` defines it, signatures checked.

mod door;
mod error;
mod operations;
mod signature;
mod tokens;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::types::{AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType};
use dynoxide::{Database, DynoxideError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(super) use self::door::Door;
use self::operations::Table;
use self::tokens::Tokens;
use super::journal::Journal;
use super::key::Key;
use super::{LIMITS, StackError, stopped};
use crate::serve::{Hosts, serve};

/// The attribute that tells when an item may be removed, in seconds since 1970.
const TIME_TO_LIVE: &str = "expires_at";
/// How often expired items are removed. AWS promises "a few days"; nobody may rely on either.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Options of a new table.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// The file that holds it; in memory without one.
    pub(super) file: Option<&'a Path>,
    /// Its name.
    pub(super) table: &'a str,
    /// The address to listen on.
    pub(super) host: IpAddr,
    /// The name that others may know it by.
    pub(super) public_host: Option<String>,
    /// Key that opens it.
    pub(super) key: Key,
}

/// A table that is being served.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) door: Arc<Door>,
}

/// Opens (or makes) the database and its table, and serves it until `stop` is told.
pub(super) async fn start(
    options: Options<'_>,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<Service, StackError> {
    let database = open(options.file, options.table).map_err(|error| StackError::Table(error.to_string()))?;
    let listener = TcpListener::bind((options.host, 0)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(sweep(database.clone(), stop.clone()));
    let table = Table {
        database,
        tokens: Tokens::default(),
    };
    let door = Arc::new(Door {
        table: Journal::start(table, options.file)?,
        key: options.key,
    });
    let service = Service {
        address,
        door: Arc::clone(&door),
    };
    let handler = move |request, _peer| {
        let door = Arc::clone(&door);
        async move { door.answer(request).await }
    };
    let hosts = Hosts::of(options.host, options.public_host);
    tasks.spawn(serve(listener, LIMITS, hosts, handler, stopped(stop)));
    Ok(service)
}

fn open(file: Option<&Path>, table: &str) -> Result<Database, DynoxideError> {
    let database = match file {
        Some(file) => Database::new(&file.to_string_lossy())?,
        None => Database::memory()?,
    };
    // Its normal settings: the journal syncs the log, and so SQLite need not.
    database.disable_bulk_loading()?;
    match database.create_table(table_definition(table)) {
        Ok(_) => database.update_time_to_live(UpdateTimeToLiveRequest {
            table_name: table.to_owned(),
            time_to_live_specification: TimeToLiveSpecification {
                attribute_name: TIME_TO_LIVE.to_owned(),
                enabled: true,
            },
        })?,
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(database),
        Err(error) => return Err(error),
    };
    Ok(database)
}

fn table_definition(table: &str) -> CreateTableRequest {
    let keys = [("pk", KeyType::HASH), ("sk", KeyType::RANGE)];
    CreateTableRequest {
        table_name: table.to_owned(),
        key_schema: keys
            .iter()
            .map(|(name, key_type)| KeySchemaElement {
                attribute_name: (*name).to_owned(),
                key_type: key_type.clone(),
            })
            .collect(),
        attribute_definitions: keys
            .iter()
            .map(|(name, _)| AttributeDefinition {
                attribute_name: (*name).to_owned(),
                attribute_type: ScalarAttributeType::S,
            })
            .collect(),
        billing_mode: Some("PAY_PER_REQUEST".to_owned()),
        ..CreateTableRequest::default()
    }
}

/// Removes expired items from time to time, as DynamoDB does. Past the journal: whatever comes back after a power cut
/// has still expired.
async fn sweep(database: Database, stop: watch::Receiver<bool>) {
    let mut stop = std::pin::pin!(stopped(stop));
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = &mut stop => return,
        }
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::debug!(removed, "removed expired items"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be removed"),
        }
    }
}
