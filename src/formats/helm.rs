//! `helm`: a chart, a compressed tar with `{chart}/Chart.yaml`.
//!
//! The facts are the whole `Chart.yaml`, which a repository's `index.yaml` repeats, and the digest.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::{finish, tar_gz};
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::source::hashing::Hashing;
use crate::formats::texts::alphabet::is_word;
use crate::formats::texts::yaml::{self, Node};

/// Bytes of `Chart.yaml`, whose limit in Helm itself is that of any file of a chart, 5 MiB.
const MAX_CHART_BYTES: u64 = 1024 * 1024;

/// Facts of a chart, as `index.yaml` shows them. Every field has a default, so that items of earlier
/// versions read too.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// `Chart.yaml`; numbers that are not integers are text, as they were written.
    pub(crate) chart: Value,
    /// SHA-256 of the file, hexadecimal.
    pub(crate) digest: String,
    /// Whether there is a `values.schema.json`.
    pub(crate) has_schema: bool,
}

/// Findings of one pass over the archive.
#[derive(Default)]
struct Contents {
    chart: Option<Vec<u8>>,
    has_schema: bool,
}

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Helm,
    holds: "Helm charts (`.tgz`)",
    containers: &[Container::Gzip],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let mut archive = tar_gz(Hashing::<_, Sha256>::new(source), budget);
    let mut contents = Contents::default();
    while let Some(mut member) = archive.next().map_err(&unreadable)? {
        let path = String::from_utf8_lossy(&member.path).replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path);
        match path.split_once('/') {
            Some((_, "Chart.yaml")) if contents.chart.is_some() || !member.is_file() => {
                return Err(wrong(
                    "it must be one plain file in the top folder of the archive",
                ));
            }
            Some((_, "Chart.yaml")) => {
                let bytes = member.contents(MAX_CHART_BYTES);
                contents.chart =
                    Some(bytes.map_err(crate::formats::source::bounded::unreadable("Chart.yaml"))?);
            }
            Some((_, "values.schema.json")) => contents.has_schema = true,
            _ => {}
        }
    }
    let hashing = finish(archive).map_err(&unreadable)?;
    let (_, digest, _) = hashing.finish().map_err(&unreadable)?;
    manifest(&contents, &digest, budget)
}

fn manifest(contents: &Contents, digest: &[u8], budget: &Budget) -> Result<Manifest, Rejection> {
    let bytes = contents.chart.as_deref().ok_or_else(|| {
        wrong("it is missing from the archive's top folder; make the file with `helm package`")
    })?;
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let chart = yaml::read(text, budget).map_err(|why| wrong(&why))?;
    let text = |key: &str| chart.get(key).and_then(Node::plain_text);
    let name = text("name").filter(|name| is_word(name, b"-_.")).ok_or_else(|| {
        Rejection::new(
            "name",
            "The chart's `name` must be letters, digits, `-`, `_` and `.`, and begin with a letter \
             or a digit; set it in `Chart.yaml` and package the chart again.",
        )
    })?;
    let version = text("version").map(str::trim);
    let normalized = version.and_then(normalized).ok_or_else(|| {
        Rejection::new(
            "version",
            "The chart's `version` must be a semantic version, such as `1.2.3`; set it in `Chart.yaml` \
             and package the chart again.",
        )
    })?;
    Ok(Manifest {
        name: name.to_owned(),
        normalized_name: name.to_owned(),
        version: version.unwrap_or_default().to_owned(),
        normalized_version: normalized,
        variant: None,
        metadata: metadata(&Facts {
            chart: chart.to_json(),
            digest: hex::encode(digest),
            has_schema: contents.has_schema,
        })?,
    })
}

