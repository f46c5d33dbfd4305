//! `python`: the Simple API (PEP 503, PEP 691), and the form that twine and uv send.

use lambda_http::http::Method;

use super::{Protocol, Refusal, Route, file};
use crate::ecosystem::Ecosystem;

pub(super) const PROTOCOL: Protocol = Protocol {
    ecosystem: Ecosystem::Python,
    routes: &[Route::read(
        Method::GET,
        "/pypi/files/{id}/{filename}",
        "PythonFile",
        |request| Box::pin(file::by_id(request)),
    )],
    refusal: Refusal::plain,
};
