//! An answer, and how it is written down: whole, without what no two runs have in common.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// The headers that say something of the answer rather than of its way.
const SHOWN_HEADERS: [&str; 6] = [
    "allow",
    "content-type",
    "ratelimit-reset",
    "retry-after",
    "x-amzn-remapped-www-authenticate",
    "x-request-id",
];

/// Answer to a client.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) base_url: String,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.text()).expect("a body of JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn message(&self) -> String {
        let message = &self.json()["message"];
        message.as_str().expect("a `message`").to_owned()
    }

    /// The package's id.
    pub(crate) fn id(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()["id"].as_str().expect("an `id`").to_owned()
    }

    /// Asserts that this is an error as every error is: JSON with a message, and a request id.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(self.header("x-request-id").is_some());
        assert!(self.message().len() > 10, "{}", self.text());
        self
    }

    /// Status, headers and body in the order in which they were sent. Ids become numbers: equal ids
    /// have equal numbers.
    pub(crate) fn rendered(&self) -> String {
        let mut text = format!("{}\n", self.status);
        for name in SHOWN_HEADERS {
            for value in self.headers.get_all(name) {
                text.push_str(&format!("{name}: {}\n", value.to_str().expect("ASCII")));
            }
        }
        text.push('\n');
        text.push_str(&pretty(self.text()));
        redacted(&text, &self.base_url)
    }
}

/// The same text with names in place of addresses, times and ids.
pub(crate) fn redacted(text: &str, base_url: &str) -> String {
    let mut text = text.replace(base_url, "[base]");
    let mut ids = Vec::new();
    let mut at = 0;
    while at + 36 <= text.len() {
        let id = text.get(at..at + 36).and_then(|id| Uuid::try_parse(id).ok());
        match id {
            Some(id) if !ids.contains(&id) => ids.push(id),
            _ => {}
        }
        at += 1;
    }
    for (number, id) in ids.iter().enumerate() {
        for kind in ["Registry", "RegistryToken", "User", "Organization"] {
            let graphql_id = BASE64.encode(format!("{kind}---{id}"));
            text = text.replace(&graphql_id, &format!("[{kind}---{}]", number + 1));
        }
        text = text.replace(&id.to_string(), &format!("[id {}]", number + 1));
    }
    without_times(&text)
}

/// `"2026-01-02T03:04:05.678Z"` → `"[time]"`.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| {
        let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        let shape: Vec<u8> = word.bytes().map(shape).collect();
        word.ends_with('Z') && shape.starts_with(b"0000-00-00T00:00:00")
    };
    let words = text.split('"');
    let words: Vec<_> = words
        .map(|word| if is_time(word) { "[time]" } else { word })
        .collect();
    words.join("\"")
}

/// JSON over many lines, its keys in the order in which they came.
fn pretty(json: &str) -> String {
    let mut pretty = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek();
        let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
        match character {
            _ if quoted => {
                pretty.push(character);
                quoted = character != '"' || escaped;
                escaped = character == '\\' && !escaped;
                continue;
            }
            '"' => quoted = true,
            '{' | '[' if !matches!(next, Some('}' | ']')) => {
                depth += 1;
                pretty.push(character);
                pretty.push_str(&line(depth));
                continue;
            }
            '}' | ']' if !pretty.ends_with(['{', '[']) => {
                depth -= 1;
                pretty.push_str(&line(depth));
            }
            ',' => {
                pretty.push(',');
                pretty.push_str(&line(depth));
                continue;
            }
            ':' => {
                pretty.push_str(": ");
                continue;
            }
            _ => {}
        }
        pretty.push(character);
    }
    pretty
}
