//! The body of `PUT npm/{name}`: a document with the tarball in base64, or one with changes alone.
//!
//! No tree is built of it: the text is checked against the grammar, and walked to what is used. Only the tarball is
//! copied, once, when it is decoded.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::formats::Manifest;
use crate::formats::javascript::{Facts, json, normalized_version};
use crate::http::shown;

/// A document that a client sends.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    pub(super) name: Option<String>,
    /// The state that the client has read.
    pub(super) revision: Option<String>,
    pub(super) tags: Option<&'a RawValue>,
    pub(super) versions: Option<&'a RawValue>,
    attachments: Option<&'a RawValue>,
}

/// A version that a document publishes.
#[derive(Debug)]
pub(super) struct Publication<'a> {
    pub(super) version: String,
    /// The version's manifest, as the client wrote it.
    manifest: &'a RawValue,
    /// Tag that is to stand for it.
    pub(super) tag: Option<String>,
    pub(super) tarball: Bytes,
    /// Whether there is an attachment beside the tarball, which is a statement of its provenance.
    pub(super) has_provenance: bool,
}

impl<'a> Document<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 where it is not JSON, 422 where it is no object.
    pub(super) fn read(body: &'a [u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| {
            Error::BadRequest("The body is not UTF-8. Publish with `npm publish`.".to_owned())
        })?;
        let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
            Error::BadRequest(format!(
                "The body is not JSON: {error}. Publish with `npm publish`."
            ))
        })?;
        let mut document = Self::default();
        let is_object = json::members(whole, |name, value| match name {
            "name" => document.name = json::text(value).map(Into::into),
            "_rev" => document.revision = json::text(value).map(Into::into),
            "dist-tags" => document.tags = Some(value),
            "versions" => document.versions = Some(value),
            "_attachments" => document.attachments = Some(value),
            _ => {}
        });
        if is_object {
            Ok(document)
        } else {
            Err(invalid(
                "The body is not a JSON object. Publish with `npm publish`.",
            ))
        }
    }

    /// The version that the document publishes; none where it carries no file.
    ///
    /// # Errors
    /// A 422 where it has more than one, or no usable one.
    pub(super) fn publication(&self) -> Result<Option<Publication<'a>>> {
        let mut attachments = Vec::new();
        let mut each = |name: &str, value: &'a RawValue| attachments.push((name.to_owned(), value));
        if let Some(all) = self.attachments {
            json::members(all, &mut each);
        }
        let (provenance, tarballs): (Vec<_>, Vec<_>) = attachments
            .into_iter()
            .partition(|(name, _)| name.ends_with(".sigstore"));
        let [(_, attachment)] = tarballs[..] else {
            return match tarballs.len() {
                0 => Ok(None),
                _ => Err(invalid(
                    "The body has more than one tarball in `_attachments`. Publish one version a call.",
                )),
            };
        };
        let mut versions = Vec::new();
        if let Some(all) = self.versions {
            json::members(all, |version, manifest| {
                versions.push((version.to_owned(), manifest));
            });
        }
        let [(ref stated, manifest)] = versions[..] else {
            return Err(invalid(
                "`versions` does not hold the one version of the tarball. Publish one version a call.",
            ));
        };
        let version = normalized_version(stated)
            .ok_or_else(|| invalid(format!("`{}` is not a semantic version.", shown(stated))))?;
        Ok(Some(Publication {
            tag: self.tag(&version)?,
            version,
            manifest,
            tarball: tarball(attachment)?,
            has_provenance: !provenance.is_empty(),
        }))
    }

    /// The tag that the document lets stand for its version.
    fn tag(&self, version: &str) -> Result<Option<String>> {
        let mut tags = Vec::new();
        if let Some(all) = self.tags {
            json::members(all, |tag, version| {
                tags.push((tag.to_owned(), json::text(version)));
            });
        }
        match &tags[..] {
            [] => Ok(None),
            [(tag, Some(number))] if normalized_version(number).as_deref() == Some(version) => {
                Ok(Some(tag.clone()))
            }
            _ => Err(invalid(
                "`dist-tags` does not hold one tag of the version that is published. Set others with `npm dist-tag`.",
            )),
        }
    }
}

