//! The library's modules as text: which of them a file names, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A mention of a module or of a crate in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    /// The top-level module that the file belongs to.
    pub(super) from: String,
    /// The top-level module, or the crate, that is named.
    pub(super) to: String,
    /// `src/app.rs:12`.
    pub(super) place: String,
}

/// The library's sources, without comments and without tests.
pub(super) struct Library {
    /// Top-level modules, by their names.
    pub(super) modules: BTreeSet<String>,
    /// Names that the crate's root passes on (`crate::Error`), with the module that each comes from.
    exports: BTreeMap<String, String>,
    files: Vec<File>,
}

struct File {
    place: String,
    /// `["api", "packages", "get"]`.
    module: Vec<String>,
    code: String,
}

impl Library {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let lib = code(&fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs"));
        let modules: BTreeSet<String> = words_after(&lib, "mod ").collect();
        let mut paths = Vec::new();
        collect(&root.join("src"), &mut paths);
        let files = paths.iter().filter_map(|path| File::read(root, path));
        let files = files.filter(|file| modules.contains(&file.module[0])).collect();
        Self {
            exports: exports(&lib),
            modules,
            files,
        }
    }

    /// The modules that other modules name, each mention of them.
    pub(super) fn imports(&self) -> Vec<Mention> {
        let mentions = self.files.iter().flat_map(|file| {
            let named = names(&file.code, file.module.len()).into_iter();
            named.filter_map(|(name, offset)| {
                let to = self.exports.get(&name).cloned().unwrap_or(name);
                (self.modules.contains(&to) && to != file.module[0]).then(|| file.mention(to, offset))
            })
        });
        mentions.collect()
    }

    /// Where a crate is named.
    pub(super) fn uses_of(&self, krate: &str) -> Vec<Mention> {
        let path = format!("{krate}::");
        let mentions = self.files.iter().flat_map(|file| {
            let offsets = file.code.match_indices(&path).map(|(offset, _)| offset);
            offsets
                .filter(|offset| starts_a_path(&file.code, *offset))
                .map(|offset| file.mention(krate.to_owned(), offset))
        });
        mentions.collect()
    }
}

impl File {
    /// A file of the library, unless it is one of tests.
    fn read(root: &Path, path: &Path) -> Option<Self> {
        let place = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
        let module = place.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut module: Vec<String> = module.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let name = module.last()?.clone();
        let parent = [path.with_file_name("mod.rs"), path.parent()?.with_extension("rs")];
        let parent = parent.iter().find_map(|parent| fs::read_to_string(parent).ok());
        let only_in_tests = format!("#[cfg(test)]\nmod {name};");
        if parent.is_some_and(|parent| parent.contains(&only_in_tests)) {
            return None;
        }
        let code = code(&fs::read_to_string(path).expect("a source"));
        Some(Self { place, module, code })
    }

    fn mention(&self, to: String, offset: usize) -> Mention {
        let line = self.code[..offset].matches('\n').count() + 1;
        Mention {
            from: self.module[0].clone(),
            to,
            place: format!("{}:{line}", self.place),
        }
    }
}

/// All Rust files below a folder, in order.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// A source without comments and without the module of its tests. Lines keep their numbers.
fn code(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let end = text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| {
        let comment = line.trim_start().starts_with("//");
        if comment {
            ""
        } else {
            line.split(" // ").next().unwrap_or("")
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The names directly below the crate's root that paths of this code begin with, each with its place.
/// `depth` is that of the code's module: so many `super` lead from it to the root.
fn names(code: &str, depth: usize) -> Vec<(String, usize)> {
    let to_the_root = "super::".repeat(depth);
    let mut names = Vec::new();
    for prefix in ["crate::", to_the_root.as_str()] {
        for (offset, _) in code.match_indices(prefix) {
            if starts_a_path(code, offset) {
                let rest = &code[offset + prefix.len()..];
                names.extend(heads(rest).into_iter().map(|name| (name, offset)));
            }
        }
    }
    names
}

/// Whether a path begins here, not in the middle of one or of a word.
fn starts_a_path(code: &str, offset: usize) -> bool {
    let before = code[..offset].chars().next_back();
    !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | ':' | '$'))
}

/// The first names of what follows `crate::`: one of `a::b`, several of `{a::{b, c}, d}`.
fn heads(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut heads = Vec::new();
    let mut depth = 1;
    let mut begins = true;
    for (offset, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            _ if begins && !letter.is_whitespace() => {
                heads.push(word(&group[offset..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn word(text: &str) -> String {
    let in_word = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    text.chars().take_while(in_word).collect()
}

/// The words that follow this one at the beginning of a line, whatever its visibility.
fn words_after<'a>(code: &'a str, keyword: &'a str) -> impl Iterator<Item = String> + 'a {
    let declared = code.lines().filter_map(move |line| {
        let line = line
            .strip_prefix("pub(crate) ")
            .or(line.strip_prefix("pub "))
            .unwrap_or(line);
        line.strip_prefix(keyword)
    });
    declared.map(word)
}

/// Names that `pub use module::{A, B};` passes on.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for declaration in lib.split(';') {
        let Some((_, path)) = declaration.split_once("use ") else {
            continue;
        };
        let Some((module, items)) = path.split_once("::") else {
            continue;
        };
        for item in heads(items) {
            exports.insert(item, module.to_owned());
        }
    }
    exports
}

#[test]
fn paths_are_read_as_rust_reads_them() {
    let code = code(
        "use crate::a::{self, b};\nuse crate::{c, d::{e, f}, G};\n// crate::comment\nlet x = $crate::macros + crate::h();\n\
         use super::super::i::j;\nuse super::own;\nlet y = 1; // crate::late\n\n#[cfg(test)]\nmod tests {\nuse crate::test;\n}\n",
    );
    let names: Vec<_> = names(&code, 2).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c", "d", "G", "h", "i"]);
    let exports = exports("mod error;\npub use error::{Error, Result};\npub use id::PackageId;");
    assert_eq!(exports.len(), 3);
    assert_eq!(exports["Result"], "error");
}
