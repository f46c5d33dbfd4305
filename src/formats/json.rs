//! JSON that strangers wrote, bounded.
//!
//! A tree of JSON takes many times the bytes of its text, so values are counted before it is built.

use serde_json::Value;

use super::budget::Budget;

/// Objects and arrays; an object with one member takes some 600 bytes.
const MAX_COLLECTIONS: usize = 30_000;
/// Values of all kinds.
const MAX_VALUES: usize = 500_000;

/// Reads JSON, with or without a byte order mark; an error is a phrase.
pub(super) fn read(bytes: &[u8], budget: &Budget) -> Result<Value, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (collections, values) = counts(bytes);
    if collections > MAX_COLLECTIONS || values > MAX_VALUES {
        return Err(format!(
            "it holds more than {MAX_COLLECTIONS} objects or {MAX_VALUES} values"
        ));
    }
    budget.items(values)?;
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Collections, and all values, at least as many as there are.
fn counts(bytes: &[u8]) -> (usize, usize) {
    let (mut collections, mut values) = (0, 1);
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                collections += 1;
                values += 1;
            }
            b',' => values += 1,
            _ => {}
        }
    }
    (collections, values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::budget::fixtures::ample;
    use super::*;

    fn read(bytes: &[u8]) -> Result<Value, String> {
        super::read(bytes, &ample())
    }

    #[test]
    fn values_are_counted_outside_of_texts() {
        let text = br#"{"a": "[,{\"", "b": [1, 2]}"#;
        assert_eq!(counts(text), (2, 5));
        assert_eq!(read(text), Ok(json!({"a": "[,{\"", "b": [1, 2]})));
    }

    #[test]
    fn too_many_values_are_refused() {
        let many = format!("[{}]", "{},".repeat(MAX_COLLECTIONS));
        assert!(
            read(many.as_bytes())
                .unwrap_err()
                .starts_with("it holds more than 30000")
        );
    }

    #[test]
    fn a_byte_order_mark_does_not_disturb_and_depth_is_bounded() {
        assert_eq!(read(b"\xef\xbb\xbf1"), Ok(json!(1)));
        assert!(read("[".repeat(1000).as_bytes()).is_err());
    }
}
