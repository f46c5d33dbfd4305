//! The page of a project, in HTML and in JSON, file by file.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::accept::Form;
use super::project::ProjectFile;
use crate::error::{Error, Result};
use crate::time::rfc3339_millis;

/// Version of the Simple API: PEP 700.
const API_VERSION: &str = "1.1";

/// Bytes of a page. Some 50,000 files have one of this size.
pub(super) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Characters that an address keeps as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A page that is being written.
pub(super) struct Page<'a> {
    form: Form,
    /// Absolute address of the registry's native root.
    root: &'a str,
    /// The project's normalized name.
    name: &'a str,
    /// Versions that have been seen, each in the first of its spellings.
    versions: Vec<String>,
    seen: HashSet<String>,
    /// The files so far: links, or objects with commas between them.
    files: String,
}

/// A file, as PEP 691 and PEP 700 have it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct File<'a> {
    filename: &'a str,
    url: &'a str,
    hashes: Sha256<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires_python: Option<&'a str>,
    /// PEP 714. The name of PEP 658 is left out: some versions of pip fail when it is an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    core_metadata: Option<Sha256<'a>>,
    size: u64,
    upload_time: String,
}

#[derive(Serialize)]
pub(super) struct Sha256<'a> {
    pub(super) sha256: &'a str,
}

/// The whole page as JSON.
#[derive(Serialize)]
struct Project<'a> {
    meta: Meta,
    name: &'a str,
    versions: &'a [String],
    files: &'a RawValue,
}

/// Head of every answer in JSON.
#[derive(Serialize)]
pub(super) struct Meta {
    #[serde(rename = "api-version")]
    api_version: &'static str,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            api_version: API_VERSION,
        }
    }
}

impl<'a> Page<'a> {
    pub(super) fn new(form: Form, root: &'a str, name: &'a str) -> Self {
        Self {
            form,
            root,
            name,
            versions: Vec::new(),
            seen: HashSet::new(),
            files: String::new(),
        }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`Error::AnswerTooLarge`] where the page has become too large to be held.
    pub(super) fn add(&mut self, package: &ProjectFile) -> Result<()> {
        if !self.seen.contains(&package.normalized_version) {
            self.seen.insert(package.normalized_version.clone());
            self.versions.push(package.version.clone());
        }
        let filename = encode(&package.filename);
        let url = format!("{}/pypi/files/{}/{filename}", self.root, package.id);
        match self.form {
            Form::Html | Form::VersionedHtml => self.add_link(package, &url),
            Form::Json => self.add_object(package, &url)?,
        }
        if self.files.len() > MAX_BYTES {
            return Err(Error::AnswerTooLarge(self.files.len()));
        }
        Ok(())
    }

    /// A link of PEP 503.
    fn add_link(&mut self, package: &ProjectFile, url: &str) {
        let requires = package.facts.requires_python.as_deref();
        let requires = requires.map(|versions| format!(" data-requires-python=\"{}\"", escape(versions)));
        let metadata = package.facts.metadata_sha256.as_deref();
        // By the name of PEP 714, and by that of PEP 658 for older clients.
        let metadata = metadata.map(|sha256| {
            format!(" data-core-metadata=\"sha256={sha256}\" data-dist-info-metadata=\"sha256={sha256}\"")
        });
        let link = format!(
            "<a href=\"{}#sha256={}\"{}{}>{}</a><br>\n",
            escape(url),
            package.digests.sha256,
            requires.unwrap_or_default(),
            metadata.unwrap_or_default(),
            escape(&package.filename)
        );
        self.files.push_str(&link);
    }

    fn add_object(&mut self, package: &ProjectFile, url: &str) -> Result<()> {
        let sha256 = &package.digests.sha256.to_string();
        let metadata = package.facts.metadata_sha256.as_deref();
        let file = File {
            filename: &package.filename,
            url,
            hashes: Sha256 { sha256 },
            requires_python: package.facts.requires_python.as_deref(),
            core_metadata: metadata.map(|sha256| Sha256 { sha256 }),
            size: package.size,
            upload_time: rfc3339_millis(package.id.minted_at()),
        };
        let object = serde_json::to_string(&file).map_err(internal)?;
        if !self.files.is_empty() {
            self.files.push(',');
        }
        self.files.push_str(&object);
        Ok(())
    }

    /// Whether no file was added.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text of the page.
    pub(super) fn finish(self) -> Result<String> {
        if self.form == Form::Json {
            let files = RawValue::from_string(format!("[{}]", self.files)).map_err(internal)?;
            let project = Project {
                meta: Meta::default(),
                name: self.name,
                versions: &self.versions,
                files: &files,
            };
            return serde_json::to_string(&project).map_err(internal);
        }
        Ok(document(&format!("Links for {}", escape(self.name)), &self.files))
    }
}

/// A page of links in HTML, under a title that is HTML already.
pub(super) fn document(title: &str, links: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta name=\"pypi:repository-version\" content=\"{API_VERSION}\">\n\
         <title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n{links}</body>\n</html>\n"
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(super) fn internal(error: serde_json::Error) -> Error {
    Error::Internal(error.to_string())
}

/// Text as one segment of an address has it.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Text as HTML has it, in an element and in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
