//! The index of a whole registry that `npm search` looks through: a line of JSON for each name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::formats::javascript::{Entry, Facts, json, precedence};
use crate::indexes::Renderer;
use crate::records::Package;
use crate::time::rfc3339_millis;

/// The one document.
pub(super) const SEARCH: &str = "search";

/// Bytes of a description that are kept, as npm's registry keeps 255 characters.
const MAX_DESCRIPTION_BYTES: usize = 255;

/// Keywords that are kept of a package.
const MAX_KEYWORDS: usize = 20;

/// Bytes of a keyword. Longer ones are left out.
const MAX_KEYWORD_BYTES: usize = 50;

/// Renderer of the names of a registry with what is searched of them. What it keeps of a package is all of
/// its name's line but the name.
#[derive(Debug)]
pub(super) struct SearchIndex;

/// A name and its highest version: a line of the document.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) searched: Searched,
}

/// A version, as far as it is searched and shown: a member of the index.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Searched {
    pub(super) version: String,
    /// When it was published.
    pub(super) date: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) keywords: Vec<String>,
}

impl Renderer for SearchIndex {
    fn format(&self) -> &'static str {
        "javascript-1"
    }

    fn documents(&self) -> &'static [&'static str] {
        &[SEARCH]
    }

    fn member(&self, package: &Package, metadata: &str) -> Result<Vec<u8>, String> {
        let facts: Facts<'_> = serde_json::from_str(metadata).map_err(|error| error.to_string())?;
        if Entry::of(&facts).is_none() {
            return Err("its package.json does not fit into the document of its name".to_owned());
        }
        let mut version = Searched {
            version: package.normalized_version.clone(),
            date: rfc3339_millis(package.id.minted_at()),
            description: String::new(),
            keywords: Vec::new(),
        };
        // Of several members with one name the last one counts, as in JavaScript.
        json::members(&facts.manifest, |member, value| match member {
            "description" => version.description = description(value),
            "keywords" => version.keywords = keywords(value),
            _ => {}
        });
        serde_json::to_vec(&version).map_err(|error| error.to_string())
    }

    fn render(&self, name: &str, members: &[&[u8]], documents: &mut [Vec<u8>]) -> Vec<u64> {
        let versions = members
            .iter()
            .filter_map(|member| serde_json::from_slice::<Searched>(member).ok());
        let highest = versions.max_by_key(|own| precedence(&own.version));
        let line = highest.and_then(|searched| {
            let name = name.to_owned();
            serde_json::to_vec(&Line { name, searched }).ok()
        });
        let Some(line) = line else { return vec![0] };
        for document in documents {
            document.extend(&line);
            document.push(b'\n');
        }
        vec![1]
    }
}

/// A description on one line, cut to its bound.
fn description(value: &RawValue) -> String {
    let mut text = plain(&json::text(value).unwrap_or_default());
    text.truncate(text.floor_char_boundary(MAX_DESCRIPTION_BYTES));
    text
}

/// Keywords of a list, or of a text with commas or spaces between them.
fn keywords(value: &RawValue) -> Vec<String> {
    let mut keywords = Vec::new();
    let mut add = |keyword: &str| {
        let keyword = plain(keyword);
        let fits = (1..=MAX_KEYWORD_BYTES).contains(&keyword.len());
        if fits && keywords.len() < MAX_KEYWORDS {
            keywords.push(keyword);
        }
    };
    if let Some(text) = json::text(value) {
        text.split(|c: char| c == ',' || c.is_whitespace())
            .for_each(&mut add);
    }
    json::items(value, |item| add(&json::text(item).unwrap_or_default()));
    keywords
}

