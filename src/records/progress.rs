//! Progress of the sweep, kept in the table so that the next run can continue.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{Records, keys, to_item};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::{Error, Result};
use crate::id::PackageId;

/// Orphans that one record holds: some 130 bytes each, and a record ends at 400 kB.
pub(crate) const MAX_CHUNK_ORPHANS: usize = 1000;

/// An object without a record, as the table keeps it between runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orphan {
    pub(crate) address: RegistryAddress,
    pub(crate) id: PackageId,
    /// Whether it is metadata, not a package's file.
    pub(crate) is_metadata: bool,
    /// Whether it is attestations. An earlier version takes them for a file that is not there.
    #[serde(default)]
    pub(crate) is_attestations: bool,
    /// Bytes.
    pub(crate) size: u64,
}

/// The place of a pass over everything, and what it has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    /// Number of saves, by which one of two sweeps at once notices the other.
    pub(crate) revision: u64,
    /// Registry that the pass has reached; those before it are done.
    pub(crate) address: Option<RegistryAddress>,
    /// Package of that registry that was examined last.
    pub(crate) after: Option<PackageId>,
    /// Number of the pass's records of orphans.
    pub(crate) chunks: u32,
    /// Whether everything has been examined, so that the orphans may be removed.
    pub(crate) is_removing: bool,
    pub(crate) counts: Counts,
}

/// Counts of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) objects: usize,
    pub(crate) foreign_objects: usize,
    pub(crate) orphans: usize,
    pub(crate) quarantined: usize,
    pub(crate) records: usize,
    pub(crate) records_without_file: usize,
    pub(crate) records_without_metadata: usize,
    pub(crate) records_without_attestations: usize,
}

#[derive(Serialize, Deserialize)]
struct Chunk {
    orphans: Vec<Orphan>,
}

impl Records {
    /// The pass that an earlier run did not finish.
    pub(crate) async fn sweep_progress(&self) -> Result<Option<Progress>> {
        self.get(&keys::sweep_progress()).await
    }

    /// Saves a pass, after the orphans that it has found since the last save.
    ///
    /// # Errors
    /// [`Error::Conflict`] where another sweep has saved meanwhile.
    pub(crate) async fn save_progress(&self, progress: &mut Progress, orphans: &[Orphan]) -> Result<()> {
        let mut chunks = progress.chunks;
        for orphans in orphans.chunks(MAX_CHUNK_ORPHANS) {
            let chunk = Chunk {
                orphans: orphans.to_vec(),
            };
            let item = to_item(&keys::sweep_chunk(chunks), &chunk)?;
            let put = self.client.put_item().table_name(&self.table);
            put.set_item(Some(item)).send().await.map_err(aws::failed)?;
            chunks += 1;
        }
        let saved = Progress {
            revision: progress.revision + 1,
            chunks,
            ..progress.clone()
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(&keys::sweep_progress(), &saved)?))
            .condition_expression("attribute_not_exists(pk) OR revision = :revision")
            .expression_attribute_values(":revision", AttributeValue::N(progress.revision.to_string()))
            .send()
            .await;
        match put {
            Ok(_) => {
                *progress = saved;
                Ok(())
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Err(Error::Conflict(
                    "Another sweep is at work on this table. Let it finish, then start this one again."
                        .to_owned(),
                ))
            }
            Err(error) => Err(aws::failed(error)),
        }
    }

    /// The orphans that earlier runs of a pass have saved.
    pub(crate) async fn saved_orphans(&self, progress: &Progress) -> Result<Vec<Orphan>> {
        let mut orphans = Vec::new();
        for number in 0..progress.chunks {
            let chunk: Option<Chunk> = self.get(&keys::sweep_chunk(number)).await?;
            orphans.extend(chunk.into_iter().flat_map(|chunk| chunk.orphans));
        }
        Ok(orphans)
    }

    /// Removes a pass that is over: its place first, so that no run continues from it.
    pub(crate) async fn forget_progress(&self, progress: &Progress) -> Result<()> {
        let chunks = (0..progress.chunks).map(keys::sweep_chunk);
        for key in [keys::sweep_progress()].into_iter().chain(chunks) {
            let delete = self.client.delete_item().table_name(&self.table);
            let delete = delete.set_key(Some(key.attributes()));
            delete.send().await.map_err(aws::failed)?;
        }
        Ok(())
    }
}
