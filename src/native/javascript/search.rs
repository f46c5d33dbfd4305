//! `-/v1/search`: the names of a registry that hold all words of a text.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::SystemTime;

use lambda_http::http::StatusCode;
use memchr::memmem;
use serde::Serialize;

use super::index::{Line, SEARCH, SearchIndex};
use super::{Answer, Request};
use crate::error::{Error, Result};
use crate::http::{Query, json, shown};
use crate::indexes;
use crate::packages::run_blocking;
use crate::permission::Permission;
use crate::time::rfc3339_millis;

/// Bytes of a text that is searched for.
const MAX_TEXT_BYTES: usize = 256;

/// Words of it.
const MAX_WORDS: usize = 10;

/// Names of an answer where the client wants no other number.
const DEFAULT_SIZE: usize = 20;

/// Names of an answer at most, as npm's registry has it.
const MAX_SIZE: usize = 250;

/// Ranks of a line, by where a word was found in it.
const NAME: u32 = 6;
const START_OF_NAME: u32 = 5;
const PART_OF_NAME: u32 = 4;
const KEYWORD: u32 = 3;
const PART_OF_KEYWORD: u32 = 2;
const PART_OF_DESCRIPTION: u32 = 1;

/// Answers the names that hold all words of `text`, the best first. Two round trips where nothing changed, and a third
/// where this sandbox has not read the index before.
pub(super) fn search(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (access, changes) = request.authorize_with_changes(Permission::Read).await?;
        let wanted = Wanted::of(request.call.query)?;
        let context = &request.call.context;
        let index = indexes::document(context, &access.registry, &SearchIndex, SEARCH, changes).await?;
        let found = run_blocking(move || wanted.find(&index.text()?)).await??;
        json(StatusCode::OK, &found)
    })
}

/// Names that somebody searches for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    /// Words in lower case, each of which a line has to hold; every line holds none.
    words: BTreeSet<String>,
    /// Place of the first name that is answered among those found.
    from: usize,
    /// Names that are answered.
    size: usize,
}

/// Body of an answer, as `libnpmsearch` reads it.
#[derive(Serialize)]
struct Found {
    objects: Vec<Object>,
    /// All names that were found.
    total: usize,
    time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    package: Named,
    score: Score,
    search_score: f64,
}

/// A name as it is shown. The registry has no maintainers: tokens decide who may publish.
#[derive(Serialize)]
struct Named {
    scope: String,
    #[serde(flatten)]
    line: Line,
    maintainers: [(); 0],
}

/// Score in the form of npm's registry, which also knows how often a package is used.
#[derive(Serialize)]
struct Score {
    #[serde(rename = "final")]
    overall: f64,
    detail: Detail,
}

#[derive(Serialize)]
struct Detail {
    quality: f64,
    popularity: f64,
    maintenance: f64,
}

impl Wanted {
    /// # Errors
    /// A 422 for a text beyond its bounds, or for what is not a number.
    fn of(query: Query<'_>) -> Result<Self> {
        let text = query.get("text").unwrap_or_default();
        let words: BTreeSet<_> = text.split_whitespace().map(str::to_lowercase).collect();
        if text.len() > MAX_TEXT_BYTES || words.len() > MAX_WORDS {
            let message = format!(
                "The text has {} bytes and {} words. Search for at most {MAX_WORDS} words of {MAX_TEXT_BYTES} bytes \
                 together.",
                text.len(),
                words.len()
            );
            return Err(Error::invalid("text", "too_long", message));
        }
        let size = number(query, "size", DEFAULT_SIZE)?.min(MAX_SIZE);
        let from = number(query, "from", 0)?;
        Ok(Self { words, from, size })
    }

