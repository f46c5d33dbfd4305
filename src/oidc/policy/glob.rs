//! Patterns with `*` for any run of characters and `?` for exactly one.

/// A pattern that a whole text matches or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<char>);

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// Whether all of `text` matches, in at most as many steps as both lengths multiplied.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut position, mut place) = (0, 0);
        // Only the last star is ever given more: whatever an earlier one could take, it can take too.
        let mut last_star = None;
        while let Some(character) = text.get(position) {
            match self.0.get(place) {
                Some('*') => {
                    last_star = Some((place, position));
                    place += 1;
                }
                Some(expected) if *expected == '?' || expected == character => {
                    place += 1;
                    position += 1;
                }
                _ => {
                    let Some((star, taken)) = last_star else {
                        return false;
                    };
                    last_star = Some((star, taken + 1));
                    place = star + 1;
                    position = taken + 1;
                }
            }
        }
        self.0.iter().skip(place).all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "refs/heads/main", true),
            ("refs/tags/v*", "refs/tags/v1.2.3", true),
            ("refs/tags/v*", "x/refs/tags/v1", false),
            ("v?.?", "v1.2", true),
            ("v?.?", "v1.22", false),
            ("?", "é", true),
            ("*-release", "app-release-release", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("[a-z]", "a", false),
            ("\\*", "*", false),
            ("**?", "", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let glob = Glob::new(&format!("{}b", "a*".repeat(500)));
        let started = std::time::Instant::now();
        assert!(!glob.matches(&"a".repeat(8_000)));
        assert!(started.elapsed() < std::time::Duration::from_secs(2));
    }
}
