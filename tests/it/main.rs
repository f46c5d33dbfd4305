//! Tests of the whole: real HTTP requests and real events, and whole answers.
//!
//! Each folder is a part of the system, or something that can happen to all of them (`faults`). They share
//! the harness in `support`.

mod adoption;
mod api;
mod command;
mod faults;
mod function;
mod house;
mod indexes;
mod log;
mod model;
mod native;
mod storage;
mod support;
mod sweep;
