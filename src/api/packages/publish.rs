//! `POST …/packages`: the form's `file`, or the upload that its `package_url` names.

use std::io::Cursor;

use lambda_http::{Body, Response};

use super::release::{Candidate, release};
use super::upload::publish_upload;
use super::{Metadata, PUBLISHING};
use crate::api::reading::in_place;
use crate::api::{Call, blocking};
use crate::auth::{self, RegistryPath};
use crate::digest::{Digest, Digests};
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::form::{self, File, Form};
use crate::formats;
use crate::id::PackageId;

/// Publishes a package.
pub(crate) async fn publish(call: &Call<'_>, path: RegistryPath<'_>, body: Body) -> Result<Response<Body>> {
    // Without a token that could be one, the body is not even looked at.
    call.caller.secret()?;
    match form::read(call.headers, body).await {
        Ok(Form::File(file)) => call.in_time(publish_file(call, path, file)).await,
        Ok(Form::PackageUrl(url)) => publish_upload(call, path, &url).await,
        // What is wrong with a form is told only to those who may publish.
        Err(error) => {
            let request = auth::Request {
                scopes: &[PUBLISHING],
                ..auth::Request::default()
            };
            call.in_time(auth::enter(call.records, call.caller, path, request))
                .await?;
            Err(error)
        }
    }
}

/// Three round trips: token and registry, the file, the release.
async fn publish_file(call: &Call<'_>, path: RegistryPath<'_>, file: File) -> Result<Response<Body>> {
    // Who are you, and may you? Asked while the file is hashed.
    let request = auth::Request {
        scopes: &[PUBLISHING],
        ..auth::Request::default()
    };
    let bytes = file.bytes.clone();
    let (access, sha256) = tokio::join!(
        auth::enter(call.records, call.caller, path, request),
        blocking(move || Digest::sha256(&bytes))
    );
    let (access, sha256) = (access?, sha256?);
    let registry = &access.registry;

    // What is it? The file itself says so.
    let mut source = Cursor::new(&file.bytes);
    let mut manifest = in_place(call, |cancellation| {
        formats::read_until(registry.ecosystem, &file.filename, &mut source, cancellation)
    })??;
    let metadata = Metadata::from(std::mem::take(&mut manifest.metadata));
    let candidate = Candidate {
        manifest,
        filename: file.filename,
        size: file.bytes.len() as u64,
    };

    // The file first, with its SHA-256; the SHA-512 is taken meanwhile. Then the release.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let bytes = file.bytes.clone();
    let ((), (), sha512) = tokio::try_join!(
        call.files.put(&key, file.bytes, sha256),
        metadata.store(call, registry, id),
        blocking(move || Digest::sha512(&bytes))
    )?;
    let digests = Digests {
        sha256,
        sha512: Some(sha512),
    };
    let package = candidate.into_package(id, registry, &access.token, digests, &metadata);
    release(call, registry, &package, metadata, None, call.deadline).await
}
