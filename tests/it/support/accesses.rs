//! Permissions that a request to AWS takes: the IAM action, and the partition or the object that it is about.

use std::collections::BTreeSet;

use http::request::Parts;
use serde_json::Value;

use super::canned::Service;

/// An action of IAM and what it is done to: a partition of the table, or an object's key.
pub(crate) type Access = (String, String);

/// Everything that one request takes.
pub(crate) fn of(service: Service, operation: &str, head: &Parts, body: &[u8]) -> BTreeSet<Access> {
    match service {
        Service::DynamoDb => {
            let request = serde_json::from_slice(body).expect("DynamoDB speaks JSON");
            of_table(operation, &request)
        }
        Service::S3 => of_bucket(operation, head),
    }
}

fn of_table(operation: &str, request: &Value) -> BTreeSet<Access> {
    let mut accesses = BTreeSet::new();
    let mut add = |action: &str, item: &Value| {
        // A scan is of no partition.
        let partition = item["pk"]["S"].as_str().unwrap_or_default();
        accesses.insert((format!("dynamodb:{action}"), partition.to_owned()));
    };
    let members = |value: &Value| value.as_object().expect("an object").clone();
    match operation {
        "BatchGetItem" => {
            for (_, read) in members(&request["RequestItems"]) {
                let keys = read["Keys"].as_array().expect("keys");
                for key in keys {
                    add(operation, key);
                }
            }
        }
        "BatchWriteItem" => {
            for (_, writes) in members(&request["RequestItems"]) {
                for write in writes.as_array().expect("writes") {
                    add(operation, &write["DeleteRequest"]["Key"]);
                }
            }
        }
        // A transaction takes what its parts take.
        "TransactWriteItems" => {
            for item in request["TransactItems"].as_array().expect("items") {
                for (part, write) in members(item) {
                    match part.as_str() {
                        "Put" => add("PutItem", &write["Item"]),
                        "Delete" => add("DeleteItem", &write["Key"]),
                        "Update" => add("UpdateItem", &write["Key"]),
                        _ => add("ConditionCheckItem", &write["Key"]),
                    }
                }
            }
        }
        "Query" => {
            let values = &request["ExpressionAttributeValues"];
            add(operation, &serde_json::json!({"pk": values[":pk"]}));
        }
        "PutItem" => add(operation, &request["Item"]),
        _ => add(operation, &request["Key"]),
    }
    accesses
}

fn of_bucket(operation: &str, head: &Parts) -> BTreeSet<Access> {
    let key = |path: &str| {
        let path = path.trim_start_matches('/');
        path.split_once('/').map_or("", |(_bucket, key)| key).to_owned()
    };
    let own = key(head.uri.path());
    let accesses = match operation {
        "HeadObject" | "GetObject" => vec![("GetObject", own)],
        "CopyObject" => {
            let source = head.headers["x-amz-copy-source"].to_str().expect("ASCII");
            vec![("GetObject", key(source)), ("PutObject", own)]
        }
        "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => vec![("PutObject", own)],
        other => vec![(other, own)],
    };
    let accesses = accesses.into_iter();
    accesses
        .map(|(action, key)| (format!("s3:{action}"), key))
        .collect()
}
