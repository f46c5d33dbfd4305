//! State of a registry's indexes, for operators.

use serde::Serialize;

use super::Index;
use super::blocks::Member;
use super::renderer::Renderer;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::packages::Context;
use crate::records::{Changes, Registry};
use crate::time::{from_epoch_seconds, rfc3339_seconds};

/// Packages left out that a report names; all of them are counted.
pub const MAX_NAMED: usize = 1000;

/// One index of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Format of its renderer.
    pub index: String,
    /// Whether it has been built; otherwise its first reader does it.
    pub is_built: bool,
    /// When it changed last, as RFC 3339 writes it; none before it was built.
    pub modified: Option<String>,
    /// Packages in it.
    pub members: u64,
    /// Packages that it could not take in.
    pub left_out: u64,
    /// Publishes and deletes that its next reader takes in.
    pub open_changes: usize,
    /// The first of the packages that are left out.
    pub packages: Vec<LeftOut>,
}

/// A package that an index could not take in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The package.
    pub id: PackageId,
    /// Its normalized name.
    pub name: String,
    /// The reason.
    pub reason: String,
}

/// Reports the state of the indexes that these renderers make of a registry. Changes nothing.
///
/// # Errors
/// Where the table or the bucket fails.
pub async fn check(
    context: &Context,
    registry: &Registry,
    renderers: &[&'static dyn Renderer],
) -> Result<Vec<Report>> {
    let changes = context.records.all_changes(registry, Changes::unread()).await?;
    let heads = context.records.heads(registry).await?;
    let mut reports = Vec::new();
    for renderer in renderers {
        let index = Index {
            context,
            registry,
            renderer: *renderer,
        };
        let head = heads.get(renderer.format()).filter(|head| !head.is_planned);
        let is_open = |id| head.is_none_or(|head| !head.folded.contains(id));
        let packages = match head.filter(|head| head.left_out > 0) {
            Some(head) => index.packages_left_out(head).await?,
            None => Vec::new(),
        };
        reports.push(Report {
            index: renderer.format().to_owned(),
            is_built: head.is_some(),
            modified: head.map(|head| rfc3339_seconds(from_epoch_seconds(head.modified))),
            members: head.map_or(0, |head| head.members),
            left_out: head.map_or(0, |head| head.left_out),
            open_changes: changes.iter().filter(|change| is_open(&change.id)).count(),
            packages,
        });
    }
    Ok(reports)
}

impl Index<'_> {
    async fn packages_left_out(&self, head: &crate::records::Head) -> Result<Vec<LeftOut>> {
        let damaged = || Error::Internal("an index is damaged: its next reader builds it anew".to_owned());
        let manifest = self.manifest(head).await?.ok_or_else(damaged)?;
        let mut packages = Vec::new();
        for block in manifest.blocks.iter().filter(|block| block.left_out > 0) {
            let names = self.segment(block.segment).await?.ok_or_else(damaged)?;
            for (name, members) in names {
                let left_out = members.into_iter().filter_map(|(id, member)| match member {
                    Member::LeftOut(reason) => Some(LeftOut {
                        id,
                        name: name.clone(),
                        reason,
                    }),
                    Member::Taken(_) => None,
                });
                packages.extend(left_out);
            }
            if packages.len() >= MAX_NAMED {
                packages.truncate(MAX_NAMED);
                break;
            }
        }
        Ok(packages)
    }
}
