//! `-/package/{name}/dist-tags`: texts that stand for versions.

use bytes::Bytes;
use lambda_http::http::StatusCode;
use std::collections::BTreeMap;

use super::page::read;
use super::{Answer, Request, done, name};
use crate::error::{Error, Result};
use crate::formats::javascript::normalized_version;
use crate::http::{json, shown};
use crate::packages::{self, LATEST};
use crate::permission::Permission;

/// Bytes of a tag.
const MAX_TAG_BYTES: usize = 128;

/// Lists the tags of a name.
pub(super) fn list(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, _) = name::split(request.values)?;
        let (_, name) = read(&request, Permission::Read, &name).await?;
        let tags = name.tags();
        let tags: BTreeMap<_, _> = tags
            .iter()
            .map(|(tag, version)| (*tag, &version.version))
            .collect();
        json(StatusCode::OK, &tags)
    })
}

/// Makes a tag stand for the version that the body names.
pub(super) fn set(mut request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let body = request.take_body()?;
        let (name, rest) = name::split(request.values)?;
        let tag = rest.first().map_or("", String::as_str);
        let (access, name) = read(&request, Permission::Publish, &name).await?;
        check(tag)?;
        name.check_room(tag)?;
        let number = number(&body)?;
        let version = name
            .versions
            .iter()
            .find(|own| own.version == number)
            .ok_or_else(|| {
                Error::NotFound(format!(
                    "`{}` has no version {number}, so no tag can stand for it. Publish it first.",
                    name.name
                ))
            })?;
        if name.tags().get(tag) != Some(&version) || !name.has_record(tag) {
            let (context, registry) = (&request.call.context, &access.registry);
            packages::set_tag(
                context,
                registry,
                &access.actor(),
                &name.name,
                tag,
                &version.entry,
            )
            .await?;
        }
        done(StatusCode::OK)
    })
}

/// Removes a tag.
pub(super) fn remove(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, rest) = name::split(request.values)?;
        let tag = rest.first().map_or("", String::as_str);
        let (access, name) = read(&request, Permission::Publish, &name).await?;
        let tags = name.tags();
        let version = tags
            .get(tag)
            .ok_or_else(|| Error::NotFound(format!("`{}` has no tag `{}`.", name.name, shown(tag))))?;
        if tag == LATEST {
            let message = "The tag `latest` cannot be removed, since it is what installers take. Set it to another version.";
            return Err(Error::invalid("tag", "required", message));
        }
        let (context, registry) = (&request.call.context, &access.registry);
        packages::remove_tag(
            context,
            registry,
            &access.actor(),
            &name.name,
            tag,
            &version.entry,
        )
        .await?;
        done(StatusCode::OK)
    })
}

/// Refuses a tag that an installer would read as a version or a range, or that no address could hold.
///
/// # Errors
/// A 422.
pub(super) fn check(tag: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    let is_text = !tag.is_empty() && tag.len() <= MAX_TAG_BYTES && tag.bytes().all(is_plain);
    if is_text && normalized_version(tag).is_none() && !is_range(tag) {
        return Ok(());
    }
    let message = format!(
        "`{}` cannot be a tag. Tags are letters, digits and `-_.!~*'()`, at most {MAX_TAG_BYTES}, and no version and \
         no range of versions: `next`, `beta`.",
        shown(tag)
    );
    Err(Error::invalid("tag", "invalid", message))
}

/// Whether npm would read a tag as a range: `1`, `v1.x`, `~2`, `*`.
fn is_range(tag: &str) -> bool {
    let number = tag.trim_start_matches(['v', '~']);
    let (number, has_end) = number
        .split_once('-')
        .map_or((number, false), |(number, _)| (number, true));
    let parts: Vec<_> = number.split('.').collect();
    let is_part = |part: &&str| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number || matches!(*part, "x" | "X" | "*")
    };
    parts.iter().all(is_part) && (parts.len() == 3 || parts.len() < 3 && !has_end)
}

/// The version in a body, which is a text of JSON.
fn number(body: &Bytes) -> Result<String> {
    let text: Option<String> = serde_json::from_slice(body).ok();
    text.as_deref().and_then(normalized_version).ok_or_else(|| {
        let message = "The body is not a version as a text of JSON. Send one, as in `\"1.0.0\"`.";
        Error::invalid("body", "invalid", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_no_versions_and_no_ranges() {
        for (tag, expected) in [
            ("latest", true),
            ("next-11", true),
            ("v1-lts", true),
            ("pr.123", true),
            ("1.0.0", false),
            ("v1.0.0", false),
            ("^1", false),
            ("1", false),
            ("1.x", false),
            ("v1", false),
            ("v1.x", false),
            ("vv1", false),
            ("~1", false),
            ("X", false),
            ("1.x.x-a", false),
            ("experimental", true),
            ("xcode", true),
            ("*", false),
            ("", false),
            ("a/b", false),
            ("a b", false),
            ("ä", false),
            (&"a".repeat(129), false),
        ] {
            assert_eq!(check(tag).is_ok(), expected, "{tag}");
        }
    }
}
