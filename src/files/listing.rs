//! What lies in the bucket, page by page: for the sweep.

use super::{Files, Kind, ObjectKey};
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;
use crate::slug::Slug;

/// One object whose key says which package it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) kind: Kind,
    pub(crate) organization: Slug,
    pub(crate) registry: Slug,
    pub(crate) id: PackageId,
    /// Bytes.
    pub(crate) size: u64,
}

impl Stored {
    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey::at(self.kind, &self.organization, &self.registry, self.id)
    }

    fn parse(kind: Kind, key: &str, size: u64) -> Option<Self> {
        let rest = key.strip_prefix(kind.prefix())?.strip_prefix('/')?;
        let mut segments = rest.split('/');
        let stored = Self {
            kind,
            organization: segments.next()?.parse().ok()?,
            registry: segments.next()?.parse().ok()?,
            id: segments.next()?.parse().ok()?,
            size,
        };
        segments.next().is_none().then_some(stored)
    }
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) objects: Vec<Stored>,
    /// How many keys are none of ours: told, never touched.
    pub(crate) foreign: usize,
    /// Where the next page starts.
    pub(crate) next: Option<String>,
}

impl Files {
    /// One page of the objects of this kind, at most 1,000.
    pub(crate) async fn list(&self, kind: Kind, start: Option<String>) -> Result<Listed> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(format!("{}/", kind.prefix()))
            .set_continuation_token(start)
            .send()
            .await
            .map_err(aws::failed)?;
        let mut listed = Listed {
            objects: Vec::new(),
            foreign: 0,
            next: answer.next_continuation_token,
        };
        for object in answer.contents.unwrap_or_default() {
            let size = object.size().unwrap_or_default().unsigned_abs();
            match Stored::parse(kind, object.key().unwrap_or_default(), size) {
                Some(stored) => listed.objects.push(stored),
                None => listed.foreign += 1,
            }
        }
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_our_own_making_are_ours() {
        let id = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";
        let stored = Stored::parse(Kind::Package, &format!("packages/o/r/{id}"), 3).unwrap();
        assert_eq!(stored.key(), ObjectKey(format!("packages/o/r/{id}")));
        for foreign in [
            "packages/o/r/x".to_owned(),
            format!("packages/o/{id}"),
            format!("packages/o/r/{id}/more"),
            format!("metadata/o/r/{id}"),
            format!("packages//r/{id}"),
        ] {
            assert_eq!(Stored::parse(Kind::Package, &foreign, 0), None, "{foreign}");
        }
    }
}
