//! `ListObjectsV2`: a page costs what it shows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::S3Result;
use s3s::dto::{CommonPrefix, EncodingType, ListObjectsV2Input, ListObjectsV2Output, Object as Listed};

use super::bucket::Bucket;
use super::index::Index;
use super::object::Object;

/// The most that S3 lists at once.
pub(super) const MOST_KEYS: i32 = 1000;
/// Characters of a key that a listing with `encoding-type=url` leaves as they are.
pub(super) const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// One line of a listing.
enum Entry {
    Object(Box<Object>),
    /// All keys that go on after the delimiter, as one.
    Prefix(String),
}

/// A page of a listing.
pub(super) async fn list(bucket: &Bucket, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    bucket.is_meant_by(&input.bucket)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
    let after = input
        .continuation_token
        .clone()
        .or_else(|| input.start_after.clone());
    let most = input.max_keys.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS);
    let wanted = usize::try_from(most).unwrap_or(0);
    let mut entries = bucket
        .store
        .read(move |index| page(index, &prefix, delimiter.as_deref(), after.as_deref(), wanted + 1))
        .await?;
    let truncated = entries.len() > wanted && wanted > 0;
    entries.truncate(wanted);
    let encoded = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let write = |key: String| {
        if encoded {
            utf8_percent_encode(&key, KEPT).to_string()
        } else {
            key
        }
    };
    let mut output = ListObjectsV2Output {
        continuation_token: input.continuation_token,
        delimiter: input.delimiter.map(write),
        encoding_type: input.encoding_type,
        is_truncated: Some(truncated),
        key_count: i32::try_from(entries.len()).ok(),
        max_keys: Some(most),
        name: Some(input.bucket),
        next_continuation_token: entries.last().filter(|_| truncated).map(last_key),
        prefix: input.prefix.map(write),
        start_after: input.start_after.map(write),
        ..ListObjectsV2Output::default()
    };
    for entry in entries {
        match entry {
            Entry::Object(object) => output.contents.get_or_insert_default().push(Listed {
                e_tag: Some(object.etag()),
                last_modified: Some(object.last_modified()),
                size: i64::try_from(object.size).ok(),
                key: Some(write(object.key)),
                ..Listed::default()
            }),
            Entry::Prefix(prefix) => {
                let prefix = CommonPrefix {
                    prefix: Some(write(prefix)),
                };
                output.common_prefixes.get_or_insert_default().push(prefix);
            }
        }
    }
    Ok(output)
}

/// Where the next page goes on.
fn last_key(entry: &Entry) -> String {
    match entry {
        Entry::Object(object) => object.key.clone(),
        Entry::Prefix(prefix) => behind(prefix),
    }
}

/// The place behind every key that starts with `prefix`.
fn behind(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn page(
    index: &Index,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&str>,
    wanted: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    // The prefix itself may be a key.
    let mut place = match after {
        Some(after) if after >= prefix => after.to_owned(),
        _ => match index.object(prefix)? {
            Some(object) if !prefix.is_empty() => {
                entries.push(Entry::Object(Box::new(object)));
                prefix.to_owned()
            }
            _ => prefix.to_owned(),
        },
    };
    while entries.len() < wanted {
        let Some(object) = index
            .next(&place)?
            .filter(|object| object.key.starts_with(prefix))
        else {
            break;
        };
        let rest = object.key.get(prefix.len()..).unwrap_or_default();
        let group = delimiter
            .and_then(|delimiter| rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len()));
        if let Some(group) = group.and_then(|end| object.key.get(..end)) {
            place = behind(group);
            entries.push(Entry::Prefix(group.to_owned()));
        } else {
            place.clone_from(&object.key);
            entries.push(Entry::Object(Box::new(object)));
        }
    }
    Ok(entries)
}
