//! The harness of the tests.

pub(crate) mod accesses;
pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod bulk;
pub(crate) mod canned;
pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod contents;
pub(crate) mod description;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod fault_case;
pub(crate) mod fault_proxy;
pub(crate) mod file;
pub(crate) mod form;
pub(crate) mod gem;
pub(crate) mod held;
pub(crate) mod hostile;
pub(crate) mod hostile_forms;
pub(crate) mod invariants;
#[path = "../../../src/oidc/test_issuer.rs"]
pub(crate) mod issuer;
pub(crate) mod jobs;
pub(crate) mod lines;
pub(crate) mod log;
pub(crate) mod npm;
pub(crate) mod orphan;
pub(crate) mod pypi;
pub(crate) mod registry_deeds;
pub(crate) mod runtime_api;
pub(crate) mod seed;
pub(crate) mod side_by_side;
pub(crate) mod uploads;
pub(crate) mod zip;

pub(crate) use file::File;
