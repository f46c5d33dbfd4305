//! Percent-encoding of paths, which each front door treats in its own way.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Everything that a path sent by a client has in encoded form only.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// Encodes a path that its front door has decoded, so that it can be decoded once like all others.
pub(super) fn encode(decoded: &str) -> String {
    utf8_percent_encode(decoded, NOT_IN_A_PATH).to_string()
}

/// Decodes unreserved characters (RFC 3986, 6.2.2.2): `%2D` becomes `-`.
///
/// Everything else stays encoded: `%2F` separates no segments.
pub(super) fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let unreserved = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte));
        let length = if let Some(byte) = unreserved {
            decoded.push(char::from(byte));
            "%2D".len()
        } else {
            decoded.push('%');
            "%".len()
        };
        rest = &rest[at + length..];
    }
    decoded.push_str(rest);
    decoded
}

/// Splits `whole`, a path as it was sent, in front of the segments that read `rest` when decoded.
///
/// Slashes at the end make no difference: not every gateway reports them.
pub(super) fn split_before<'a>(whole: &'a str, rest: &str) -> Option<(&'a str, &'a str)> {
    let decoded: Vec<u8> = percent_decode_str(whole).collect();
    let rest = rest.trim_end_matches('/');
    let front = without_slashes_at_end(&decoded).strip_suffix(rest.as_bytes())?;
    let before = whole.get(..encoded_length(whole, front.len()))?;
    // Otherwise the segment would begin in the middle of one that was sent.
    if !rest.is_empty() && !before.ends_with('/') {
        return None;
    }
    Some(whole.split_at(before.trim_end_matches('/').len()))
}

fn without_slashes_at_end(mut path: &[u8]) -> &[u8] {
    while let Some(shorter) = path.strip_suffix(b"/") {
        path = shorter;
    }
    path
}

/// Bytes of `encoded` that stand for its first `decoded` bytes when decoded.
fn encoded_length(encoded: &str, decoded: usize) -> usize {
    let mut rest = encoded.as_bytes();
    for _ in 0..decoded {
        rest = match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            [_, after @ ..] => after,
            [] => break,
        };
    }
    encoded.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_unreserved_characters_are_the_characters() {
        for (sent, meant) in [
            ("/my%2Dfiles", "/my-files"),
            ("/%6d%79%5F%7E%2e", "/my_~."),
            ("/a%2Fb%2f", "/a%2Fb%2f"),
            ("/a%252Db", "/a%252Db"),
            ("/%", "/%"),
            ("/%2", "/%2"),
            ("/%+1%-1%2\u{e9}", "/%+1%-1%2\u{e9}"),
            ("/%C3%A9%00%20%3F", "/%C3%A9%00%20%3F"),
            ("/%%2D%2", "/%-%2"),
        ] {
            assert_eq!(decode_unreserved(sent), meant, "{sent}");
        }
    }

    #[test]
    fn paths_are_split_at_sent_slashes() {
        for (whole, rest, split) in [
            ("/live/v2/x", "v2/x", Some(("/live", "/v2/x"))),
            ("/v2/x", "v2/x", Some(("", "/v2/x"))),
            ("/live/v2/x/", "v2/x", Some(("/live", "/v2/x/"))),
            ("/live/a%2Fb", "a/b", Some(("/live", "/a%2Fb"))),
            ("/live/a%252Fb", "a%2Fb", Some(("/live", "/a%252Fb"))),
            ("/live/%2Fb", "/b", Some(("/live", "/%2Fb"))),
            ("/live//v2", "/v2", Some(("/live", "//v2"))),
            (
                "/live/%F0%9F%A6%80",
                "\u{1f980}",
                Some(("/live", "/%F0%9F%A6%80")),
            ),
            ("/live%2Fb", "b", None),
            ("/alive", "live", None),
            ("/\u{e9}", "\u{a9}", None),
            ("/live/", "", Some(("/live", "/"))),
            ("/live", "", Some(("/live", ""))),
            ("/", "", Some(("", "/"))),
            ("", "x", None),
        ] {
            assert_eq!(split_before(whole, rest), split, "{whole} {rest}");
        }
    }
}
