//! The first run: makes the organization, registries and token that a first request needs.

use std::collections::BTreeMap;

use packages_api::formats::Ecosystem;
use packages_api::records::{NewToken, Organization, Records, operator_deadline};
use packages_api::registries::{self, NewRegistry};
use packages_api::{Actor, DEVELOPMENT_TOKEN, Error, Scope, Secret, Slug};

use super::Trouble;

const ORGANIZATION: &str = "my_great_org";
/// Whoever makes them, in the audit.
const OPERATOR: &str = "the local server";
const RUBY_REGISTRY: &str = "my-registry";

/// Records that are there now, made by this run or an earlier one.
#[derive(Debug)]
pub(super) struct Made {
    /// The organization's slug.
    pub(super) organization: String,
    /// Of every ecosystem the slug of a registry.
    pub(super) registries: BTreeMap<&'static str, String>,
}

/// Makes what is missing.
pub(super) async fn make(records: &Records, bucket: &str, secret: &Secret) -> Result<Made, Trouble> {
    make_missing(records, bucket, secret).await.map_err(|error| {
        let cause = error.cause().unwrap_or_default().to_owned();
        Trouble::Records(format!("{error} {cause}").trim_end_matches([' ', '.']).to_owned())
    })
}

async fn make_missing(records: &Records, bucket: &str, secret: &Secret) -> packages_api::Result<Made> {
    let by = &Actor::operator(OPERATOR);
    let organization = organization(records, by).await?;
    // The sweep believes only a table that names its bucket.
    if records.marker().await?.is_none() {
        records.mark(bucket).await?;
    }
    let mut registries = BTreeMap::new();
    for ecosystem in Ecosystem::all() {
        let slug = slug(&registry(ecosystem))?;
        let new = NewRegistry::plain(slug.clone(), ecosystem);
        found(registries::create(records, &organization, new, by, operator_deadline()).await)?;
        registries.insert(ecosystem.as_str(), slug.as_str().to_owned());
    }
    token(records, &organization, secret, by).await?;
    Ok(Made {
        organization: ORGANIZATION.to_owned(),
        registries,
    })
}

/// The slug of the registry for an ecosystem: for ruby, that of the documentation's examples.
fn registry(ecosystem: Ecosystem) -> String {
    if ecosystem == Ecosystem::Ruby {
        RUBY_REGISTRY.to_owned()
    } else {
        format!("my-{ecosystem}")
    }
}

async fn organization(records: &Records, by: &Actor) -> packages_api::Result<Organization> {
    let slug = slug(ORGANIZATION)?;
    match records.organization(&slug).await {
        Err(Error::NotFound(_)) => records.create_organization(&slug, by).await,
        found => found,
    }
}

/// Lets `secret` open the organization. The documented one opens nothing where it is not the
/// secret: a folder that has been served on loopback may now be served to others.
async fn token(
    records: &Records,
    organization: &Organization,
    secret: &Secret,
    by: &Actor,
) -> packages_api::Result<()> {
    let documented = DEVELOPMENT_TOKEN
        .parse::<Secret>()
        .ok()
        .filter(|documented| documented != secret);
    for token in records.tokens(organization).await? {
        if documented
            .as_ref()
            .is_some_and(|documented| documented.hash() == token.hash)
        {
            records.delete_token(organization, token.id, by).await?;
        }
    }
    let new = NewToken {
        scopes: Scope::ALL.to_vec(),
        description: Some("the local server's own".to_owned()),
        ..NewToken::default()
    };
    found(records.create_token(organization, secret, new, by).await)
}

/// Success also for a record that exists already.
fn found<T>(made: packages_api::Result<T>) -> packages_api::Result<()> {
    match made {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn slug(text: &str) -> packages_api::Result<Slug> {
    text.parse().map_err(|error| Error::Internal(format!("{error}")))
}
