//! Keys of issuers of OIDC tokens, which the sandboxes of a deployment share.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{Records, keys, to_item};
use crate::aws;
use crate::error::Result;

/// Keys of an issuer, as one sandbox fetched them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IssuerKeys {
    /// Address of the issuer, of which the record's key has the digest alone.
    pub(crate) issuer: String,
    /// A JWK set.
    pub(crate) jwks: String,
    /// Time of the fetch, in seconds since 1970.
    pub(crate) fetched_at: u64,
    /// End of their use, in seconds since 1970; the table removes them some time later.
    pub(crate) expires_at: u64,
}

impl Records {
    /// The keys of an issuer that a sandbox has put here.
    pub(crate) async fn issuer_keys(&self, issuer: &str) -> Result<Option<IssuerKeys>> {
        let found: Option<IssuerKeys> = self.get(&keys::issuer_keys(issuer)).await?;
        Ok(found.filter(|keys| keys.issuer == issuer))
    }

    /// Puts the keys of an issuer where all sandboxes find them, unless newer ones are there.
    pub(crate) async fn put_issuer_keys(&self, keys: &IssuerKeys) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(&keys::issuer_keys(&keys.issuer), keys)?))
            .condition_expression("attribute_not_exists(pk) OR fetched_at < :fetched_at")
            .expression_attribute_values(":fetched_at", AttributeValue::N(keys.fetched_at.to_string()))
            .send()
            .await;
        match put {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            put => put.map(drop).map_err(aws::failed),
        }
    }
}
