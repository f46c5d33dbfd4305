//! `GET pypi/{name}/json`: a project in the JSON of `PyPI`'s older API (Warehouse, "JSON API").

use std::collections::BTreeMap;

use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::accept::{tag, tagged};
use super::page::{not_found, redirect_to};
use super::project::{ProjectFile, ProjectFiles};
use super::rendering::{MAX_BYTES, Sha256, encode, internal};
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::formats::python::{Facts, Precedence};
use crate::id::PackageId;
use crate::native::Request;
use crate::packages::Metadata;
use crate::time::{rfc3339_millis, rfc3339_seconds};

/// Files of one version that are being collected.
struct Release {
    /// The version in the spelling of its newest file.
    version: String,
    /// Its newest file.
    newest: PackageId,
    /// Objects with commas between them.
    files: String,
}

/// The whole answer.
#[derive(Serialize)]
struct Project<'a> {
    info: Info<'a>,
    /// Number of a change at `PyPI`. There is none here.
    last_serial: u64,
    releases: BTreeMap<&'a str, Box<RawValue>>,
    /// Files of the version that `info` is about.
    urls: &'a RawValue,
    vulnerabilities: [(); 0],
}

/// The metadata of a version's newest file. The long description is not kept.
#[derive(Serialize)]
struct Info<'a> {
    author: Option<&'a str>,
    author_email: Option<&'a str>,
    bugtrack_url: Option<&'a str>,
    classifiers: &'a [std::borrow::Cow<'a, str>],
    description: Option<&'a str>,
    description_content_type: Option<&'a str>,
    dynamic: &'a [std::borrow::Cow<'a, str>],
    home_page: Option<&'a str>,
    keywords: Option<&'a str>,
    license: Option<&'a str>,
    license_expression: Option<&'a str>,
    license_files: &'a [std::borrow::Cow<'a, str>],
    maintainer: Option<&'a str>,
    maintainer_email: Option<&'a str>,
    name: &'a str,
    package_url: &'a str,
    project_url: &'a str,
    project_urls: BTreeMap<&'a str, &'a str>,
    provides_extra: &'a [std::borrow::Cow<'a, str>],
    requires_dist: &'a [std::borrow::Cow<'a, str>],
    requires_python: Option<&'a str>,
    summary: Option<&'a str>,
    version: &'a str,
    yanked: bool,
    yanked_reason: Option<&'a str>,
}

/// A file. Of its digests, the registry keeps the one that is listed.
#[derive(Serialize)]
struct File<'a> {
    comment_text: &'static str,
    digests: Sha256<'a>,
    downloads: i8,
    filename: &'a str,
    has_sig: bool,
    packagetype: &'static str,
    python_version: &'a str,
    requires_python: Option<&'a str>,
    size: u64,
    upload_time: &'a str,
    upload_time_iso_8601: String,
    url: String,
    yanked: bool,
    yanked_reason: Option<&'a str>,
}

/// Answers a project. Two round trips; one more for each thousand files above the first fifty, and one where the
/// metadata is an object of its own.
pub(super) async fn answer(request: Request<'_>) -> Result<Response<Body>> {
    let name = request.value(0);
    let normal = Ecosystem::Python.normalize(name);
    if name != normal {
        return redirect_to(&request, &format!("{}/json", encode(&normal))).await;
    }
    let context = &request.call.context;
    let (access, first) = request.authorize_with_name(name).await?;
    let registry = &access.registry;
    let root = request.root();
    let mut releases: BTreeMap<String, Release> = BTreeMap::new();
    let mut bytes = 0;
    let mut pages = ProjectFiles::new(context, registry, name, first);
    while let Some(packages) = pages.next().await? {
        for package in &packages {
            let file = file(package, &root)?;
            bytes += file.len();
            if bytes > MAX_BYTES {
                return Err(Error::AnswerTooLarge(bytes));
            }
            add(&mut releases, package, &file);
        }
    }
    let latest = releases.values().max_by_key(|own| Precedence::of(&own.version));
    let latest = latest.ok_or_else(|| not_found(registry, name))?;
    let id = latest.newest;
    let mut found = context.records.packages_of(registry, &[id]).await?;
    // Deleted since its name was read.
    let package = found.remove(&id).ok_or_else(|| not_found(registry, name))?;
    let metadata = String::from(Metadata::read(context, registry, &package).await?);
    let facts: Facts<'_> = serde_json::from_str(&metadata)
        .map_err(|error| Error::Internal(format!("facts of {id}: {error}")))?;
    let page = format!("{root}/pypi/simple/{}/", encode(name));
    let urls = list(&latest.files)?;
    let releases = releases
        .values()
        .map(|own| Ok((own.version.as_str(), list(&own.files)?)))
        .collect::<Result<_>>()?;
    let project = Project {
        info: info(&facts, &package.name, &package.version, &page),
        last_serial: 0,
        releases,
        urls: &urls,
        vulnerabilities: [],
    };
    let text = serde_json::to_string(&project).map_err(internal)?;
    let tag = tag(&text)?;
    Ok(tagged("application/json", tag, text))
}

