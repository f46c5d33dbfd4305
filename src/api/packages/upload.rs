//! Files of any size: a form to post one straight to the bucket, and publishing what was posted.

use lambda_http::{Body, Response};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::heal::{is_whole, stored};
use super::posted_name::{decode, posted_names};
use super::release::{Candidate, RELEASE_TIME, release, taken};
use super::{Metadata, PUBLISHING, work};
use crate::api::{Call, reading, views};
use crate::auth::{self, Access, RegistryPath};
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::files::{Content, Kind, MAX_UPLOAD_BYTES, ObjectKey, RangedSource, UPLOADS, changed_meanwhile};
use crate::form::usable_filename;
use crate::formats::{self, Manifest};
use crate::id::PackageId;
use crate::records::{Posted, Registry, Work};

/// Up to this size a publish reads the whole file for its digests: some 12 seconds in a function.
/// Of a larger file S3 takes the SHA-256, with the copy, and there is no SHA-512.
const MAX_HASHED_BYTES: u64 = 1024 * 1024 * 1024;

/// Longer than any address of an upload: of its name, which has 255 bytes, each may be escaped twice.
const MAX_PACKAGE_URL_BYTES: usize = 4096;

/// `POST …/packages/upload`: a form for one file, under a prefix of its own.
pub(crate) async fn request_upload(call: &Call<'_>, path: RegistryPath<'_>) -> Result<Response<Body>> {
    let request = auth::Request {
        scopes: &[PUBLISHING],
        ..auth::Request::default()
    };
    let access = auth::enter(call.records, call.caller, path, request).await?;
    let registry = &access.registry;
    let (upload, placeholder) = (Uuid::now_v7(), "${filename}");
    let key = ObjectKey::upload(&registry.address, upload, placeholder);
    let form = call.files.post_form(&key).await?;
    views::upload(call.files.uri(&key, placeholder), form)
}

/// Publishes what was posted. Whoever asks again gets the same package, at once.
///
/// Reading a large file can take longer than the gateway waits; it goes on then, and the repeat
/// finds what it came to.
pub(super) async fn publish_upload(
    call: &Call<'_>,
    path: RegistryPath<'_>,
    url: &str,
) -> Result<Response<Body>> {
    let upload = call
        .files
        .addresses()
        .await
        .and_then(|addresses| Upload::parse(url, &addresses, path));
    let request = auth::Request {
        scopes: &[PUBLISHING],
        upload: upload.as_ref().ok().map(|upload| upload.id),
        ..auth::Request::default()
    };
    let mut access = auth::enter(call.records, call.caller, path, request).await?;
    let upload = upload?;
    if let Some(answer) = published_before(call, &mut access, &upload).await? {
        return Ok(answer);
    }

    // All later reads are of the bytes that lie there now.
    let registry = &access.registry;
    let (content, filename) = find(call, registry, &upload).await?;
    let publish = publish_content(call, &access, &upload, &content, &filename);
    work::marked(call, registry, upload.id, &filename, publish).await
}

async fn publish_content(
    call: &Call<'_>,
    access: &Access,
    upload: &Upload,
    content: &Content,
    filename: &str,
) -> Result<Response<Body>> {
    // What is it? The file itself says so.
    let registry = &access.registry;
    let mut manifest = read_manifest(call, access, content, filename).await?;
    let metadata = Metadata::from(std::mem::take(&mut manifest.metadata));

    // Other content cannot take a release: where the sizes tell, nothing need be copied to know.
    let variant = manifest.variant.as_deref();
    let holder = call
        .records
        .holder(
            registry,
            &manifest.normalized_name,
            &manifest.normalized_version,
            variant,
        )
        .await?;
    if let Some(holder) = holder.filter(|holder| holder.size != content.size) {
        return Err(taken(call, registry, &holder, holder.id));
    }

    // The bytes that were read are the bytes that are kept, whatever is posted afterwards.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let (digests, ()) = tokio::try_join!(keep(call, content, &key), metadata.store(call, registry, id))?;
    let candidate = Candidate {
        manifest,
        filename: filename.to_owned(),
        size: content.size,
    };
    let package = candidate.into_package(id, registry, &access.token, digests, &metadata);
    let posted = Posted {
        upload: upload.id,
        filename,
        etag: &content.etag,
    };
    let deadline = call.deadline_leaving(RELEASE_TIME);
    release(call, registry, &package, metadata, Some(posted), deadline).await
}

/// The answer to a repeat, after the publish of the same upload that is under way.
async fn published_before(
    call: &Call<'_>,
    access: &mut Access,
    upload: &Upload,
) -> Result<Option<Response<Body>>> {
    let is_under_way = |work: &Work| work.is_current() && upload.has(&work.filename);
    loop {
        let answer = repeated(call, access, upload).await?;
        if answer.is_some() || !access.work.as_ref().is_some_and(is_under_way) {
            return Ok(answer);
        }
        work::pause(call).await?;
        (access.upload, access.work) = call.records.progress(&access.registry, upload.id).await?;
    }
}

