//! Where clients reach the bucket, and the short-lived addresses that let them in.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{CONTENT_TYPE, Files, ObjectKey};
use crate::error::{Error, Result};

/// How long a download's address works: a client follows a redirect at once.
const DOWNLOAD_LIFE: Duration = Duration::from_mins(5);

/// RFC 8187: what `filename*` takes as it is.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl Files {
    /// The bucket's own address, without a slash at its end: the one that the SDK resolves.
    ///
    /// # Errors
    /// Where the SDK has neither region nor endpoint.
    pub(crate) async fn address(&self) -> Result<String> {
        const PROBE: &str = "x";
        let probe = self.client.get_object().bucket(&self.bucket).key(PROBE);
        let presigned = probe
            .presigned(presigning(DOWNLOAD_LIFE)?)
            .await
            .map_err(crate::aws::failed)?;
        let address = presigned
            .uri()
            .split('?')
            .next()
            .and_then(|uri| uri.strip_suffix("/x"));
        address
            .map(str::to_owned)
            .ok_or_else(|| Error::Internal(format!("no address in {}", presigned.uri())))
    }

    /// Every address of the bucket that clients use: as the SDK writes it, in S3's other style (the bucket in the
    /// host, or first in the path), and the distribution's.
    pub(crate) async fn addresses(&self) -> Result<Vec<String>> {
        let address = self.address().await?;
        let other = other_style(&address, &self.bucket);
        let public = self.distribution.as_ref().map(|_| self.public(&address));
        Ok([address].into_iter().chain(other).chain(public).collect())
    }

    /// An address of the bucket as clients are told it: at the distribution, where there is one.
    ///
    /// Only scheme and host are replaced. The signature is for the bucket's own host, which the distribution asks.
    pub(super) fn public(&self, address: &str) -> String {
        let own = || address.to_owned();
        let Some(distribution) = &self.distribution else {
            return own();
        };
        let Some((_, rest)) = address.split_once("://") else {
            return own();
        };
        let path = rest.find(['/', '?']).map_or("", |start| &rest[start..]);
        format!("{distribution}{path}")
    }

    /// The `s3://` address of what lies before `name` at the end of a key.
    pub(crate) fn uri(&self, key: &ObjectKey, name: &str) -> String {
        let prefix = key.0.strip_suffix(name).unwrap_or(&key.0).trim_end_matches('/');
        format!("s3://{}/{prefix}", self.bucket)
    }

    /// An address that answers the object to whoever has it, for a few minutes: as an attachment
    /// under `filename` (RFC 6266), of a type that no browser runs.
    pub(crate) async fn download_address(&self, key: &ObjectKey, filename: &str) -> Result<String> {
        let presigned = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&key.0)
            .response_content_type(CONTENT_TYPE)
            .response_content_disposition(attachment(filename))
            .presigned(presigning(DOWNLOAD_LIFE)?)
            .await
            .map_err(crate::aws::failed)?;
        Ok(self.public(presigned.uri()))
    }
}

fn presigning(life: Duration) -> Result<PresigningConfig> {
    PresigningConfig::expires_in(life).map_err(|error| Error::Internal(error.to_string()))
}

/// `https://bucket.host` for `https://host/bucket`, and the other way round; none for an endpoint
/// that is an IP address.
fn other_style(address: &str, bucket: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    if let Some(host) = rest.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.')) {
        return Some(format!("{scheme}://{host}/{bucket}"));
    }
    let host = rest.strip_suffix(bucket)?.strip_suffix('/')?;
    let is_name = host.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_name.then(|| format!("{scheme}://{bucket}.{host}"))
}

/// RFC 6266: the name for old readers in ASCII, and the whole of it for all others.
pub(crate) fn attachment(filename: &str) -> String {
    let plain = |character: char| match character {
        ' '..='~' if !matches!(character, '"' | '\\' | '%') => character,
        _ => '_',
    };
    let ascii: String = filename.chars().map(plain).collect();
    let encoded = utf8_percent_encode(filename, ATTR_CHAR);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_of_an_address_are_known() {
        let (virtual_host, path) = (
            "https://b.s3.eu-west-1.amazonaws.com",
            "https://s3.eu-west-1.amazonaws.com/b",
        );
        assert_eq!(other_style(virtual_host, "b").as_deref(), Some(path));
        assert_eq!(other_style(path, "b").as_deref(), Some(virtual_host));
        assert_eq!(other_style("http://127.0.0.1:9000/b", "b"), None);
    }

    #[test]
    fn a_download_is_saved_under_its_own_name() {
        assert_eq!(
            attachment("naïve \"1\".gem"),
            "attachment; filename=\"na_ve _1_.gem\"; filename*=UTF-8''na%C3%AFve%20%221%22.gem"
        );
    }
}