/// Adds a file to those of its version. Files come newest first.
fn add(releases: &mut BTreeMap<String, Release>, package: &ProjectFile, file: &str) {
    let release = releases
        .entry(package.normalized_version.clone())
        .or_insert_with(|| Release {
            version: package.version.clone(),
            newest: package.id,
            files: String::new(),
        });
    if !release.files.is_empty() {
        release.files.push(',');
    }
    release.files.push_str(file);
}

fn list(files: &str) -> Result<Box<RawValue>> {
    RawValue::from_string(format!("[{files}]")).map_err(internal)
}

/// A file as JSON.
fn file(package: &ProjectFile, root: &str) -> Result<String> {
    let filename = package.filename.as_str();
    let lower = filename.to_ascii_lowercase();
    let (packagetype, python_version) = match lower.strip_suffix(".whl") {
        Some(stem) => ("bdist_wheel", stem.rsplit('-').nth(2).unwrap_or_default()),
        None => ("sdist", "source"),
    };
    let sha256 = &package.digests.sha256.to_string();
    let uploaded = package.id.minted_at();
    let seconds = rfc3339_seconds(uploaded);
    let file = File {
        comment_text: "",
        digests: Sha256 { sha256 },
        downloads: -1,
        filename,
        has_sig: false,
        packagetype,
        python_version,
        requires_python: package.facts.requires_python.as_deref(),
        size: package.size,
        upload_time: seconds.trim_end_matches('Z'),
        upload_time_iso_8601: rfc3339_millis(uploaded),
        url: format!("{root}/pypi/files/{}/{}", package.id, encode(filename)),
        yanked: false,
        yanked_reason: None,
    };
    serde_json::to_string(&file).map_err(internal)
}

fn info<'a>(facts: &'a Facts<'a>, name: &'a str, version: &'a str, page: &'a str) -> Info<'a> {
    let links = facts.project_urls.iter().filter_map(|link| link.split_once(','));
    Info {
        author: facts.author.as_deref(),
        author_email: facts.author_email.as_deref(),
        bugtrack_url: None,
        classifiers: &facts.classifiers,
        description: None,
        description_content_type: facts.description_content_type.as_deref(),
        dynamic: &facts.dynamic,
        home_page: facts.home_page.as_deref(),
        keywords: facts.keywords.as_deref(),
        license: facts.license.as_deref(),
        license_expression: facts.license_expression.as_deref(),
        license_files: &facts.license_files,
        maintainer: facts.maintainer.as_deref(),
        maintainer_email: facts.maintainer_email.as_deref(),
        name,
        package_url: page,
        project_url: page,
        project_urls: links.map(|(label, url)| (label.trim(), url.trim())).collect(),
        provides_extra: &facts.provides_extra,
        requires_dist: &facts.requires_dist,
        requires_python: facts.requires_python.as_deref(),
        summary: facts.summary.as_deref(),
        version,
        yanked: false,
        yanked_reason: None,
    }
}
