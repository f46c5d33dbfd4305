//! The shape of every source file: its length, that of its functions, and the words of its tests and comments.
//!
//! Sources are formatted by rustfmt, so a function ends at the first closing brace that is indented as it is.

use std::fs;
use std::path::{Path, PathBuf};

const MAX_FILE_LINES: usize = 350;
const MAX_FUNCTION_LINES: usize = 60;
const MAX_TEST_NAME_WORDS: usize = 8;

/// Beginnings of comments that are no noun and no verb.
const POOR_BEGINNINGS: [&str; 3] = ["What ", "The same, ", "The same. "];

/// Folders with sources, from the root of the repository.
const FOLDERS: [&str; 7] = ["benches", "examples", "fuzz", "local", "src", "tests", "xtask"];

struct Source {
    place: String,
    lines: Vec<String>,
}

/// A function, by its first line and how many it has.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

impl Source {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        for folder in FOLDERS {
            collect(&root.join(folder), &mut paths);
        }
        let sources = paths.iter().map(|path| Self {
            place: path.strip_prefix(root).expect("below").display().to_string(),
            lines: fs::read_to_string(path)
                .expect("a source")
                .lines()
                .map(str::to_owned)
                .collect(),
        });
        sources.collect()
    }

    fn functions(&self) -> Vec<Function> {
        let begins = self.lines.iter().enumerate();
        let functions = begins.filter_map(|(start, line)| {
            let name = function_name(line)?;
            let end = self.lines[start..].iter().position(|end| ends(line, end))?;
            Some(Function {
                name: name.to_owned(),
                line: start + 1,
                lines: end + 1,
            })
        });
        functions.collect()
    }

    /// Whether the function at this line is a test, by the attributes above it.
    fn is_test(&self, function: &Function) -> bool {
        let above = self.lines[..function.line - 1].iter().rev();
        let mut attributes = above.take_while(|line| {
            let line = line.trim_start();
            line.starts_with("#[") || line.starts_with("//") || line.starts_with(')')
        });
        attributes.any(|line| {
            let attribute = line.trim_start();
            attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test")
        })
    }

    /// The comments, each by the line at which it begins and its first words.
    fn comments(&self) -> Vec<(usize, &str)> {
        let mut comments = Vec::new();
        let mut goes_on = false;
        for (number, line) in self.lines.iter().enumerate() {
            let text = comment(line);
            if let Some(text) = text.filter(|text| !goes_on && !text.is_empty()) {
                comments.push((number + 1, text));
            }
            // An empty line within a comment ends its paragraph.
            goes_on = text.is_some_and(|text| !text.is_empty());
        }
        comments
    }
}

/// All Rust files below a folder, but for what cargo has built there.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    paths.sort();
}

/// The name of the function that a line begins, if it begins one.
fn function_name(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let is_qualifier = |word: &str| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\"", "crate)"].contains(&word)
    };
    let name = rest.split(['(', '<']).next()?;
    let is_name = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    (is_name && !name.is_empty() && before.split_whitespace().all(is_qualifier)).then_some(name)
}

/// Whether this line ends the function that begins with the other one.
fn ends(begin: &str, line: &str) -> bool {
    let indent = &begin[..begin.len() - begin.trim_start().len()];
    let of_one_line = std::ptr::eq(begin, line) && (line.ends_with('}') || line.ends_with(';'));
    let closing = line.strip_prefix(indent);
    // A declaration in a trait ends without a body.
    of_one_line || closing.is_some_and(|rest| rest == "}" || (rest.starts_with(')') && rest.ends_with(';')))
}

/// The text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

#[track_caller]
fn assert_none(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let sources = Source::all();
    let long = sources
        .iter()
        .filter(|source| source.lines.len() > MAX_FILE_LINES);
    let long: Vec<_> = long
        .map(|source| format!("{}: {} lines", source.place, source.lines.len()))
        .collect();
    assert_none("a file has at most 350 lines", &long);
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in Source::all() {
        for function in source.functions() {
            if function.lines > MAX_FUNCTION_LINES {
                let Function { name, line, lines } = function;
                long.push(format!("{}:{line}: {name} has {lines} lines", source.place));
            }
        }
    }
    assert_none("a function has at most 60 lines", &long);
}

#[test]
fn test_names_are_short() {
    let mut long = Vec::new();
    for source in Source::all() {
        let functions = source.functions();
        let tests = functions.iter().filter(|function| source.is_test(function));
        for Function { name, line, .. } in tests {
            if name.split('_').count() > MAX_TEST_NAME_WORDS {
                long.push(format!("{}:{line}: {name}", source.place));
            }
        }
    }
    assert_none("the name of a test has at most eight words", &long);
}

#[test]
fn comments_begin_with_noun_or_verb() {
    let mut poor = Vec::new();
    for source in Source::all() {
        for (line, text) in source.comments() {
            if POOR_BEGINNINGS
                .iter()
                .any(|beginning| text.starts_with(beginning))
            {
                poor.push(format!("{}:{line}: {text}", source.place));
            }
        }
    }
    assert_none("a comment begins with a noun or a verb", &poor);
}

#[test]
fn functions_are_measured_to_their_braces() {
    let text = "impl A {\n    /// What.\n    #[test]\n    pub(crate) async fn a_b(\n    ) {\n        {\n        }\n    }\n}\nfn c() {}\n";
    let source = Source {
        place: "text".to_owned(),
        lines: text.lines().map(str::to_owned).collect(),
    };
    let functions = source.functions();
    let measured: Vec<_> = functions
        .iter()
        .map(|function| {
            (
                function.name.as_str(),
                function.line,
                function.lines,
                source.is_test(function),
            )
        })
        .collect();
    assert_eq!(measured, [("a_b", 4, 5, true), ("c", 10, 1, false)]);
    assert_eq!(source.comments(), [(2, "What.")]);
}
