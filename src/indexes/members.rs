//! From packages' records to members of an index.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Index;
use super::blocks::{Member, Names};
use super::renderer::MAX_MEMBER_BYTES;
use crate::error::Result;
use crate::id::PackageId;
use crate::packages::Metadata;
use crate::records::Package;

/// Packages whose metadata is read at the same time.
const CONCURRENCY: usize = 16;

/// Bytes of all members of an index. It is held in memory while it is built.
const MAX_INDEX_BYTES: usize = 96 * 1024 * 1024;

/// Bytes of the longest reason that is kept.
const MAX_REASON_BYTES: usize = 500;

/// A package as a plain read of its record saw it.
pub(super) struct Seen {
    /// Its normalized name.
    pub(super) name: String,
    pub(super) member: Member,
}

/// All packages of a registry, as a scan saw them.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) names: Names,
    pub(super) ids: BTreeSet<PackageId>,
}

impl Index<'_> {
    /// Those of these packages that are there, and their members.
    pub(super) async fn seen(&self, ids: &[PackageId]) -> Result<HashMap<PackageId, Seen>> {
        let mut seen = HashMap::new();
        // Records have up to 400 kB, so that not many are held at once.
        for ids in ids.chunks(100) {
            let packages = self.context.records.packages_of(self.registry, ids).await?;
            let members = self.members(packages.into_values().collect()).await?;
            seen.extend(members);
        }
        Ok(seen)
    }

    /// All packages of the registry.
    pub(super) async fn scan(&self) -> Result<Scan> {
        let mut scan = Scan::default();
        let mut bytes = 0;
        let mut start = None;
        loop {
            let page = self.context.records.packages_page(self.registry, start).await?;
            for (id, seen) in self.members(page.packages).await? {
                let mut member = seen.member;
                if let Member::Taken(text) = &member {
                    bytes += text.len();
                    if bytes > MAX_INDEX_BYTES {
                        bytes -= text.len();
                        member =
                            self.left_out(id, format!("the index has more than {MAX_INDEX_BYTES} bytes"));
                    }
                }
                scan.ids.insert(id);
                scan.names.entry(seen.name).or_default().insert(id, member);
            }
            start = page.next;
            if start.is_none() {
                return Ok(scan);
            }
        }
    }

    async fn members(&self, packages: Vec<Package>) -> Result<Vec<(PackageId, Seen)>> {
        let members = packages.into_iter().map(|package| async move {
            let member = self.member(&package).await?;
            let name = package.normalized_name;
            Ok((package.id, Seen { name, member }))
        });
        stream::iter(members).buffered(CONCURRENCY).try_collect().await
    }

    /// The member that a package becomes. One that cannot be rendered is left out: it never stops a registry.
    async fn member(&self, package: &Package) -> Result<Member> {
        let Some(metadata) = Metadata::find(self.context, self.registry, package).await? else {
            return Ok(self.left_out(package.id, "its metadata is missing".to_owned()));
        };
        let metadata = String::from(metadata);
        let rendered = catch_unwind(AssertUnwindSafe(|| self.renderer.member(package, &metadata)));
        Ok(match rendered {
            Ok(Ok(text)) if text.len() <= MAX_MEMBER_BYTES => Member::Taken(text),
            Ok(Ok(text)) => {
                let length = text.len();
                self.left_out(
                    package.id,
                    format!("its entry has {length} bytes: {MAX_MEMBER_BYTES} are allowed"),
                )
            }
            Ok(Err(reason)) => self.left_out(package.id, reason),
            Err(_) => self.left_out(package.id, "its renderer failed".to_owned()),
        })
    }

    fn left_out(&self, package: PackageId, reason: String) -> Member {
        let mut reason = reason;
        if reason.len() > MAX_REASON_BYTES {
            reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
        }
        tracing::error!(
            organization = self.registry.address.organization.as_str(),
            registry = self.registry.slug().as_str(),
            package_id = %package,
            index = self.renderer.format(),
            reason,
            "a package is left out of its registry's index"
        );
        Member::LeftOut(reason)
    }
}
