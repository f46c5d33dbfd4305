//! The files of a project, as far as its documents show them.

use crate::error::Result;
use crate::formats::python::{MAX_REQUIRES_PYTHON_BYTES, NameFacts};
use crate::packages::{Context, NamePages, NamedPackage};
use crate::records::{NameEntries, Registry};

/// A file of a project.
pub(super) type ProjectFile = NamedPackage<NameFacts>;

/// All files that the documents of a project show, newest first, page by page.
pub(super) struct ProjectFiles<'a>(NamePages<'a, NameFacts>);

impl<'a> ProjectFiles<'a> {
    /// Files of the project `name`, of which the `first` were read beside the registry.
    pub(super) fn new(
        context: &'a Context,
        registry: &'a Registry,
        name: &'a str,
        first: NameEntries,
    ) -> Self {
        Self(NamePages::new(context, registry, name, first))
    }

    /// The next page, which may be empty; `None` after the last one. Costs as much as [`NamePages::next`].
    pub(super) async fn next(&mut self) -> Result<Option<Vec<ProjectFile>>> {
        let page = self.0.next().await?;
        Ok(page.map(|files| files.into_iter().filter(is_shown).collect()))
    }
}

/// Whether documents show a file. One that asks for Python in too many words, as earlier versions published it, must
/// not take them from the others.
fn is_shown(file: &ProjectFile) -> bool {
    let requires = file.facts.requires_python.as_deref().unwrap_or_default();
    let is_shown = requires.len() <= MAX_REQUIRES_PYTHON_BYTES;
    if !is_shown {
        tracing::warn!(package_id = %file.id, "a file with a long Requires-Python is left out of its project's documents");
    }
    is_shown
}
