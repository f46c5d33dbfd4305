//! `admin package publish`: files of any size, several at once, each with an outcome of its own.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use packages_api::packages::{DiskFile, Published, publish_from_disk};
use packages_api::{Error, FieldError, PackageId, Result};
use serde::Serialize;

use super::open::Opened;
use super::progress::Progress;
use crate::output::Output;

/// Publishes the files, at most `jobs` at the same time. Answers them in the order of the command line.
pub(super) async fn publish(opened: &Opened, files: &[PathBuf], jobs: usize) -> Output {
    let progress = Progress::new();
    let publishes = files.iter().enumerate().map(|(place, path)| {
        let publish = publish_file(opened, path, &progress);
        async move { (place, publish.await) }
    });
    let mut done: Vec<_> = stream::iter(publishes).buffer_unordered(jobs).collect().await;
    done.sort_by_key(|(place, _)| *place);

    let outcomes: Vec<_> = files
        .iter()
        .zip(&done)
        .map(|(path, (_, outcome))| ShownFile::of(path, outcome))
        .collect();
    let columns = &["file", "outcome", "name", "version", "id"];
    let mut output = Output::many(columns, &outcomes);
    for (path, (_, outcome)) in files.iter().zip(&done) {
        if let Err(error) = outcome {
            output = output.with_failure(format!("{}: {error}", path.display()), error.cause());
        }
    }
    output
}

async fn publish_file(opened: &Opened, path: &Path, progress: &Progress) -> Result<Published> {
    let file = DiskFile::open(path.to_owned()).await?;
    let bar = progress.bar(path, file.size());
    let (context, registry) = (opened.context(), &opened.registry);
    publish_from_disk(&context, registry, opened.operator(), &file, |stored| {
        bar.show(stored);
    })
    .await
}

/// A file and what became of it.
#[derive(Serialize)]
struct ShownFile<'a> {
    file: String,
    /// `published`; `repeated` where it was published before; `refused` where it cannot be published as it is;
    /// `failed` where the table or the bucket did not do their part.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<PackageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl<'a> ShownFile<'a> {
    fn of(path: &Path, outcome: &'a Result<Published>) -> Self {
        let file = path.display().to_string();
        match outcome {
            Ok(Published {
                package, first_time, ..
            }) => Self {
                file,
                outcome: if *first_time { "published" } else { "repeated" },
                name: Some(&package.name),
                version: Some(&package.version),
                variant: package.variant.as_deref(),
                id: Some(package.id),
                message: None,
                errors: &[],
            },
            Err(error) => Self {
                file,
                outcome: if error.cause().is_none() {
                    "refused"
                } else {
                    "failed"
                },
                name: None,
                version: None,
                variant: None,
                id: None,
                message: Some(error.to_string()),
                errors: match error {
                    Error::Invalid(errors) => errors,
                    _ => &[],
                },
            },
        }
    }
}
