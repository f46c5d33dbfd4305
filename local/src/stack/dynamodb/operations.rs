//! The operations of DynamoDB on items, by the names that requests ask for them.

use std::time::Instant;

use dynoxide::actions::query::{QueryRequest, QueryResponse};
use dynoxide::actions::scan::{ScanRequest, ScanResponse};
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};

use super::tokens::{self, Fingerprint, Tokens};
use crate::stack::journal::Journal;

const TARGET: &str = "DynamoDB_20120810.";
/// Items that are read for one page, where the request has no limit: with fewer than 500 bytes in each of them, it has less
/// than the 1 MB of AWS. Without it, all that follow would be read for each page, and a walk over a large table would
/// take the square of its size.
const MAX_PAGE_ITEMS: usize = 2_000;

/// A table, and the transactions that were applied to it just now.
pub(super) struct Table {
    pub(super) database: Database,
    pub(super) tokens: Tokens,
}

/// Runs the operation that a request's target names, and returns the answer's JSON; none where
/// nothing has this name.
pub(super) async fn run(
    table: &Journal<Table>,
    target: &str,
    body: &str,
) -> Option<Result<String, DynoxideError>> {
    macro_rules! find {
        ($name:expr, $($operation:literal => $way:ident $run:expr),* $(,)?) => {
            match $name {
                $($operation => Some(async {
                    let request = parsed(body)?;
                    written(table.$way(|table| $run(&table.database, request)).await)
                }.await),)*
                _ => None,
            }
        };
    }
    let operation = target.strip_prefix(TARGET)?;
    if operation == "TransactWriteItems" {
        return Some(transact_write_items(table, body).await);
    }
    find!(operation,
        "BatchGetItem" => read Database::batch_get_item,
        "BatchWriteItem" => change Database::batch_write_item,
        "DeleteItem" => change Database::delete_item,
        "DescribeTable" => read Database::describe_table,
        "DescribeTimeToLive" => read Database::describe_time_to_live,
        "GetItem" => read Database::get_item,
        "ListTables" => read Database::list_tables,
        "PutItem" => change Database::put_item,
        "Query" => read query,
        "Scan" => read scan,
        "TransactGetItems" => read Database::transact_get_items,
        "UpdateItem" => change Database::update_item,
    )
}

async fn transact_write_items(table: &Journal<Table>, body: &str) -> Result<String, DynoxideError> {
    let mut request: TransactWriteItemsRequest = parsed(body)?;
    let token = request
        .client_request_token
        .take_if(|token| token.len() <= tokens::MOST_BYTES);
    let asked = match token {
        None => {
            table
                .change(|table| table.database.transact_write_items(request))
                .await
        }
        Some(token) => {
            let items = Fingerprint::of(&request.transact_items)?;
            let change = move |Table { database, tokens }: &mut Table| {
                tokens.once(&token, items, Instant::now(), || {
                    database.transact_write_items(request)
                })
            };
            table.change(change).await
        }
    };
    written(asked)
}

fn query(database: &Database, mut request: QueryRequest) -> Result<QueryResponse, DynoxideError> {
    request.limit.get_or_insert(MAX_PAGE_ITEMS);
    database.query(request)
}

fn scan(database: &Database, mut request: ScanRequest) -> Result<ScanResponse, DynoxideError> {
    request.limit.get_or_insert(MAX_PAGE_ITEMS);
    database.scan(request)
}

fn parsed<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

/// The JSON of what was asked of the journal.
fn written<T: serde::Serialize>(
    asked: std::io::Result<Result<T, DynoxideError>>,
) -> Result<String, DynoxideError> {
    let answer = asked.map_err(|error| unanswered(&error))??;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// An answer that nobody gets: what it tells may be gone after a power cut.
fn unanswered(error: &std::io::Error) -> DynoxideError {
    tracing::error!(%error, "the embedded DynamoDB could not answer, or could not sync its log, until a restart");
    DynoxideError::InternalServerError("The embedded DynamoDB could not answer.".to_owned())
}
