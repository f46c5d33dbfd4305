//! Publishing a file that is in memory.

use bytes::Bytes;

use super::reading::{digest, run_inline};
use super::release::{Candidate, release};
use super::{AttestationBundle, Companions, Context, Metadata, Published};
use crate::actor::Actor;
use crate::digest::{Digest, Digests};
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::formats::{self, Manifest};
use crate::id::PackageId;
use crate::records::{Action, AuditEvent, Beside, Registry};

/// A file to be published, and its SHA-256.
#[derive(Debug, Clone)]
pub struct PackageFile {
    filename: Filename,
    bytes: Bytes,
    sha256: Digest<32>,
    /// Tag of its name that is to stand for it.
    tag: Option<String>,
}

/// Name of a file that is published.
#[derive(Debug, Clone)]
enum Filename {
    /// The name under which it was uploaded.
    Given(String),
    /// The file came without a name; this makes one of what is read of it.
    Made(fn(&Manifest) -> String),
}

impl PackageFile {
    /// Its bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its SHA-256.
    pub(crate) fn sha256(&self) -> Digest<32> {
        self.sha256
    }

    /// Hashes a file's bytes, which a door does while it authorizes its caller.
    pub async fn hash(filename: String, bytes: Bytes) -> Result<Self> {
        Self::hash_named(Filename::Given(filename), bytes).await
    }

    /// Hashes the bytes of a file that came without a name, as [`Self::hash`] does. Its format must be one that reads
    /// nothing of the name.
    pub async fn hash_unnamed(filename: fn(&Manifest) -> String, bytes: Bytes) -> Result<Self> {
        Self::hash_named(Filename::Made(filename), bytes).await
    }

    async fn hash_named(filename: Filename, bytes: Bytes) -> Result<Self> {
        let sha256 = digest(bytes.clone(), Digest::sha256).await?;
        Ok(Self {
            filename,
            bytes,
            sha256,
            tag: None,
        })
    }

    /// The file, for which this tag of its name is to stand.
    pub(crate) fn tagged(self, tag: Option<String>) -> Self {
        Self { tag, ..self }
    }
}

/// Publishes a file: two round trips, of which the first stores it and the second releases it.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) where it is not a package of the registry's ecosystem, or an attestation
/// is about another file,
/// [`Error::Taken`](crate::Error::Taken) where other content holds its release.
pub async fn publish(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    file: PackageFile,
    bundle: Option<AttestationBundle>,
) -> Result<Published> {
    publish_checked(context, registry, by, file, bundle, |_| Ok(())).await
}

/// Reads name and version from the file itself.
fn read(context: &Context, registry: &Registry, filename: &Filename, bytes: &Bytes) -> Result<Manifest> {
    let given = match filename {
        Filename::Given(given) => given,
        Filename::Made(_) => "",
    };
    let manifest = run_inline(context.answer_by.into_std(), bytes, |source, cancellation| {
        formats::read_until(registry.ecosystem, given, source, cancellation)
    })??;
    Ok(manifest)
}

/// Publishes a file as [`publish`] does, if its manifest passes `check`: some clients send with a file what it
/// should be.
///
/// # Errors
/// As of [`publish`], and those of `check`.
pub(crate) async fn publish_checked(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    file: PackageFile,
    bundle: Option<AttestationBundle>,
    check: impl FnOnce(&Manifest) -> Result<()>,
) -> Result<Published> {
    let PackageFile {
        filename,
        bytes,
        sha256,
        tag,
    } = file;
    let mut manifest = read(context, registry, &filename, &bytes)?;
    check(&manifest)?;
    let companions = Companions {
        metadata: Metadata::from(std::mem::take(&mut manifest.metadata)),
        attestations: bundle.map(|bundle| bundle.about(sha256)).transpose()?,
    };
    let candidate = Candidate {
        filename: match filename {
            Filename::Given(given) => given,
            Filename::Made(made) => made(&manifest),
        },
        manifest,
        size: bytes.len() as u64,
    };

    // The file is stored before its release. Its SHA-512 is taken meanwhile.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let ((), (), sha512) = tokio::try_join!(
        context.files.put(&key, bytes.clone(), sha256),
        companions.store(context, registry, id),
        digest(bytes, Digest::sha512)
    )?;
    let digests = Digests {
        sha256,
        sha512: Some(sha512),
    };
    let package = candidate.into_package(id, registry, by, digests, &companions);
    let subject = (id, package.name.as_str(), package.version.as_str());
    let event = AuditEvent::of_version(Action::PackageCreated, by, registry, subject, tag.as_deref());
    let (retry_until, beside) = (context.retry_until, Beside::tag(tag.as_deref()));
    release(
        context,
        registry,
        package,
        companions,
        beside,
        &event,
        retry_until,
    )
    .await
}
