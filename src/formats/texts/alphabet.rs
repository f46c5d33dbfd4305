//! The alphabets that names and versions are made of.

/// ASCII letters, digits and `others`; of nothing, too.
pub(crate) fn is_made_of(text: &str, others: &[u8]) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

/// ASCII letters and digits, and after the first of them also `others`.
pub(crate) fn is_word(text: &str, others: &[u8]) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric()) && is_made_of(text, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_with_letter_or_digit() {
        assert!(is_word("a-b", b"-") && is_word("1", b""));
        for text in ["", "-a", "a b", "ü", "a/b"] {
            assert!(!is_word(text, b"-"), "{text}");
        }
    }
}
