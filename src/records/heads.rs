//! Heads: for each index of a registry, the record that names its current state.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{self, HEAD_PREFIX};
use super::{Records, Registry, to_item};
use crate::address::RegistryAddress;
use crate::aws::{self, Failure};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::retry::Retry;
use crate::time::has_come;

/// The current state of one index. It is replaced as a whole, by whoever saw the state before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The registry, by identity.
    pub(crate) registry_id: Uuid,
    /// Identity of this state, a UUIDv7 that is used once.
    pub(crate) revision: Uuid,
    /// Object that names the blocks.
    pub(crate) manifest: Uuid,
    /// When the index changed last, in seconds since 1970: never the second of an earlier state.
    pub(crate) modified: u64,
    /// When it was built from all packages, in seconds since 1970.
    #[serde(default)]
    pub(crate) built_at: u64,
    /// When it is to be built from all packages once more, in seconds since 1970: an index that was made during a
    /// deployment may lack what sandboxes of the version before published without a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scan_due: Option<u64>,
    /// Packages that it lacks because their metadata could not be read; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unread: Option<Unread>,
    /// Changes that were in the table when the index took them in, or an earlier state had.
    #[serde(default)]
    pub(crate) folded: BTreeSet<Uuid>,
    /// The documents by their names.
    pub(crate) documents: BTreeMap<String, HeadDocument>,
    /// Packages in the index.
    #[serde(default)]
    pub(crate) members: u64,
    /// Packages that it could not take in.
    #[serde(default)]
    pub(crate) left_out: u64,
    /// Whether the table was restored since: the index is to be built from all packages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_restored: bool,
    /// Whether it has no state yet, as it was made by the claim of its first build: it keeps changes from being removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_planned: bool,
    /// The build of all packages that is under way, or was given up. While it stands here, no change is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) build: Option<Build>,
}

impl Head {
    /// A head for an index that is about to be built for the first time.
    pub(crate) fn planned(registry_id: Uuid, moment: u64) -> Self {
        Self {
            registry_id,
            revision: Uuid::now_v7(),
            manifest: Uuid::nil(),
            modified: moment,
            built_at: 0,
            scan_due: None,
            unread: None,
            folded: BTreeSet::new(),
            documents: BTreeMap::new(),
            members: 0,
            left_out: 0,
            is_restored: false,
            is_planned: true,
            build: None,
        }
    }

    /// Whether its state may be served, and folded into.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_planned && !self.is_restored
    }

    /// Whether it is to be built from all packages once more. It may be served all the same.
    pub(crate) fn is_scan_due(&self) -> bool {
        let retry_at = self.unread.map(|unread| unread.retry_at);
        self.scan_due.is_some_and(has_come) || retry_at.is_some_and(has_come)
    }

    /// Whether somebody is building it, as far as the clock tells.
    pub(crate) fn is_claimed(&self) -> bool {
        self.build.is_some_and(Build::is_claimed)
    }
}

/// A build of an index from all packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build {
    /// Identity of the first of those builds of which each took over the claim before: changes are kept since that began.
    pub(crate) id: Uuid,
    /// End of the time in which others leave it to whoever claimed it, in seconds since 1970.
    pub(crate) claimed_until: u64,
}

impl Build {
    pub(crate) fn is_claimed(self) -> bool {
        !has_come(self.claimed_until)
    }
}

/// Moments of packages whose metadata could not be read, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// When an index met the first of them.
    pub(crate) since: u64,
    /// When it is to be built from all packages, because it may be possible to read them then.
    pub(crate) retry_at: u64,
}

impl Unread {
    /// Metadata that cannot be read at this moment, as it could not before.
    pub(crate) fn at(moment: u64, before: Option<Self>) -> Self {
        let since = before.map_or(moment, |before| before.since);
        // Each time twice as late, so that what is lost for good costs a scan a day.
        let pause = moment.saturating_sub(since).clamp(60, 24 * 60 * 60);
        let retry_at = moment + pause;
        Self { since, retry_at }
    }
}

/// A document of an index, and what its readers compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeadDocument {
    /// Object that holds it, as one member of gzip.
    pub(crate) object: Uuid,
    /// SHA-256 of that object.
    pub(crate) sha256: Digest<32>,
    /// Bytes of that object.
    pub(crate) bytes: u64,
    /// Bytes of the text.
    pub(crate) text_bytes: u64,
    /// SHA-256 of the text, where its clients compare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text_sha256: Option<Digest<32>>,
    /// MD5 of the text, where its clients compare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text_md5: Option<Digest<16>>,
}

/// Outcome of the replacement of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swap {
    /// It is certain that the head was replaced.
    Ours,
    /// The head was another's before.
    Refused,
}

