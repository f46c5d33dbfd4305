//! Versions of the C library, of whose requirements indexes list the highest alone.

use super::text::cut;

/// The version in the first parentheses of `libc.so.6(GLIBC_2.4)(64bit)`: `2.4`, if there is any.
#[derive(Debug, Clone, Copy)]
pub(super) struct LibcVersion<'a>(Option<&'a [u8]>);

impl<'a> LibcVersion<'a> {
    pub(super) fn of(name: &'a [u8]) -> Self {
        let inside = cut(name, b'(').and_then(|(_, rest)| Some(cut(rest, b')')?.0));
        let version = inside.and_then(|inside| {
            let digits = inside.iter().position(u8::is_ascii_digit)?;
            inside.get(digits..)
        });
        Self(version)
    }

    /// Whether this is the higher one; none at all is the lowest.
    pub(super) fn is_above(self, other: Self) -> bool {
        match (self.numbers(), other.numbers()) {
            (Some(one), Some(other)) => one.gt(other),
            (one, other) => one.is_some() && other.is_none(),
        }
    }

    /// Its numbers, compared as they are written: by length, then digit by digit.
    fn numbers(self) -> Option<impl Iterator<Item = (usize, &'a [u8])> + use<'a>> {
        let numbers = self.0?.split(|byte| !byte.is_ascii_digit());
        Some(numbers.map(|number| {
            let zeros = number.iter().take_while(|&&digit| digit == b'0').count();
            let digits = number.get(zeros..).unwrap_or_default();
            (digits.len(), digits)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_any_length_are_compared_by_number() {
        let ascending = [
            "libc.so.6",
            "libc.so.6(GLIBC_2)",
            "libc.so.6(GLIBC_2.9)(64bit)",
            "libc.so.6(GLIBC_2.010)",
            "libc.so.6(GLIBC_2.99999999999999999999)",
            "libc.so.6(GLIBC_2.100000000000000000000)",
        ];
        let versions = ascending.map(|name| LibcVersion::of(name.as_bytes()));
        for (number, version) in versions.iter().enumerate() {
            let below = versions.iter().filter(|other| version.is_above(**other)).count();
            assert_eq!(below, number);
        }
    }
}
