//! Packages: publish, get, list, copy, delete, download, attestations.

mod attestations;
mod copy;
mod delete;
mod describe_file;
mod download;
mod get;
mod list;
mod package_url;
mod posted_name;
mod publish;
mod published;
mod request_upload;

pub(super) use attestations::attestations;
pub(super) use copy::copy;
pub(super) use delete::delete;
pub(super) use describe_file::describe_file;
pub(super) use download::download;
pub(super) use get::get;
pub(super) use list::list;
pub(super) use publish::publish;
pub(super) use request_upload::request_upload;
