//! `versions`, `names` and the lists of specifications: documents about all gems of a registry, which the engine of
//! indexes keeps.

use lambda_http::http::HeaderValue;
use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use lambda_http::{Body, Response};

use super::document;
use super::index::RubyIndex;
use crate::error::{Error, Result};
use crate::files;
use crate::indexes::{self, Document};
use crate::native::{Request, gzip};
use crate::permission::Permission;

/// Answers `versions` or `names`, never by a redirect. Two round trips where nothing changed, and one more for a document
/// that this sandbox does not hold.
pub(super) async fn text(request: Request<'_>, name: &'static str) -> Result<Response<Body>> {
    let document = read(&request, name).await?;
    let headers = request.call.headers;
    let (Some(md5), Some(sha256)) = (document.text_md5, document.text_sha256) else {
        return Err(Error::Internal(format!("the index has no digests of `{name}`")));
    };
    if gzip::is_accepted(headers) {
        // As it is stored. Its tag is weak, for it is that of the text.
        let mut response = Response::new(Body::Binary(document.gzip.to_vec()));
        document::describe(&mut response, &format!("W/\"{md5}\""), sha256, false)?;
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
        return Ok(response);
    }
    let text = String::from_utf8(document.text()?);
    let text = text.map_err(|error| Error::Internal(format!("the index `{name}`: {error}")))?;
    document::answer(headers, text)
}

/// Answers one of the lists of specifications, which are gzip files. Round trips as of [`text`].
pub(super) async fn specifications(request: Request<'_>, name: &'static str) -> Result<Response<Body>> {
    let document = read(&request, name).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", document.gzip_sha256));
    let tag = tag.map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = Response::new(Body::Binary(document.gzip.to_vec()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(files::CONTENT_TYPE));
    headers.insert(ETAG, tag);
    Ok(response)
}

async fn read(request: &Request<'_>, name: &str) -> Result<Document> {
    let (access, changes) = request.authorize_with_changes(Permission::Read).await?;
    let context = &request.call.context;
    indexes::document(context, &access.registry, &RubyIndex, name, changes).await
}
