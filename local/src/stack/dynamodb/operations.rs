//! The operations of DynamoDB on items, by the names that requests ask for them.

use dynoxide::{Database, DynoxideError};

const TARGET: &str = "DynamoDB_20120810.";

/// Runs the operation that a request's target names, and returns the answer's JSON; none where
/// nothing has this name.
pub(super) fn run(database: &Database, target: &str, body: &str) -> Option<Result<String, DynoxideError>> {
    macro_rules! find {
        ($name:expr, $($operation:literal => $method:ident),* $(,)?) => {
            match $name {
                $($operation => Some(read(body).and_then(|request| written(&database.$method(request)?))),)*
                _ => None,
            }
        };
    }
    find!(target.strip_prefix(TARGET)?,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "DeleteItem" => delete_item,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "GetItem" => get_item,
        "ListTables" => list_tables,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UpdateItem" => update_item,
    )
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn written<T: serde::Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
