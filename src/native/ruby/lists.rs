//! `versions`, `names` and the lists of specifications: documents about all gems of a registry, which the engine of
//! indexes keeps.

use lambda_http::http::HeaderValue;
use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use lambda_http::{Body, Response};

use super::document;
use super::index::RubyIndex;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files;
use crate::indexes;
use crate::native::headers::unchanged;
use crate::native::{Request, gzip};
use crate::permission::Permission;

/// Answers `versions` or `names`, never by a redirect. Two round trips where nothing changed, and one more for a document
/// that neither the client nor this sandbox holds.
pub(super) async fn text(request: Request<'_>, name: &'static str) -> Result<Response<Body>> {
    let (access, changes) = request.authorize_with_changes(Permission::Read).await?;
    let context = &request.call.context;
    let found = indexes::find(context, &access.registry, &RubyIndex, name, changes).await?;
    let headers = request.call.headers;
    let is_packed = gzip::is_accepted(headers);
    let tag_of = |md5| document::tag(md5, is_packed);
    // Before anything is read or unpacked: most requests find what their client has.
    let known = found.text_md5().map(tag_of).transpose()?;
    if let Some(response) = known.and_then(|tag| unchanged(headers, &tag)) {
        return Ok(response);
    }
    let document = found.read().await?;
    let (Some(md5), Some(sha256)) = (document.text_md5, document.text_sha256) else {
        return Err(Error::Internal(format!("the index has no digests of `{name}`")));
    };
    if is_packed {
        // As it is stored.
        let mut response = Response::new(Body::Binary(document.gzip.to_vec()));
        document::describe(&mut response, &tag_of(md5)?, sha256, false)?;
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
        return Ok(response);
    }
    let text = String::from_utf8(document.text()?);
    let text = text.map_err(|error| Error::Internal(format!("the index `{name}`: {error}")))?;
    document::answer_with(headers, text, md5, sha256)
}

/// Answers one of the lists of specifications, which are gzip files. Round trips as of [`text`].
pub(super) async fn specifications(request: Request<'_>, name: &'static str) -> Result<Response<Body>> {
    let (access, changes) = request.authorize_with_changes(Permission::Read).await?;
    let context = &request.call.context;
    let found = indexes::find(context, &access.registry, &RubyIndex, name, changes).await?;
    let known = found.gzip_sha256().map(tag_of_gzip).transpose()?;
    if let Some(response) = known.and_then(|tag| unchanged(request.call.headers, &tag)) {
        return Ok(response);
    }
    let document = found.read().await?;
    let mut response = Response::new(Body::Binary(document.gzip.to_vec()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(files::CONTENT_TYPE));
    headers.insert(ETAG, tag_of_gzip(document.gzip_sha256)?);
    Ok(response)
}

fn tag_of_gzip(sha256: Digest<32>) -> Result<HeaderValue> {
    let tag = HeaderValue::from_str(&format!("\"{sha256}\""));
    tag.map_err(|error| Error::Internal(error.to_string()))
}