/// The version in full: Helm also takes `v1.2.3`, `1.2`, `1`, and zeros before a number.
fn normalized(version: &str) -> Option<String> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let end = version.find(['-', '+']).unwrap_or(version.len());
    let (numbers, suffix) = version.split_at_checked(end)?;
    let mut full = ["0", "0", "0"];
    let mut places = full.iter_mut();
    for number in numbers.split('.') {
        let without_zeros = number.trim_start_matches('0');
        let is_zero = without_zeros.is_empty() && !number.is_empty();
        *places.next()? = if is_zero { "0" } else { without_zeros };
    }
    let full = format!("{}{suffix}", full.join("."));
    semver::Version::parse(&full).ok()?;
    Some(full)
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("Chart.yaml", format!("`Chart.yaml` is not usable: {why}."))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;
    use sha2::Digest;

    use super::*;
    use crate::formats::containers::tarball::fixtures::{gzip, tar};
    use crate::formats::round_trip::read as read_package;

    fn read_chart(files: &[(&str, &[u8])]) -> Result<Manifest, Rejection> {
        let file = gzip(&tar(files));
        read_package(Ecosystem::Helm, "x.tgz", &mut Cursor::new(file))
    }

    #[test]
    fn a_chart_says_all_that_the_index_needs() {
        let chart = b"\xef\xbb\xbfname: web\r\nversion: 1.10\r\nappVersion: 2.10\r\n\
            dependencies:\r\n- {name: db, version: '>=1'}\r\n";
        let files: [(&str, &[u8]); 3] = [
            ("web/charts/db/Chart.yaml", b"name: db"),
            ("web\\Chart.yaml", chart),
            ("web/values.schema.json", b"{}"),
        ];
        let expected = json!({
            "chart": {
                "name": "web", "version": "1.10", "appVersion": "2.10",
                "dependencies": [{"name": "db", "version": ">=1"}],
            },
            "digest": hex::encode(Sha256::digest(gzip(&tar(&files)))),
            "has_schema": true,
        });
        assert_eq!(
            read_chart(&files).unwrap(),
            Manifest {
                name: "web".to_owned(),
                normalized_name: "web".to_owned(),
                version: "1.10".to_owned(),
                normalized_version: "1.10.0".to_owned(),
                variant: None,
                metadata: metadata(&expected).unwrap(),
            }
        );
    }

    #[test]
    fn names_and_versions_follow_the_rules_of_helm() {
        for (chart, field) in [
            ("name: ../x\nversion: 1.0.0", "name"),
            ("name: [a]\nversion: 1.0.0", "name"),
            ("version: 1.0.0", "name"),
            ("name: a\nversion: 1.0.0.0", "version"),
            ("name: a\nversion: one", "version"),
            ("name: a", "version"),
            ("name: [", "Chart.yaml"),
        ] {
            let rejection = read_chart(&[("a/Chart.yaml", chart.as_bytes())]).unwrap_err();
            assert_eq!(rejection.field, field, "{chart}");
        }
    }

    #[test]
    fn versions_are_completed_as_helm_does() {
        for (version, expected) in [
            ("1.2.3", Some("1.2.3")),
            ("v1.2.3-rc.1+b.01", Some("1.2.3-rc.1+b.01")),
            ("1.2", Some("1.2.0")),
            ("1", Some("1.0.0")),
            ("2024.01.05", Some("2024.1.5")),
            ("00.0-x", Some("0.0.0-x")),
            (
                "1.0.0-99999999999999999999999",
                Some("1.0.0-99999999999999999999999"),
            ),
            ("18446744073709551615.0.0", Some("18446744073709551615.0.0")),
            ("18446744073709551616.0.0", None),
            ("1.0.0-01", None),
            ("1..2", None),
            ("1.2.", None),
            ("", None),
            ("vv1", None),
        ] {
            assert_eq!(normalized(version).as_deref(), expected, "{version}");
        }
    }

    #[test]
    fn tabs_may_stand_between_keys_and_values() {
        let chart = b"apiVersion:\tv2\nname:\tweb\nversion: \t1.0.0\t# now\nx:\t[a,\tb]\n";
        let manifest = read_chart(&[("web/Chart.yaml", chart)]).unwrap();
        assert_eq!(
            (manifest.name.as_str(), manifest.version.as_str()),
            ("web", "1.0.0")
        );
        let expected = json!({"apiVersion": "v2", "name": "web", "version": "1.0.0", "x": ["a", "b"]});
        assert_eq!(manifest.metadata.value()["chart"], expected);
    }

    #[test]
    fn one_chart_stands_at_the_top() {
        let chart: &[u8] = b"name: a\nversion: 1.0.0";
        let two = [("a/Chart.yaml", chart), ("b/Chart.yaml", chart)];
        let deep = [("a/charts/b/Chart.yaml", chart)];
        assert_eq!(read_chart(&two).unwrap_err().field, "Chart.yaml");
        assert_eq!(read_chart(&deep).unwrap_err().field, "Chart.yaml");
    }

    #[test]
    fn a_chart_of_brackets_is_refused() {
        for (start, part) in [("{name: a, b: [", "x,"), ("[", "a: "), ("- {", "a: b, ")] {
            let chart = format!("{start}{}", part.repeat(100_000));
            assert_eq!(
                read_chart(&[("a/Chart.yaml", chart.as_bytes())])
                    .unwrap_err()
                    .message,
                "`Chart.yaml` is not usable: it holds too large a value in brackets, or too many \
                 directives."
            );
        }
    }

    #[test]
    fn a_chart_without_end_is_refused() {
        let endless = vec![b'\n'; usize::try_from(MAX_CHART_BYTES).unwrap() + 1];
        assert_eq!(
            read_chart(&[("a/Chart.yaml", &endless)]).unwrap_err().message,
            "`Chart.yaml` is larger than the 1048576 bytes that are read of it; build the package again with less in it."
        );
    }
}
