//! Every key of the table, in one place.
//!
//! | Record | `pk` | `sk` |
//! |---|---|---|
//! | marker: which table and bucket belong together | `marker` | `marker` |
//! | organization | `organization/{org}` | `organization` |
//! | registry | `organization/{org}` | `registry/{registry}` |
//! | package | `packages/{org}/{registry}` | `{id}` |
//! | name | `names/{org}/{registry}` | `{normalized name}/{id}` |
//! | tag of a name | `names/{org}/{registry}` | `{normalized name}/~tag/{tag}` |
//! | release | `releases/{org}/{registry}` | `{normalized name}/{version}/{variant}` |
//! | upload that became a package | `uploads/{org}/{registry}` | `{upload id}` |
//! | upload that is being published | `uploads/{org}/{registry}` | `{upload id}/work` |
//! | fence: where a late publish would be applied | `packages/{org}/{registry}` | `{id}` |
//! | fence: of an operator's transaction | `fence/{request token}` | `fence` |
//! | registry that was deleted | `gone` | `{org}/{registry}/{registry id}` |
//! | organization, in the list of all | `organizations` | `{org}` |
//! | audit event | `audit/{organization id}` | `{event id}` |
//! | pass of the sweep that is not finished | `sweep` | `pass`, `orphans/{number}` |
//! | token, by its secret | `token/{sha256}` | `token` |
//! | token, by its id | `organization/{org}` | `token/{id}` |
//! | keys of an issuer of OIDC tokens | `issuer/{sha256}` | `keys` |
//! | change, which an index has still to take in | `changes/{org}/{registry}` | the package's id of a publish, else one of its own |
//! | head of an index | `indexes/{org}/{registry}` | `head/{format of the renderer}` |
//!
//! Texts from a package are percent-encoded, and its reader bounds their length; slugs and ids need neither.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{Package, Registry};
use crate::address::RegistryAddress;
use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::id::PackageId;
use crate::slug::Slug;

/// The partition key's attribute.
pub(crate) const PK: &str = "pk";
/// The sort key's attribute.
pub(crate) const SK: &str = "sk";

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One item's address in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// The key as the SDK takes it.
    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The key of an item that was read.
    pub(crate) fn of(item: &HashMap<String, AttributeValue>) -> Option<Self> {
        let text = |name| item.get(name)?.as_s().ok().cloned();
        Some(Self::new(text(PK)?, text(SK)?))
    }
}

pub(crate) fn marker() -> Key {
    Key::new("marker", "marker")
}

/// The partition of an organization, its registries and its tokens.
pub(crate) fn organization_partition(organization: &Slug) -> String {
    format!("organization/{organization}")
}

pub(crate) fn organization(organization: &Slug) -> Key {
    Key::new(organization_partition(organization), "organization")
}

/// The partition that lists all organizations.
pub(crate) const ORGANIZATIONS: &str = "organizations";

pub(crate) fn organization_line(organization: &Slug) -> Key {
    Key::new(ORGANIZATIONS, organization.as_str())
}

/// Prefix of every registry's sort key.
pub(crate) const REGISTRY_PREFIX: &str = "registry/";

pub(crate) fn registry(address: &RegistryAddress) -> Key {
    Key::new(
        organization_partition(&address.organization),
        format!("{REGISTRY_PREFIX}{}", address.registry),
    )
}

pub(crate) fn token_by_secret(hash: &Digest<32>) -> Key {
    Key::new(format!("token/{hash}"), "token")
}

/// Prefix of every token's sort key, among its organization's records.
pub(crate) const TOKEN_PREFIX: &str = "token/";

pub(crate) fn token_by_id(organization: &Slug, id: Uuid) -> Key {
    Key::new(
        organization_partition(organization),
        format!("{TOKEN_PREFIX}{id}"),
    )
}

/// The partition of a registry's packages.
pub(crate) fn packages_partition(address: &RegistryAddress) -> String {
    format!("packages/{address}")
}

/// The partitions of a registry's content, in the order in which the sweep empties them.
pub(crate) fn content_partitions(address: &RegistryAddress) -> [String; 6] {
    ["packages", "names", "releases", "uploads", "changes", "indexes"].map(|kind| format!("{kind}/{address}"))
}

/// The partition of the changes that a registry's indexes have still to take in.
pub(crate) fn changes_partition(address: &RegistryAddress) -> String {
    format!("changes/{address}")
}

/// `id` is the package's where it was published, the delete's own where it was deleted.
pub(crate) fn change(address: &RegistryAddress, id: Uuid) -> Key {
    Key::new(changes_partition(address), id.to_string())
}

/// The partition of the heads of a registry's indexes.
pub(crate) fn heads_partition(address: &RegistryAddress) -> String {
    format!("indexes/{address}")
}

/// Prefix of every head's sort key.
pub(crate) const HEAD_PREFIX: &str = "head/";

