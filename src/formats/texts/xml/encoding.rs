//! The encoding of a document, as XML 1.0 (appendix F) and its readers in Java and .NET tell it: the
//! byte order mark, the zeros of UTF-16 without one, the declaration, and UTF-8 where there is none.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, mem};

use crate::formats::source::budget::Budget;

/// Bytes of a document in which the XML declaration must end.
const MAX_DECLARATION_BYTES: usize = 1024;
/// Bytes of an encoding's name.
const MAX_LABEL_BYTES: usize = 40;

/// The text of a document, charged where it is a copy; an error is a phrase that follows "is not usable XML:".
///
/// Bytes that are not of the encoding become U+FFFD, as in Java; what claims to be UTF-8 and is not is
/// read as Latin-1, which it then usually is.
pub(crate) fn decoded<'a>(bytes: &'a [u8], budget: &Budget) -> Result<Cow<'a, str>, String> {
    let text = text(bytes)?;
    if let Cow::Owned(text) = &text {
        budget.keep(text.len())?;
    }
    Ok(text)
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok(text_of(bytes.get(mark..).unwrap_or_default(), encoding));
    }
    match bytes {
        [0, other, ..] if *other != 0 => return Ok(text_of(bytes, UTF_16BE)),
        [other, 0, ..] if *other != 0 => return Ok(text_of(bytes, UTF_16LE)),
        _ => {}
    }
    let Some(label) = declared(bytes) else {
        return Ok(text_of(bytes, UTF_8));
    };
    if !is_name(label) {
        return Err("the encoding that it declares is not the name of one; save it as UTF-8".to_owned());
    }
    let encoding = Encoding::for_label(label.as_bytes()).or_else(|| of_java(label));
    match encoding {
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Err(format!(
            "it declares the encoding `{label}` and is not written in it"
        )),
        // ISO-8859-1 and ASCII are windows-1252 to browsers, and themselves to readers of XML.
        Some(encoding) if encoding == WINDOWS_1252 && !label.contains("1252") => {
            Ok(mem::decode_latin1(bytes))
        }
        Some(encoding) if encoding != REPLACEMENT => Ok(text_of(bytes, encoding)),
        _ => Err(format!("its encoding `{label}` is unknown; save it as UTF-8")),
    }
}

fn text_of<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    if encoding == UTF_8 && std::str::from_utf8(bytes).is_err() {
        return mem::decode_latin1(bytes);
    }
    encoding.decode_without_bom_handling(bytes).0
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&str> {
    let start = bytes.get(..bytes.len().min(MAX_DECLARATION_BYTES))?;
    let start = std::str::from_utf8(start.utf8_chunks().next()?.valid().as_bytes()).ok()?;
    let (declaration, _) = start.strip_prefix("<?xml")?.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| "\"'".contains(*quote))?;
    let (label, _) = rest.get(1..)?.split_once(quote)?;
    Some(label)
}

fn is_name(label: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    (1..=MAX_LABEL_BYTES).contains(&label.len()) && label.chars().all(fits)
}