/// A text as a terminal may show it: one line, without control characters.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::digest::Digest;

    /// An id of the year 2015.
    const ID: &str = "0151eb00-8d40-7000-8000-000000000000";

    fn member(version: &str, manifest: &str) -> Result<String, String> {
        let package = json!({
            "id": ID, "registry_id": ID, "name": "@s/n", "normalized_name": "@s/n", "version": version,
            "normalized_version": version, "variant": null, "filename": "n.tgz", "size": 3,
            "sha256": Digest::sha256(b"abc"), "sha512": null, "published_by": ID,
        });
        let package = serde_json::from_value(package).unwrap();
        let metadata = format!(r#"{{"manifest": {manifest}}}"#);
        let member = SearchIndex.member(&package, &metadata)?;
        Ok(String::from_utf8(member).unwrap())
    }

    fn manifest(more: &str) -> String {
        format!(r#"{{"name": "@s/n", "version": "1.0.0"{more}}}"#)
    }

    #[test]
    fn members_are_what_is_searched() {
        for (more, expected) in [
            ("", ""),
            (
                r#", "description": "A\tB\u001b[31m\n ünd C", "keywords": ["x", 1, "", " y z ", "\u0000"]"#,
                r#","description":"A B [31m ünd C","keywords":["x","y z"]"#,
            ),
            (r#", "keywords": "x, y  z""#, r#","keywords":["x","y","z"]"#),
            (
                r#", "description": 1, "description": "last", "keywords": {"a": "b"}"#,
                r#","description":"last""#,
            ),
            (
                r#", "description": "cut \ud83d""#,
                ",\"description\":\"cut \u{fffd}\u{fffd}\u{fffd}\"",
            ),
        ] {
            let own = member("1.0.0", &manifest(more)).unwrap();
            let head = r#"{"version":"1.0.0","date":"2015-12-28T23:51:00.672Z""#;
            assert_eq!(own, format!("{head}{expected}}}"), "{more}");
        }
    }

    #[test]
    fn members_are_small_whatever_a_package_holds() {
        let many: Vec<_> = (0..1000).map(|number| format!("{number:050}")).collect();
        let more = json!({"description": "ü".repeat(10_000), "keywords": many, "long": "x".repeat(51)});
        let more = more.to_string();
        let own = member("1.0.0", &manifest(&format!(",{}", &more[1..more.len() - 1]))).unwrap();
        let read: Searched = serde_json::from_str(&own).unwrap();
        assert_eq!((read.description.len(), read.keywords.len()), (254, 20));
        assert!(own.len() < 1500, "{}", own.len());
    }

    #[test]
    fn packages_without_an_entry_are_left_out() {
        let large = format!(r#", "dependencies": {{"d": "{}"}}"#, "x".repeat(100_000));
        let reason = "its package.json does not fit into the document of its name";
        assert_eq!(member("1.0.0", &manifest(&large)), Err(reason.to_owned()));
        assert_eq!(member("1.0.0", "{}"), Err(reason.to_owned()));
        assert!(member("1.0.0", "{").unwrap_err().contains("EOF"));
    }

    fn line_of(numbers: &[&str]) -> String {
        let members: Vec<_> = numbers
            .iter()
            .map(|number| member(number, &manifest("")).unwrap())
            .collect();
        let members: Vec<_> = members.iter().map(String::as_bytes).collect();
        let mut documents = vec![Vec::new()];
        let counts = SearchIndex.render("@s/n", &members, &mut documents);
        assert_eq!(counts, [u64::from(!numbers.is_empty())]);
        String::from_utf8(documents.remove(0)).unwrap()
    }

    #[test]
    fn lines_show_the_highest_release() {
        for (numbers, expected) in [
            (&["1.9.0", "1.10.0", "2.0.0-rc.1"][..], "1.10.0"),
            (&["2.0.0-rc.1", "2.0.0-rc.10", "2.0.0-rc.9"], "2.0.0-rc.10"),
        ] {
            let date = "2015-12-28T23:51:00.672Z";
            let line = format!(r#"{{"name":"@s/n","version":"{expected}","date":"{date}"}}"#);
            assert_eq!(line_of(numbers), format!("{line}\n"));
        }
        assert_eq!(line_of(&[]), "");
    }
}
