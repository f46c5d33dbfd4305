//! `info/{name}`: all gems of a name, with what an install has to know of them.

use lambda_http::{Body, Response};

use super::platform::RUBY;
use super::{compact_index, document};
use crate::error::{Error, Result};
use crate::formats::ruby::NameFacts;
use crate::indexes::MAX_MEMBER_BYTES;
use crate::native::Request;
use crate::packages::NamePages;

/// Bytes of a document, above which no more is read: some hundred thousand gems of one name.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Answers the lines of a name's gems. One round trip, two above 50 gems.
///
/// # Errors
/// 404 where there is none: clients look for the name at their other sources then.
pub(super) async fn info(request: Request<'_>) -> Result<Response<Body>> {
    let name = request.value(0);
    let context = &request.call.context;
    let (access, first) = request.authorize_with_name(name).await?;
    let mut pages = NamePages::<NameFacts>::new(context, &access.registry, name, first);
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while let Some(page) = pages.next().await? {
        for gem in page {
            let platform = gem.variant.as_deref().unwrap_or(RUBY);
            let line = compact_index::line(&gem.version, platform, gem.digests.sha256, &gem.facts);
            // The index of the registry leaves it out as well, and holds this document's digest.
            if line.len() <= MAX_MEMBER_BYTES {
                bytes += line.len();
                lines.push(line);
            }
        }
        if bytes > MAX_BYTES {
            return Err(Error::AnswerTooLarge(bytes));
        }
    }
    if lines.is_empty() {
        return Err(Error::NotFound(format!(
            "There is no gem `{name}` in the registry `{}`.",
            access.registry.address
        )));
    }
    // They come newest first.
    document::answer(
        request.call.headers,
        compact_index::info(lines.iter().rev().map(String::as_str)),
    )
}
