//! The Simple API and the upload form of Python's package managers.

mod access;
mod files;
mod fixture;
mod pages;
mod uploads;