pub(crate) fn head(address: &RegistryAddress, format: &str) -> Key {
    Key::new(heads_partition(address), format!("{HEAD_PREFIX}{format}"))
}

pub(crate) fn package(address: &RegistryAddress, id: PackageId) -> Key {
    Key::new(packages_partition(address), id.to_string())
}

pub(crate) fn name(address: &RegistryAddress, package: &Package) -> Key {
    name_of(address, &package.normalized_name, package.id)
}

/// `name` is normalized.
pub(crate) fn name_of(address: &RegistryAddress, name: &str, id: PackageId) -> Key {
    Key::new(names_partition(address), format!("{}{id}", name_prefix(name)))
}

/// The partition of a registry's names and their tags.
pub(crate) fn names_partition(address: &RegistryAddress) -> String {
    format!("names/{address}")
}

/// Start of the sort keys of a normalized name, before the ids of its packages and its tags.
pub(crate) fn name_prefix(name: &str) -> String {
    format!("{}/", encode(name))
}

/// Part of a sort key between a name and its tag: no id begins with a tilde, which lies beyond all of them.
const TAG: &str = "~tag/";

/// Start of the sort keys of a normalized name's tags.
pub(crate) fn tag_prefix(name: &str) -> String {
    format!("{}{TAG}", name_prefix(name))
}

pub(crate) fn tag(address: &RegistryAddress, name: &str, tag: &str) -> Key {
    Key::new(
        names_partition(address),
        format!("{}{}", tag_prefix(name), encode(tag)),
    )
}

/// Whether the sort key of a name's partition is that of a tag.
pub(crate) fn is_tag(sort_key: &str) -> bool {
    sort_key
        .split_once('/')
        .is_some_and(|(_, rest)| rest.starts_with(TAG))
}

/// Start of the sort keys of an address's deleted registries, in the partition [`DELETED_REGISTRIES`].
pub(crate) fn deleted_registry_prefix(address: &RegistryAddress) -> String {
    format!("{address}/")
}

/// Place of a registry's list, or of that of one name: the partition, and the part of its sort keys
/// before a package's id.
pub(crate) fn listing(registry: &Registry, name: Option<&str>) -> (String, String) {
    let Registry {
        address, ecosystem, ..
    } = registry;
    match name {
        None => (packages_partition(address), String::new()),
        Some(name) => name_listing(address, *ecosystem, name),
    }
}

/// Place of the packages of one name: the partition, and the part of its sort keys before a package's id.
pub(crate) fn name_listing(address: &RegistryAddress, ecosystem: Ecosystem, name: &str) -> (String, String) {
    let prefix = format!("{}/", encode(&ecosystem.normalize(name)));
    (format!("names/{address}"), prefix)
}

/// `name` and `version` are normalized.
pub(crate) fn release(address: &RegistryAddress, name: &str, version: &str, variant: Option<&str>) -> Key {
    Key::new(
        format!("releases/{address}"),
        format!(
            "{}/{}/{}",
            encode(name),
            encode(version),
            encode(variant.unwrap_or_default())
        ),
    )
}

pub(crate) fn upload(address: &RegistryAddress, upload: Uuid) -> Key {
    Key::new(format!("uploads/{address}"), upload.to_string())
}

pub(crate) fn work(address: &RegistryAddress, upload: Uuid) -> Key {
    Key::new(format!("uploads/{address}"), format!("{upload}/work"))
}

/// Place of the fence that keeps a late attempt of this transaction from being applied.
pub(crate) fn fence(request_token: Uuid) -> Key {
    Key::new(format!("fence/{request_token}"), "fence")
}

/// The partition of the deleted registries whose content is still to be removed.
pub(crate) const DELETED_REGISTRIES: &str = "gone";

pub(crate) fn deleted_registry(address: &RegistryAddress, registry_id: Uuid) -> Key {
    Key::new(
        DELETED_REGISTRIES,
        format!("{}{registry_id}", deleted_registry_prefix(address)),
    )
}

/// The partition of an organization's audit events.
pub(crate) fn audit_partition(organization_id: Uuid) -> String {
    format!("audit/{organization_id}")
}

pub(crate) fn audit_event(organization_id: Uuid, id: Uuid) -> Key {
    Key::new(audit_partition(organization_id), id.to_string())
}

/// Place of the sweep's progress.
pub(crate) fn sweep_progress() -> Key {
    Key::new("sweep", "pass")
}

/// Place of a part of the orphans that the sweep has found.
pub(crate) fn sweep_chunk(number: u32) -> Key {
    Key::new("sweep", format!("orphans/{number:06}"))
}

/// Place of the keys of an issuer of OIDC tokens, whose address can have any length and any characters.
pub(crate) fn issuer_keys(issuer: &str) -> Key {
    Key::new(format!("issuer/{}", Digest::sha256(issuer.as_bytes())), "keys")
}

fn encode(part: &str) -> String {
    utf8_percent_encode(part, ENCODED).to_string()
}
