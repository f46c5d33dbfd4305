//! Publishing a file that is in memory.

use bytes::Bytes;
use futures_util::future::BoxFuture;

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

/// A file to be published, and its digests.
pub(crate) struct PackageFile {
    filename: Filename,
    bytes: Bytes,
    sha256: Digest<32>,
    /// SHA-512, which takes longest and is needed last.
    sha512: BoxFuture<'static, Result<Digest<64>>>,
    /// Tag of its name that is to stand for it.
    tag: Option<String>,
}

/// Name of a file that is published.
#[derive(Debug)]
pub(crate) enum Filename {
    /// The name under which it was uploaded.
    Given(String),
    /// The file came without a name; this makes one of what is read of it. Its format must be one that reads nothing of
    /// the name.
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

    /// Hashes a file while its sender is authorized; whoever is not costs no SHA-512.
    pub(crate) async fn hash<T>(
        filename: Filename,
        bytes: Bytes,
        authorized: impl Future<Output = Result<T>>,
    ) -> Result<(T, Self)> {
        let authorized = async {
            let access = authorized.await;
            access.map(|access| (access, digest(bytes.clone(), Digest::sha512)))
        };
        let (authorized, sha256) = tokio::join!(authorized, digest(bytes.clone(), Digest::sha256));
        let (access, sha512) = authorized?;
        let file = Self {
            filename,
            sha256: sha256?,
            sha512: Box::pin(sha512),
            bytes,
            tag: None,
        };
        Ok((access, file))
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
pub(crate) async fn publish(
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
        sha512,
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

    // The file is stored before its release.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let ((), (), sha512) = tokio::try_join!(
        context.files.put(&key, bytes, sha256),
        companions.store(context, registry, id),
        sha512
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
