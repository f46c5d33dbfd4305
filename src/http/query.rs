//! Parameters of a request's query.

use percent_encoding::percent_decode_str;

/// A request's query as it was sent. It is decoded when a parameter is looked up, which is after the
/// caller was authorized.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The value of the first parameter of this name, decoded.
    pub(crate) fn get(self, name: &str) -> Option<String> {
        let pairs = self.0.split('&');
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(own, _)| decode(own) == name)?;
        Some(decode(value))
    }

    /// The value of the first parameter of this name, unless it is empty: scripts send that for want
    /// of a value.
    pub(crate) fn get_non_empty(self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// Decodes as HTML forms and the URL standard encode a query: `+` is a space.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