/// The answer to a repeat, unless it is a publish of its own: of other bytes, which were posted since,
/// or of a package that has been deleted or lost its file.
async fn repeated(call: &Call<'_>, access: &Access, upload: &Upload) -> Result<Option<Response<Body>>> {
    let registry = &access.registry;
    let Some(became) = access
        .upload
        .as_ref()
        .filter(|became| upload.has(&became.filename))
    else {
        return Ok(None);
    };
    let (package, file, posted) = tokio::try_join!(
        call.records.package(registry, became.package_id),
        stored(call, registry, became.package_id),
        locate(call, registry, upload)
    )?;
    // What was posted is gone after a day, what became of it is remembered for longer.
    let is_other = |(content, _): (Content, &str)| became.etag != Some(content.etag);
    if posted.is_some_and(is_other) {
        return Ok(None);
    }
    let Some(package) = package.filter(|package| is_whole(package, file.as_ref())) else {
        return Ok(None);
    };
    let Some(metadata) = Metadata::find(call, registry, &package).await? else {
        return Ok(None);
    };
    views::package(call.urls, registry, &package, metadata.text).map(Some)
}

/// The posted object, and the name that it was posted under.
async fn locate<'a>(
    call: &Call<'_>,
    registry: &Registry,
    upload: &'a Upload,
) -> Result<Option<(Content, &'a str)>> {
    for name in &upload.names {
        let key = ObjectKey::upload(&registry.address, upload.id, name);
        if let Some(content) = call.files.content(&key).await? {
            return Ok(Some((content, name)));
        }
    }
    Ok(None)
}

/// The posted object, which must be there, and the name that its package is to have.
async fn find(call: &Call<'_>, registry: &Registry, upload: &Upload) -> Result<(Content, String)> {
    let Some((content, name)) = locate(call, registry, upload).await? else {
        return Err(Error::invalid(
            "package_url",
            "not_found",
            "There is no uploaded file at this package_url: it was not posted, or it has expired. \
             Request an upload, post the file with the form that it answers, then publish it within a day.",
        ));
    };
    if content.size == 0 || content.size > MAX_UPLOAD_BYTES {
        return Err(Error::invalid(
            "package_url",
            "invalid_size",
            format!(
                "The uploaded file has {} bytes; 1 to {MAX_UPLOAD_BYTES} are possible.",
                content.size
            ),
        ));
    }
    Ok((content, usable_filename(name, "package_url")?.to_owned()))
}

async fn read_manifest(
    call: &Call<'_>,
    access: &Access,
    content: &Content,
    filename: &str,
) -> Result<Manifest> {
    let (ecosystem, filename) = (access.registry.ecosystem, filename.to_owned());
    let (files, content, runtime) = (call.files.clone(), content.clone(), Handle::current());
    let (manifest, failure) = reading::beside(move |cancellation| {
        let mut source = RangedSource::new(files, content, runtime, cancellation.clone());
        let manifest = formats::read_until(ecosystem, &filename, &mut source, cancellation);
        (manifest, source.failure())
    })
    .await?;
    match failure {
        Some(failure) => Err(failure),
        None => Ok(manifest?),
    }
}

/// Copies the object to its final place, and takes its digests at the same time: ours over the
/// bytes of that ETag, which S3's own of the copy must equal.
async fn keep(call: &Call<'_>, content: &Content, key: &ObjectKey) -> Result<Digests> {
    let files = call.files;
    let copy = async {
        let copied = files
            .copy(&content.key, Some(&content.etag), content.size, key)
            .await?;
        copied.ok_or_else(changed_meanwhile)
    };
    if content.size > MAX_HASHED_BYTES {
        return Ok(Digests {
            sha256: copy.await?,
            sha512: None,
        });
    }
    let (copied, digests) = tokio::try_join!(copy, files.digests(content))?;
    if copied == digests.sha256 {
        Ok(digests)
    } else {
        Err(Error::Unavailable(format!(
            "the copy's SHA-256 is {copied}, not {}",
            digests.sha256
        )))
    }
}

/// What a `package_url` names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Upload {
    id: Uuid,
    /// The names that the object may have; all lie under the upload's own prefix.
    names: Vec<String>,
}

impl Upload {
    /// Whether it is a file of this name.
    fn has(&self, filename: &str) -> bool {
        self.names
            .iter()
            .any(|name| usable_filename(name, "package_url").is_ok_and(|name| name == filename))
    }

    /// Only text is compared, no address is ever fetched: the object of this name is read from our
    /// own bucket.
    fn parse(url: &str, addresses: &[String], path: RegistryPath<'_>) -> Result<Self> {
        let foreign = || {
            Error::invalid(
                "package_url",
                "foreign",
                "The package_url names no upload to this registry. Request one with POST …/packages/upload, \
                 post the file with the form that it answers, and publish form.url joined with data.key.",
            )
        };
        if url.len() > MAX_PACKAGE_URL_BYTES {
            return Err(Error::invalid(
                "package_url",
                "too_long",
                format!(
                    "The package_url has {} bytes; those of uploads have at most {MAX_PACKAGE_URL_BYTES}. \
                     Send form.url joined with data.key, as the upload answered them.",
                    url.len()
                ),
            ));
        }
        let path_of = |address: &String| url.strip_prefix(address.as_str())?.strip_prefix('/');
        let rest = addresses.iter().find_map(path_of).ok_or_else(foreign)?;
        let segments: Vec<_> = rest.splitn(6, '/').collect();
        let [UPLOADS, organization, registry, id, name] = segments[..] else {
            return Err(foreign());
        };
        let own = organization == path.organization && registry == path.registry;
        let id = Uuid::parse_str(id).ok().filter(|parsed| parsed.to_string() == id);
        let decoded = decode(name);
        let (true, Some(id), Some(decoded)) = (own, id, decoded) else {
            return Err(foreign());
        };
        if name.contains(['?', '#']) || decoded.contains('/') {
            return Err(foreign());
        }
        usable_filename(&decoded, "package_url")?;
        Ok(Self {
            id,
            names: posted_names(name),
        })
    }
}
