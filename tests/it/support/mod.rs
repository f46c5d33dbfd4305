//! What the tests stand on.

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod canned;
pub(crate) mod client;
pub(crate) mod contents;
pub(crate) mod fault;
pub(crate) mod fault_proxy;
pub(crate) mod form;
pub(crate) mod gem;
pub(crate) mod many;
pub(crate) mod runtime_api;
pub(crate) mod seed;
pub(crate) mod uploads;
pub(crate) mod whole;

/// A file as a client sends it.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.into(),
        }
    }
}
