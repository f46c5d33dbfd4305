//! The operations of DynamoDB on items, by the names that requests ask for them.

use dynoxide::{Database, DynoxideError};

use crate::stack::journal::Journal;

const TARGET: &str = "DynamoDB_20120810.";

/// Runs the operation that a request's target names, and returns the answer's JSON; none where
/// nothing has this name.
pub(super) fn run(
    database: &Journal<Database>,
    target: &str,
    body: &str,
) -> Option<Result<String, DynoxideError>> {
    macro_rules! find {
        ($name:expr, $($operation:literal => $way:ident $method:ident),* $(,)?) => {
            match $name {
                $($operation => Some(parsed(body).and_then(|request| {
                    let asked = database.$way(|database| database.$method(request));
                    written(&asked.map_err(|error| unsynced(&error))??)
                })),)*
                _ => None,
            }
        };
    }
    find!(target.strip_prefix(TARGET)?,
        "BatchGetItem" => read batch_get_item,
        "BatchWriteItem" => change batch_write_item,
        "DeleteItem" => change delete_item,
        "DescribeTable" => read describe_table,
        "DescribeTimeToLive" => read describe_time_to_live,
        "GetItem" => read get_item,
        "ListTables" => read list_tables,
        "PutItem" => change put_item,
        "Query" => read query,
        "Scan" => read scan,
        "TransactGetItems" => read transact_get_items,
        "TransactWriteItems" => change transact_write_items,
        "UpdateItem" => change update_item,
    )
}

fn parsed<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn written<T: serde::Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// An answer that nobody gets: what it tells may be gone after a power cut.
fn unsynced(error: &std::io::Error) -> DynoxideError {
    tracing::error!(%error, "the table's log was not synced: nothing is answered any more until a restart");
    DynoxideError::InternalServerError("The embedded DynamoDB could not sync its log.".to_owned())
}
