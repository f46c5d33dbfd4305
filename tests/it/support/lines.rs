//! A small renderer, by which the engine of indexes is tested: documents whose lines are packages and names.

use packages_api::indexes::{Document, Renderer, document};
use packages_api::packages::Context;
use packages_api::records::{Package, Records, Registry};
use packages_api::{Ecosystem, Error, Files};
use tokio::time::{Duration, Instant};

use super::app::TestApp;

/// The renderer of this format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines(&'static str);

pub(crate) static LINES: Lines = Lines("lines-1");
pub(crate) static OTHER_LINES: Lines = Lines("lines-2");

/// Name of packages that the renderer cannot render.
pub(crate) const UNSPEAKABLE: &str = "unspeakable";

/// The renderers of a test's sweep.
pub(crate) fn renderers(ecosystem: Ecosystem) -> &'static [&'static dyn Renderer] {
    static RUBY: &[&dyn Renderer] = &[&LINES];
    if ecosystem == Ecosystem::Ruby { RUBY } else { &[] }
}

/// The renderers of a sweep that has nothing to do with indexes.
pub(crate) fn no_renderers(_: Ecosystem) -> &'static [&'static dyn Renderer] {
    &[]
}

impl Renderer for Lines {
    fn format(&self) -> &'static str {
        self.0
    }

    fn documents(&self) -> &'static [&'static str] {
        &["packages", "names"]
    }

    fn has_text_digests(&self, document: usize) -> bool {
        document == 0
    }

    fn member(&self, package: &Package, metadata: &str) -> Result<Vec<u8>, String> {
        assert!(metadata.starts_with('{'), "metadata is an object");
        assert_ne!(package.name, "panic", "a renderer that fails");
        if package.name == UNSPEAKABLE {
            return Err("Its name cannot be spoken.".to_owned());
        }
        Ok(format!("{} {}\n", package.name, package.version).into_bytes())
    }

    fn render(&self, name: &str, members: &[&[u8]], documents: &mut [Vec<u8>]) -> Vec<u64> {
        documents[0].extend(members.concat());
        documents[1].extend(format!("{name}\n").into_bytes());
        vec![members.len() as u64, 1]
    }

    fn prologue(&self, document: usize, entries: u64, registry: &Registry) -> Vec<u8> {
        match document {
            0 => format!("# {}\n", registry.address).into_bytes(),
            _ => format!("# {entries} names\n").into_bytes(),
        }
    }

    fn epilogue(&self, document: usize) -> Vec<u8> {
        if document == 0 {
            b"# end\n".to_vec()
        } else {
            Vec::new()
        }
    }
}

/// One sandbox that reads indexes.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) records: Records,
    pub(crate) files: Files,
    pub(crate) registry: Registry,
}

impl Reader {
    /// A sandbox of its own, with nothing in memory.
    pub(crate) fn of(app: &TestApp, sdk: &aws_config::SdkConfig) -> Self {
        Self {
            records: Records::new(sdk, app.stack.table()),
            files: Files::new(sdk, app.stack.bucket()),
            registry: app.registry.clone(),
        }
    }

    pub(crate) fn context(&self) -> Context {
        let answer_by = Instant::now() + Duration::from_secs(20);
        Context::new(self.records.clone(), self.files.clone(), answer_by)
    }

    pub(crate) async fn try_read(&self, lines: &'static Lines, name: &str) -> Result<Document, Error> {
        let changes = self.records.first_changes(&self.registry.address).await?;
        document(&self.context(), &self.registry, lines, name, changes).await
    }

    pub(crate) async fn document(&self, name: &str) -> Document {
        self.try_read(&LINES, name).await.expect("a document")
    }

    /// The text of a document.
    pub(crate) async fn read(&self, name: &str) -> String {
        text(&self.document(name).await)
    }

    /// The packages that the index shows.
    pub(crate) async fn packages(&self) -> Vec<String> {
        let text = self.read("packages").await;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }
}

/// The text of a document, read by a reader of gzip that is not ours.
pub(crate) fn text(document: &Document) -> String {
    let mut text = String::new();
    let mut decoder = flate2::read::GzDecoder::new(&document.gzip[..]);
    std::io::Read::read_to_string(&mut decoder, &mut text).expect("gzip");
    assert_eq!(document.text().expect("a text"), text.as_bytes());
    text
}