/// Names that Java has for encodings beside the registered ones: `ISO8859_1`, `EUC_JP`, `MS949`.
fn of_java(label: &str) -> Option<&'static Encoding> {
    let known = match label.to_ascii_lowercase().as_str() {
        "cp943" | "cp943c" => "shift_jis",
        "cp936" | "ms936" | "euc_cn" => "gbk",
        "ms949" | "cp949" | "x-windows-949" => "euc-kr",
        "ms950" | "cp950" | "x-windows-950" => "big5",
        "ms874" | "cp874" | "x-windows-874" => "windows-874",
        "macroman" => "macintosh",
        other => &other.replace('_', "-"),
    };
    Encoding::for_label(known.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        super::decoded(bytes, &ample())
    }

    /// A document that declares `label`, in the bytes of `encoding`.
    fn document(label: &str, encoding: &'static Encoding, text: &str) -> Vec<u8> {
        let document = format!("<?xml version='1.0' encoding=\"{label}\" ?><a>{text}</a>");
        let (bytes, _, unmappable) = encoding.encode(&document);
        assert!(!unmappable, "{label}");
        bytes.into_owned()
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn declared_encodings_are_used() {
        use encoding_rs::*;
        for (label, encoding, text) in [
            ("windows-1252", WINDOWS_1252, "a\u{2019}b €"),
            ("Cp1252", WINDOWS_1252, "€"),
            ("windows-1250", WINDOWS_1250, "Łódź"),
            ("windows-1251", WINDOWS_1251, "Привет"),
            ("windows-1253", WINDOWS_1253, "Ελλάδα"),
            ("windows-1254", WINDOWS_1254, "Işık"),
            ("windows-1257", WINDOWS_1257, "ąžuolas"),
            ("ISO-8859-2", ISO_8859_2, "Łódź"),
            ("ISO8859_5", ISO_8859_5, "Привет"),
            ("iso-8859-15", ISO_8859_15, "€"),
            ("KOI8-R", KOI8_R, "Привет"),
            ("GBK", GBK, "项目"),
            ("gb2312", GBK, "项目"),
            ("GB18030", GB18030, "项目😀"),
            ("Big5", BIG5, "專案"),
            ("Shift_JIS", SHIFT_JIS, "日本"),
            ("windows-31j", SHIFT_JIS, "日本"),
            ("EUC_JP", EUC_JP, "日本"),
            ("ISO-2022-JP", ISO_2022_JP, "日本"),
            ("EUC-KR", EUC_KR, "한국"),
            ("x-windows-949", EUC_KR, "한국"),
            ("MS936", GBK, "项目"),
            ("Cp943", SHIFT_JIS, "日本"),
            ("MacRoman", MACINTOSH, "é"),
            ("utf-8", UTF_8, "ü 日本 😀"),
        ] {
            let document = document(label, encoding, text);
            let decoded = decoded(&document).unwrap();
            assert!(decoded.ends_with(&format!("<a>{text}</a>")), "{label}: {decoded}");
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_mark() {
        let plain = "<?xml version='1.0' encoding='UTF-16'?><a>ü 日本 😀</a>";
        let marked = format!("\u{feff}{plain}");
        for bytes in [
            utf16(plain, u16::to_le_bytes),
            utf16(plain, u16::to_be_bytes),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes).unwrap(), plain);
        }
    }

    #[test]
    fn undeclared_text_is_utf_8_or_latin_1() {
        for bytes in [
            &b"<a>\xc3\xbc</a>"[..],
            b"\xef\xbb\xbf<a>\xc3\xbc</a>",
            b"<a>\xfc</a>",
        ] {
            assert_eq!(decoded(bytes).unwrap(), "<a>ü</a>");
        }
        let declared = decoded(b"<?xml version='1.0' encoding='UTF-8'?><a>\xfc</a>").unwrap();
        assert!(declared.ends_with("<a>ü</a>"));
    }

    #[test]
    fn latin_1_is_not_windows_1252() {
        let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?>\x80\xfc";
        assert!(decoded(bytes).unwrap().ends_with("\u{80}ü"));
    }

    #[test]
    fn a_mark_outranks_the_declaration() {
        let bytes = "\u{feff}<?xml version='1.0' encoding='windows-1251'?>ü";
        assert!(decoded(bytes.as_bytes()).unwrap().ends_with('ü'));
    }

    #[test]
    fn malformed_bytes_become_replacement_characters() {
        let bytes = b"<?xml version='1.0' encoding='GBK'?><a>\xff</a>";
        assert!(decoded(bytes).unwrap().ends_with("<a>\u{fffd}</a>"));
    }

    #[test]
    fn unknown_and_contradicted_encodings_are_refused() {
        for (label, expected) in [
            (
                "x-klingon",
                "its encoding `x-klingon` is unknown; save it as UTF-8",
            ),
            (
                "hz-gb-2312",
                "its encoding `hz-gb-2312` is unknown; save it as UTF-8",
            ),
            (
                "${encoding}",
                "the encoding that it declares is not the name of one; save it as UTF-8",
            ),
            (
                "",
                "the encoding that it declares is not the name of one; save it as UTF-8",
            ),
            (
                "UTF-16",
                "it declares the encoding `UTF-16` and is not written in it",
            ),
        ] {
            let document = format!("<?xml version='1.0' encoding='{label}'?><a/>");
            assert_eq!(decoded(document.as_bytes()).unwrap_err(), expected);
        }
    }

    #[test]
    fn damaged_declarations_are_passed_over() {
        for document in [
            "<?xml?>",
            "<?xml encoding?>",
            "<?xml encoding=?>",
            "<?xml encoding='?>",
            "<?xml encoding='x-klingon'",
            "<?xml",
            "",
        ] {
            assert_eq!(decoded(document.as_bytes()).unwrap(), document);
        }
    }
}
