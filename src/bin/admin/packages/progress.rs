//! Progress of the files that are being published: on a terminal alone, on standard error.

use std::path::Path;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{bar:24} {bytes:>11} of {total_bytes:<11} {binary_bytes_per_sec:>13}  {msg}";

/// The bars of all files under way.
pub(super) struct Progress(MultiProgress);

impl Progress {
    pub(super) fn new() -> Self {
        Self(MultiProgress::new())
    }

    /// A bar for a file of this many bytes, which goes when it is dropped.
    pub(super) fn bar(&self, path: &Path, bytes: u64) -> Bar {
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bar = self.0.add(ProgressBar::new(bytes));
        bar.set_style(style);
        bar.set_message(without_controls(&name));
        Bar(bar)
    }
}

/// The bar of one file.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Shows how many bytes the bucket has.
    pub(super) fn show(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A name that cannot steer the terminal.
fn without_controls(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}
