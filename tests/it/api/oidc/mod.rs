//! Jobs of build systems, which come with the token of an issuer.

mod access;
mod calls;
mod issuers;
mod refusals;
