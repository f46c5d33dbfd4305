//! The name that a file was posted under, from what a client's escaping made of it in `package_url`.
//!
//! S3 puts the file's name into the object's key as the form's part has it, behind its last slash or
//! backslash (Amazon S3, "Creating an HTML Form"). The client then writes the same name into an
//! address, and clients differ: most escape it once, some not at all, some twice, some write a space
//! as a plus sign. Go's `url.JoinPath` keeps a name that could be an escaped path, and unescapes any
//! other before it escapes it, so that `a%20b c` becomes `a%20b%20c`. To list the prefix would tell
//! the name, but takes a permission that nothing else here needs; the names that it can have are few.

use percent_encoding::percent_decode_str;

use crate::filename::usable_filename;

/// Number of names that are tried, each with one `HeadObject` while those before it are not there.
const MAX_NAMES: usize = 16;

/// Number of escapes that may each have been the name's own or the client's. Of more, only all or none.
const MAX_AMBIGUOUS: usize = 10;

/// The names that a file may have been posted under, the likeliest first.
pub(super) fn posted_names(text: &str) -> Vec<String> {
    let once = decode(text);
    let twice = once.as_deref().and_then(decode);
    let spaced = decode(&text.replace('+', " "));
    let all = [once, Some(text.to_owned()), twice, spaced].into_iter().flatten();
    let mut names = Vec::new();
    for name in all.chain(partly_decoded(text)) {
        let last = name.rsplit('\\').next().unwrap_or_default().to_owned();
        for name in [name, last] {
            let fits = !name.contains('/') && usable_filename(&name, "package_url").is_ok();
            if fits && !names.contains(&name) {
                names.push(name);
            }
            if names.len() == MAX_NAMES {
                return names;
            }
        }
    }
    names
}

/// The text with its escapes decoded, if they spell UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// The texts in which some escapes of ASCII characters are the name's own, the fewest first. (A name that
/// spells other characters as escapes and has such characters too is not a name that anybody gives.)
fn partly_decoded(text: &str) -> impl Iterator<Item = String> {
    let is_ascii = |at: &usize| {
        let byte = text
            .get(at + 1..at + 3)
            .map(|digits| u8::from_str_radix(digits, 16));
        matches!(byte, Some(Ok(byte)) if byte.is_ascii())
    };
    let escapes = text.match_indices('%').map(|(at, _)| at);
    let ambiguous: Vec<_> = escapes.filter(is_ascii).collect();
    let count = if ambiguous.len() > MAX_AMBIGUOUS {
        0
    } else {
        ambiguous.len()
    };
    let mut choices: Vec<_> = (1..1_usize << count).collect();
    choices.sort_by_key(|choice| choice.count_ones());
    choices.into_iter().filter_map(move |choice| {
        let mut kept = text.to_owned();
        // From the end, so that the places before stay where they are.
        for (bit, at) in ambiguous.iter().enumerate().rev() {
            if choice >> bit & 1 == 1 {
                kept.insert_str(at + 1, "25");
            }
        }
        decode(&kept)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_tried_once() {
        assert_eq!(posted_names("a-1.0.0.gem"), ["a-1.0.0.gem"]);
        assert_eq!(
            posted_names("a-1.0.0%7Erc1.deb"),
            ["a-1.0.0~rc1.deb", "a-1.0.0%7Erc1.deb"]
        );
    }

    #[test]
    fn names_are_found_whatever_escaped_them() {
        for (posted, sent) in [
            ("a b", "a%20b"),
            ("a%20b", "a%20b"),
            ("a b", "a%2520b"),
            ("a b", "a+b"),
            ("a+b", "a+b"),
            ("a%20b c", "a%20b%20c"),
            ("a b%20c", "a%20b%20c"),
            ("a%20b c", "a%2520b%20c"),
            ("%41 b%", "%2541%20b%25"),
            ("a b c%20d e f", "a%20b%20c%20d%20e%20f"),
            ("b.txt", "dir%5Cb.txt"),
            ("dir\\b.txt", "dir%5Cb.txt"),
            ("b.txt", "dir\\b.txt"),
            ("na\u{ef}ve %20", "na%C3%AFve%20%20"),
        ] {
            assert!(
                posted_names(sent).contains(&posted.to_owned()),
                "{sent}: {posted}"
            );
        }
    }

    #[test]
    fn names_are_few_and_of_one_segment() {
        for sent in [
            "%41".repeat(85),
            "%252F".repeat(50),
            "%5C".repeat(4) + "a",
            "+%20+%2B%25".repeat(3),
        ] {
            let names = posted_names(&sent);
            assert!(names.len() <= MAX_NAMES, "{sent}");
            assert!(
                names.iter().all(|name| !name.contains('/') && name.len() <= 255),
                "{sent}: {names:?}"
            );
        }
    }
}
