//! `POST pypi/`: the form that twine and uv send (Upload API).
//!
//! Name, version and everything else of a package come from its file. What the form says of it must be so: a
//! client that means another file is told, instead of publishing what it did not mean.

use std::borrow::Cow;

use blake2::Blake2b;
use blake2::digest::consts::U32;
use bytes::Bytes;
use lambda_http::{Body, Response};
use md5::{Digest as _, Md5};

use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::form::{self, Fields, File};
use crate::formats::Manifest;
use crate::formats::python::{Facts, normalize_version};
use crate::http::shown;
use crate::native::{Refusal, Request};
use crate::packages::{self, Filename, PackageFile, digest};
use crate::permission::Permission;

/// Publishes the file in `content`. Three round trips, as every publish.
pub(super) async fn answer(mut request: Request<'_>) -> Result<Response<Body>> {
    let body = request.take_body()?;
    let form = form::read_fields(request.call.headers, body, "content").await;
    let (file, fields) = match form {
        Ok(form) => form,
        // Mistakes in a form are told only to callers that may publish.
        Err(error) => {
            request.authorize(Permission::Publish).await?;
            return Err(error);
        }
    };
    let File { filename, bytes } = file;
    let authorized = request.authorize(Permission::Publish);
    let (access, file) = PackageFile::hash(Filename::Given(filename), bytes, authorized).await?;
    check_action(&fields)?;
    check_attestations(&fields)?;
    check_digests(&fields, file.bytes().clone(), file.sha256()).await?;
    let (registry, by) = (&access.registry, access.actor());
    let context = &request.call.context;
    let check = |manifest: &Manifest| check_manifest(&fields, manifest);
    let outcome = packages::publish_checked(context, registry, &by, file, None, check).await;
    let published = match outcome {
        Err(Error::Taken { release, holder }) => {
            return Err(Error::Conflict(format!(
                "File already exists: {release} is published with other content, as package {holder} \
                 ({}). Publish this file as a new version, or delete that package first.",
                request.call.urls.registry(&registry.address).package(holder)
            )));
        }
        other => other?,
    };
    let package = published.package;
    let message = format!("{} is published as package {}.", package.filename, package.id);
    Ok(Response::new(Body::Text(Refusal::plain(&message).body)))
}

/// Refuses what is no upload of a file.
fn check_action(fields: &Fields) -> Result<()> {
    match fields.get(":action") {
        Some("file_upload") => Ok(()),
        _ => Err(Error::BadRequest(
            "The form's field `:action` must be `file_upload`: send the form as twine and uv make it."
                .to_owned(),
        )),
    }
}

/// Refuses attestations of PEP 740, instead of dropping what a publisher believes to be kept.
fn check_attestations(fields: &Fields) -> Result<()> {
    match fields.get("attestations").map(str::trim) {
        None | Some("" | "[]") => Ok(()),
        Some(_) => Err(Error::BadRequest(
            "This registry does not keep attestations of PEP 740, so the file was not published. Upload it without \
             `--attestations` (twine) or with `--no-attestations` (uv)."
                .to_owned(),
        )),
    }
}

/// Compares the digests that the form states with those of the file.
async fn check_digests(fields: &Fields, bytes: Bytes, own_sha256: Digest<32>) -> Result<()> {
    let stated = ["md5_digest", "sha256_digest", "blake2_256_digest"];
    let [md5, sha256, blake2] =
        stated.map(|name| fields.get(name).map(str::trim).filter(|text| !text.is_empty()));
    let (needs_md5, needs_blake2) = (md5.is_some(), blake2.is_some());
    let (own_md5, own_blake2) = digest(bytes, move |bytes| {
        let md5 = needs_md5.then(|| hex::encode(Md5::digest(bytes)));
        let blake2 = needs_blake2.then(|| hex::encode(Blake2b::<U32>::digest(bytes)));
        (md5, blake2)
    })
    .await?;
    let own_sha256 = Some(own_sha256.to_string());
    for (name, stated, own) in [
        ("md5_digest", md5, own_md5),
        ("sha256_digest", sha256, own_sha256),
        ("blake2_256_digest", blake2, own_blake2),
    ] {
        if let (Some(stated), Some(own)) = (stated, own)
            && !own.eq_ignore_ascii_case(stated)
        {
            return Err(Error::BadRequest(format!(
                "The form's `{name}` is `{}`, and that of the file is `{own}`: the file changed while it was sent. \
                 Upload it again.",
                shown(stated)
            )));
        }
    }
    Ok(())
}

/// Compares what the form says of the file with what the file says of itself.
fn check_manifest(fields: &Fields, manifest: &Manifest) -> Result<()> {
    let facts: Facts<'_> = serde_json::from_str(manifest.metadata.as_str())
        .map_err(|error| Error::Internal(format!("facts of a file: {error}")))?;
    let metadata_version = facts.metadata_version.as_deref().unwrap_or_default().trim();
    for (name, own) in [
        ("name", manifest.name.as_str()),
        ("version", &manifest.version),
        ("filetype", facts.filetype.as_str()),
        ("metadata_version", metadata_version),
    ] {
        let Some(stated) = fields
            .get(name)
            .map(str::trim)
            .filter(|stated| !stated.is_empty())
        else {
            continue;
        };
        if comparable(name, stated) != comparable(name, own) {
            return Err(Error::BadRequest(format!(
                "The form's `{name}` is `{}`, and that of the file is `{own}`. Build the file again, and upload it \
                 with a current twine or uv.",
                shown(stated)
            )));
        }
    }
    Ok(())
}

/// The value of a field in the one spelling of all that are equal to it.
fn comparable<'a>(field: &str, value: &'a str) -> Cow<'a, str> {
    match field {
        "name" => Ecosystem::Python.normalize(value).into(),
        "version" => normalize_version(value).map_or(Cow::Borrowed(value), Cow::Owned),
        _ => value.into(),
    }
}
