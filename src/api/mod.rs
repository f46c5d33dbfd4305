//! The pages of the API's documentation, one file each.

use lambda_http::http::HeaderMap;
use tokio::time::Instant;

use crate::app::App;
use views::Urls;

pub(crate) mod packages;
pub(crate) mod views;

/// One call, as a page of the API sees it.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) urls: &'a Urls,
    /// Until when what ends unknown is repeated.
    pub(crate) deadline: Instant,
}
