//! Multipart bodies, byte for byte as clients send them.

use super::file::File;

/// A boundary as curl makes them.
pub(crate) const BOUNDARY: &str = "------------------------a95d0f2e6ab4b2b1";

/// A body and the type that its header claims.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Form {
    /// Form as the documented command puts it on the wire: `curl -H "Content-Type: application/json" -F …`.
    pub(crate) fn documented(file: &File) -> Self {
        let mut form = Self::of(&[Part::file("attachment", file)]);
        form.content_type = format!("application/json; boundary={BOUNDARY}");
        form
    }

    /// The same command without the header.
    pub(crate) fn usual(file: &File) -> Self {
        Self::of(&[Part::file("form-data", file)])
    }

    /// A form of these parts.
    pub(crate) fn of(parts: &[Part]) -> Self {
        let mut body = Vec::new();
        for part in parts {
            body.extend(format!("--{BOUNDARY}\r\n{}\r\n\r\n", part.head).as_bytes());
            body.extend(&part.content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        Self {
            content_type: format!("multipart/form-data; boundary={BOUNDARY}"),
            body,
        }
    }

    pub(crate) fn with_content_type(mut self, content_type: &str) -> Self {
        content_type.clone_into(&mut self.content_type);
        self
    }
}

/// One part of a form: its headers and its content.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) head: String,
    pub(crate) content: Vec<u8>,
}

impl Part {
    pub(crate) fn new(head: &str, content: impl Into<Vec<u8>>) -> Self {
        Self {
            head: head.to_owned(),
            content: content.into(),
        }
    }

    /// A file as curl sends it.
    pub(crate) fn file(disposition: &str, file: &File) -> Self {
        let head = format!(
            "Content-Disposition: {disposition}; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream",
            file.name
        );
        Self::new(&head, file.bytes.clone())
    }

    /// A plain field.
    pub(crate) fn field(name: &str, value: &str) -> Self {
        Self::new(&format!("Content-Disposition: form-data; name=\"{name}\""), value)
    }
}