    /// Looks through a document, line by line.
    ///
    /// # Errors
    /// [`Error::Internal`] where it does not consist of lines.
    fn find(&self, document: &[u8]) -> Result<Found> {
        let mut found = Vec::new();
        for line in document
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            if !self.is_possible(line) {
                continue;
            }
            let line: Line = serde_json::from_slice(line)
                .map_err(|error| Error::Internal(format!("index of names: {error}")))?;
            if let Some(rank) = self.rank(&line) {
                found.push((Reverse(rank), line));
            }
        }
        // Stable: lines of equal rank stay in the order of their names.
        found.sort_by_key(|(rank, _)| *rank);
        let total = found.len();
        let most = NAME * u32::try_from(self.words.len().max(1)).unwrap_or(u32::MAX);
        let page = found.into_iter().skip(self.from).take(self.size);
        let objects = page.map(|(Reverse(rank), line)| Object::of(line, f64::from(rank) / f64::from(most)));
        Ok(Found {
            objects: objects.collect(),
            total,
            time: rfc3339_millis(SystemTime::now()),
        })
    }

    /// Whether a line may hold all words, by its bytes: reading a line takes far longer than looking for a word.
    fn is_possible(&self, line: &[u8]) -> bool {
        // Letters beyond ASCII may have one of ASCII as their lower case, and a line holds some characters escaped.
        let is_plain = |word: &str| word.bytes().all(|byte| !matches!(byte, b'"' | b'\\'));
        if !line.is_ascii() {
            return true;
        }
        let line = line.to_ascii_lowercase();
        let holds = |word: &String| memmem::find(&line, word.as_bytes()).is_some();
        self.words.iter().all(|word| !is_plain(word) || holds(word))
    }

    /// Rank of a line; `None` where it lacks a word.
    fn rank(&self, line: &Line) -> Option<u32> {
        let name = line.name.to_lowercase();
        let bare = name.split_once('/').map_or(&*name, |(_, bare)| bare);
        let keywords: Vec<_> = line
            .searched
            .keywords
            .iter()
            .map(|word| word.to_lowercase())
            .collect();
        let description = line.searched.description.to_lowercase();
        let of_word = |word: &String| {
            let word = word.as_str();
            if name == word || bare == word {
                Some(NAME)
            } else if name.starts_with(word) || bare.starts_with(word) {
                Some(START_OF_NAME)
            } else if name.contains(word) {
                Some(PART_OF_NAME)
            } else if keywords.iter().any(|keyword| keyword == word) {
                Some(KEYWORD)
            } else if keywords.iter().any(|keyword| keyword.contains(word)) {
                Some(PART_OF_KEYWORD)
            } else {
                description.contains(word).then_some(PART_OF_DESCRIPTION)
            }
        };
        self.words.iter().map(of_word).sum()
    }
}

impl Object {
    fn of(line: Line, rank: f64) -> Self {
        let scoped = line.name.strip_prefix('@').and_then(|name| name.split_once('/'));
        let scope = scoped.map_or("unscoped", |(scope, _)| scope).to_owned();
        let detail = Detail {
            quality: 0.0,
            popularity: 0.0,
            maintenance: 0.0,
        };
        Self {
            package: Named {
                scope,
                line,
                maintainers: [],
            },
            score: Score {
                overall: rank,
                detail,
            },
            search_score: rank,
        }
    }
}

