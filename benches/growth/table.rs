//! Tables of times, by the size of a registry.

use std::time::Duration;

pub(crate) struct Table {
    fine: bool,
}

impl Table {
    /// A table with a column for each size.
    pub(crate) fn new(title: &str, sizes: &[usize]) -> Self {
        let sizes: Vec<_> = sizes.iter().map(|size| thousands(*size)).collect();
        let sizes = columns(&sizes);
        println!("\n{title:<38}{sizes}{:>8}{:>9}", "ratio", "at most");
        Self { fine: true }
    }

    /// Adds a row of times, whose ratio is that of the worst to the first.
    pub(crate) fn times(&mut self, name: &str, times: &[Duration], max_ratio: Option<f64>) {
        let seconds: Vec<_> = times.iter().map(Duration::as_secs_f64).collect();
        let texts: Vec<_> = times.iter().map(|time| shown(*time)).collect();
        self.row(name, &texts, ratio(&seconds), max_ratio);
    }

    /// Adds a row of anything, whose ratio has been computed.
    pub(crate) fn row(&mut self, name: &str, texts: &[String], ratio: f64, max_ratio: Option<f64>) {
        let bound = max_ratio.map_or_else(|| "-".to_owned(), |most| most.to_string());
        let texts = columns(texts);
        println!("{name:<38}{texts}{ratio:>8.2}{bound:>9}");
        self.fine &= max_ratio.is_none_or(|most| ratio <= most);
    }

    /// Whether every ratio is within its bound.
    pub(crate) fn is_fine(&self) -> bool {
        self.fine
    }
}

/// Texts in columns of one width.
pub(crate) fn columns(texts: &[String]) -> String {
    let columns: Vec<_> = texts.iter().map(|text| format!("{text:>12}")).collect();
    columns.concat()
}

/// Ratio of the largest number to the first.
pub(crate) fn ratio(numbers: &[f64]) -> f64 {
    let first = numbers.first().copied().unwrap_or_default();
    numbers.iter().skip(1).copied().fold(0.0, f64::max) / first
}

/// A time with three digits.
pub(crate) fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (number, unit) = match seconds {
        ..1e-3 => (seconds * 1e6, "µs"),
        1e-3..1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    let digits = match number {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$} {unit}")
}

/// A number with commas.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