impl Records {
    /// The heads of all indexes at the registry's address, by format. Those of an earlier registry are left out.
    pub(crate) async fn heads(&self, registry: &Registry) -> Result<BTreeMap<String, Head>> {
        let partition = keys::heads_partition(&registry.address);
        let mut heads = BTreeMap::new();
        let mut start = None;
        loop {
            let (rows, next) = self.page::<Head>(&partition, HEAD_PREFIX, start).await?;
            if rows.iter().any(|(_, head)| head.registry_id > registry.id) {
                return Err(Error::NotFound(format!(
                    "The registry `{}` has just been deleted and made anew. Repeat the request.",
                    registry.slug()
                )));
            }
            let own = rows
                .into_iter()
                .filter(|(_, head)| head.registry_id == registry.id);
            heads.extend(own.filter_map(|(key, head)| {
                let format = key.sk.strip_prefix(HEAD_PREFIX)?;
                Some((format.to_owned(), head))
            }));
            start = next;
            if start.is_none() {
                return Ok(heads);
            }
        }
    }

    /// The heads of all indexes at an address, those of earlier registries too.
    pub(crate) async fn heads_at(&self, address: &RegistryAddress) -> Result<Vec<Head>> {
        self.all(&keys::heads_partition(address), HEAD_PREFIX).await
    }

    /// Removes a head, if it is still in this state.
    pub(crate) async fn remove_head(&self, registry: &Registry, format: &str, head: &Head) -> Result<()> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::head(&registry.address, format).attributes()))
            .condition_expression("attribute_not_exists(pk) OR revision = :seen")
            .expression_attribute_values(":seen", AttributeValue::S(head.revision.to_string()))
            .send()
            .await;
        let refused = DeleteItemError::is_conditional_check_failed_exception;
        match deleted {
            Err(error) if error.as_service_error().is_some_and(refused) => Ok(()),
            deleted => deleted.map(drop).map_err(aws::failed),
        }
    }

    /// Replaces the head of the index in `format` by `head`, if the state before is still `seen`.
    ///
    /// Where an answer was lost, the same put is sent again; if that is refused, the head is read back.
    ///
    /// # Errors
    /// Where the outcome is not certain at `deadline`: the head may be replaced later.
    pub(crate) async fn swap_head(
        &self,
        registry: &Registry,
        format: &str,
        head: &Head,
        seen: Option<Uuid>,
        deadline: Instant,
    ) -> Result<Swap> {
        let key = keys::head(&registry.address, format);
        let put = self.without_retries.put_item().table_name(&self.table);
        let put = put
            .set_item(Some(to_item(&key, head)?))
            .expression_attribute_values(":mine", AttributeValue::S(registry.id.to_string()));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk) OR registry_id < :mine"),
            Some(seen) => put
                .condition_expression("registry_id = :mine AND revision = :seen")
                .expression_attribute_values(":seen", AttributeValue::S(seen.to_string())),
        };
        let mut retry = Retry::until(deadline);
        let mut is_unanswered = false;
        loop {
            let Err(error) = put.clone().send().await else {
                return Ok(Swap::Ours);
            };
            let refused = PutItemError::is_conditional_check_failed_exception;
            if error.as_service_error().is_some_and(refused) {
                let is_ours = is_unanswered && self.is_head(&key, head.revision).await?;
                return Ok(if is_ours { Swap::Ours } else { Swap::Refused });
            }
            let failure = Failure::of(&error);
            is_unanswered |= matches!(failure, Failure::Unknown(_));
            if matches!(failure, Failure::Definite(_)) || !retry.again().await {
                return Err(failure.into());
            }
        }
    }

    async fn is_head(&self, key: &keys::Key, revision: Uuid) -> Result<bool> {
        let found: Option<Head> = self.get(key).await?;
        Ok(found.is_some_and(|head| head.revision == revision))
    }

    /// Marks every head of a registry as one that a restore left: a new revision and no claim, so that no fold or build
    /// from before replaces it, and the demand to build it anew.
    pub(crate) async fn mark_heads_restored(&self, registry: &Registry) -> Result<usize> {
        let formats: Vec<_> = self.heads(registry).await?.into_keys().collect();
        for format in &formats {
            let update = self.client.update_item().table_name(&self.table);
            let update = update
                .set_key(Some(keys::head(&registry.address, format).attributes()))
                .update_expression("SET revision = :revision, is_restored = :true REMOVE build")
                .condition_expression("registry_id = :mine")
                .expression_attribute_values(":revision", AttributeValue::S(Uuid::now_v7().to_string()))
                .expression_attribute_values(":true", AttributeValue::Bool(true))
                .expression_attribute_values(":mine", AttributeValue::S(registry.id.to_string()));
            update.send().await.map_err(aws::failed)?;
        }
        Ok(formats.len())
    }
}