impl Publication<'_> {
    /// Compares the document with the tarball's own `package.json`, which is what installers are shown.
    ///
    /// # Errors
    /// A 422 that names the difference.
    pub(super) fn check(&self, name: &str, manifest: &Manifest) -> Result<()> {
        for (what, stated, own) in [
            ("name", name, manifest.normalized_name.as_str()),
            ("version", &self.version, &manifest.normalized_version),
        ] {
            if stated != own {
                return Err(differs(what, stated, own));
            }
        }
        let facts: Facts<'_> = serde_json::from_str(manifest.metadata.as_str())
            .map_err(|error| Error::Internal(format!("metadata of npm: {error}")))?;
        let mut dist = None;
        json::members(self.manifest, |member, value| {
            if member == "dist" {
                dist = Some(value);
            }
        });
        for (member, own) in [("integrity", &facts.integrity), ("shasum", &facts.shasum)] {
            let mut stated: Option<Cow<'_, str>> = None;
            if let Some(dist) = dist {
                json::members(dist, |name, value| {
                    if name == member {
                        stated = json::text(value);
                    }
                });
            }
            if let Some(stated) = stated.filter(|stated| !is_same_digest(stated, own)) {
                return Err(invalid(format!(
                    "The tarball has the {member} {own}, not `{}`: it was damaged on its way. Publish it again.",
                    shown(&stated)
                )));
            }
        }
        for fields in [
            &["dependencies", "optionalDependencies"][..],
            &["peerDependencies"],
        ] {
            let (stated, own) = (ranges(self.manifest, fields), ranges(&facts.manifest, fields));
            if stated.is_some() && own.is_some() && stated != own {
                return Err(invalid(format!(
                    "The `{}` of the body are not those of the package.json in the tarball. Pack it again, and \
                     publish with one tool.",
                    fields.join("` and `")
                )));
            }
        }
        Ok(())
    }
}

/// Whether one of the digests in `stated`, which may be of several algorithms, is `own`; those of others tell nothing.
fn is_same_digest(stated: &str, own: &str) -> bool {
    let algorithm = own.split_once('-').map_or("", |(algorithm, _)| algorithm);
    let mut comparable = stated
        .split_ascii_whitespace()
        .filter(|stated| algorithm.is_empty() || stated.starts_with(algorithm))
        .peekable();
    comparable.peek().is_none() || comparable.any(|stated| stated == own)
}

/// Names and ranges of these members together, in the order of the names; none where a member is no object of texts.
fn ranges(manifest: &RawValue, fields: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut ranges = BTreeMap::new();
    let mut is_usable = true;
    json::members(manifest, |member, value| {
        if fields.contains(&member) {
            let mut are_texts = true;
            let is_object = json::members(value, |name, range| match json::text(range) {
                Some(range) => drop(ranges.insert(name.to_owned(), range.into_owned())),
                None => are_texts = false,
            });
            is_usable &= is_object && are_texts;
        }
    });
    is_usable.then_some(ranges)
}

/// The bytes of an attachment.
fn tarball(attachment: &RawValue) -> Result<Bytes> {
    let (mut data, mut length) = (None, None);
    json::members(attachment, |member, value| match member {
        "data" => data = json::text(value),
        "length" => length = value.get().parse::<usize>().ok(),
        _ => {}
    });
    let data = data.ok_or_else(|| invalid("The attachment has no `data`. Send the tarball in base64."))?;
    let bytes = BASE64.decode(data.as_bytes());
    let bytes =
        bytes.map_err(|_| invalid("The attachment's `data` is not base64. Send the tarball in base64."))?;
    if bytes.is_empty() {
        return Err(invalid("The tarball is empty. Pack it again."));
    }
    if let Some(length) = length.filter(|length| *length != bytes.len()) {
        return Err(invalid(format!(
            "The attachment has {} bytes, not the {length} of its `length`. Publish it again.",
            bytes.len()
        )));
    }
    Ok(bytes.into())
}

fn differs(what: &str, stated: &str, own: &str) -> Error {
    invalid(format!(
        "The {what} of the request is `{}`, and that in the tarball's package.json `{own}`. Pack it again, and publish \
         with one tool.",
        shown(stated)
    ))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid("body", "invalid", message)
}