/// A number in the query.
fn number(query: Query<'_>, name: &'static str, default: usize) -> Result<usize> {
    let Some(text) = query.get_non_empty(name) else {
        return Ok(default);
    };
    text.parse().map_err(|_| {
        let message = format!(
            "`{name}` is not a whole number: `{}`. Send one, as in `{name}=20`.",
            shown(&text)
        );
        Error::invalid(name, "invalid", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = concat!(
        r#"{"name":"@acme/fruit","version":"1.0.0","date":"d","description":"Ripe","keywords":["Sweet"]}"#,
        "\n",
        r#"{"name":"fruit-salad","version":"1.0.0","date":"d"}"#,
        "\n",
        r#"{"name":"juice","version":"1.0.0","date":"d","description":"Pressed Fruit","keywords":["sweetened"]}"#,
        "\n",
        r#"{"name":"ÖL","version":"1.0.0","date":"d","keywords":["fruit"]}"#,
        "\n"
    );

    fn find(query: &str) -> (Vec<String>, usize) {
        let wanted = Wanted::of(Query::new(query)).unwrap();
        let found = wanted.find(LINES.as_bytes()).unwrap();
        let names = found.objects.into_iter().map(|object| object.package.line.name);
        (names.collect(), found.total)
    }

    #[test]
    fn names_hold_all_words_the_best_first() {
        for (query, names, total) in [
            (
                "text=fruit",
                &["@acme/fruit", "fruit-salad", "ÖL", "juice"][..],
                4,
            ),
            ("text=FRUIT+sweet", &["@acme/fruit", "juice"], 2),
            ("text=%40acme", &["@acme/fruit"], 1),
            ("text=salad", &["fruit-salad"], 1),
            ("text=%C3%B6l", &["ÖL"], 1),
            ("text=fruit+bread", &[], 0),
            ("text=fruit&size=1", &["@acme/fruit"], 4),
            ("text=fruit&size=2&from=2", &["ÖL", "juice"], 4),
            ("text=fruit&from=99999999999999", &[], 4),
            ("text=fruit&size=0", &[], 4),
            (
                "text=fruit&size=&from=",
                &["@acme/fruit", "fruit-salad", "ÖL", "juice"],
                4,
            ),
            ("", &["@acme/fruit", "fruit-salad", "juice", "ÖL"], 4),
        ] {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(find(query), (names, total), "{query}");
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        let line = |description: &str| {
            let description = serde_json::to_string(description).unwrap();
            format!(r#"{{"name":"juice","version":"1.0.0","date":"d","description":{description}}}"#)
        };
        for (description, word, expected) in [
            ("say \"a\" b", "A\"B", 0),
            ("say a\"b", "A\"B", 1),
            (r"back\slash", r"k\s", 1),
            ("0 \u{212a}", "k", 1),
            ("\u{df}", "\u{df}", 1),
            ("a/b", "a/b", 1),
            // Of the line's own words none is found.
            ("a", "description", 0),
            ("a", "1.0.0", 0),
        ] {
            let words = BTreeSet::from([word.to_lowercase()]);
            let wanted = Wanted {
                words,
                from: 0,
                size: 9,
            };
            let found = wanted.find(line(description).as_bytes()).unwrap();
            assert_eq!(found.total, expected, "{word} in {description}");
        }
    }

    #[test]
    fn sizes_have_a_bound() {
        let line = LINES.lines().next().unwrap();
        let lines = format!("{line}\n").repeat(MAX_SIZE + 1);
        let wanted = Wanted::of(Query::new("size=100000")).unwrap();
        let found = wanted.find(lines.as_bytes()).unwrap();
        assert_eq!((found.objects.len(), found.total), (MAX_SIZE, MAX_SIZE + 1));
    }

    #[test]
    fn queries_beyond_their_bounds_are_refused() {
        let words: Vec<_> = (0..=MAX_WORDS).map(|number| number.to_string()).collect();
        for query in [
            "size=-1",
            "size=x",
            "from=1.5",
            "from=99999999999999999999999",
            &format!("text={}", "x".repeat(MAX_TEXT_BYTES + 1)),
            &format!("text={}", words.join("+")),
        ] {
            assert!(Wanted::of(Query::new(query)).is_err(), "{query}");
        }
        // Words are counted once.
        assert!(Wanted::of(Query::new(&format!("text={}", "a+".repeat(100)))).is_ok());
    }

    #[test]
    fn damaged_documents_are_told() {
        let wanted = Wanted::of(Query::new("")).unwrap();
        assert!(wanted.find(b"{}\n").is_err());
    }
}
