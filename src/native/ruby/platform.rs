//! Platforms of gems, taken apart as `Gem::Platform.new` of RubyGems 4 does.

pub(super) use crate::formats::ruby::RUBY;

/// The parts of a platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Platform<'a> {
    pub(super) cpu: Option<&'a str>,
    pub(super) os: &'a str,
    pub(super) version: Option<&'a str>,
}

/// Version that may follow the name of a system, with or without a `-` before it.
#[derive(Debug, Clone, Copy)]
enum Version {
    Absent,
    /// Digits.
    Number,
    /// Numbers with dots between them, however many.
    Dotted,
    /// Two numbers with a dot between them.
    Pair,
    /// Letters, digits and `_`.
    Word,
}

/// Systems in the order in which RubyGems looks for their names: anywhere in the text, or at its start alone.
const SYSTEMS: &[(&str, bool, Version)] = &[
    ("aix", false, Version::Number),
    ("cygwin", false, Version::Absent),
    ("darwin", false, Version::Number),
    ("macruby", true, Version::Dotted),
    ("freebsd", false, Version::Number),
    ("java", true, Version::Dotted),
    ("dalvik", true, Version::Number),
    ("dotnet", true, Version::Dotted),
    ("linux", false, Version::Word),
    ("mingw32", false, Version::Absent),
    ("mingw", false, Version::Word),
    ("mswin", false, Version::Number),
    ("netbsdelf", false, Version::Absent),
    ("openbsd", false, Version::Pair),
    ("solaris", false, Version::Pair),
    ("wasi", false, Version::Absent),
];

impl<'a> Platform<'a> {
    /// The parts of a platform's text, which is not [`RUBY`].
    pub(super) fn parse(text: &'a str) -> Self {
        let text = text.trim_end_matches('-');
        let (cpu, system) = match text.split_once('-') {
            Some((cpu, system)) => (Some(cpu), system),
            // JRuby's own: a system without a processor.
            None => (None, text),
        };
        let cpu = cpu.map(|cpu| if is_x86(cpu) { "x86" } else { cpu });
        let (os, version) = system_of(system);
        let is_32_bit_windows = os.starts_with("mswin") && os.ends_with("32");
        Self {
            cpu: cpu.or(is_32_bit_windows.then_some("x86")),
            os,
            version,
        }
    }
}

/// `i386` to `i686`.
fn is_x86(cpu: &str) -> bool {
    let mut windows = cpu.as_bytes().windows(4);
    windows.any(|part| part[0] == b'i' && part[1].is_ascii_digit() && &part[2..] == b"86")
}

fn system_of(text: &str) -> (&str, Option<&str>) {
    if text == "jruby" {
        return ("java", None);
    }
    for &(name, at_start, version) in SYSTEMS {
        let found = text.find(name).filter(|at| !at_start || *at == 0);
        let Some(at) = found else {
            continue;
        };
        let rest = &text[at + name.len()..];
        if name == "mswin" {
            match windows(&text[at..]) {
                Some(system) => return system,
                None => continue,
            }
        }
        let (version, left) = version.split(rest);
        // The only expression that has to take the whole text.
        if name == "dalvik" && !left.is_empty() {
            continue;
        }
        return (name, version);
    }
    ("unknown", None)
}

/// `mswin32` or `mswin64`, and the version of its C library behind a `_` or `-`.
fn windows(text: &str) -> Option<(&str, Option<&str>)> {
    let bits = digits_of(text.strip_prefix("mswin")?)?;
    let (os, rest) = text.split_at("mswin".len() + bits.len());
    let version = rest.strip_prefix(['_', '-']).and_then(digits_of);
    Some((os, version))
}

impl Version {
    /// The version at the start of what follows a system's name, and the rest.
    fn split(self, text: &str) -> (Option<&str>, &str) {
        let text = text.strip_prefix('-').unwrap_or(text);
        let length = match self {
            Self::Absent => 0,
            Self::Number => digits_of(text).map_or(0, str::len),
            Self::Dotted => dotted(text, usize::MAX),
            Self::Pair => Some(dotted(text, 2))
                .filter(|end| text[..*end].contains('.'))
                .unwrap_or(0),
            Self::Word => {
                let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
                text.find(|character| !is_word(character)).unwrap_or(text.len())
            }
        };
        let (version, rest) = text.split_at(length);
        (Some(version).filter(|version| !version.is_empty()), rest)
    }
}

/// Length of the numbers with dots between them at the start of a text, of which at most so many are taken.
fn dotted(text: &str, most: usize) -> usize {
    let mut end = digits_of(text).map_or(0, str::len);
    let mut numbers = 1;
    while end > 0 && numbers < most {
        let Some(next) = text[end..].strip_prefix('.').and_then(digits_of) else {
            break;
        };
        end += 1 + next.len();
        numbers += 1;
    }
    end
}

/// The digits at the start of a text, if there are some.
fn digits_of(text: &str) -> Option<&str> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    (end > 0).then_some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Gem::Platform.new(text).to_a` of RubyGems 4.
    const PARSED: &[(&str, Option<&str>, &str, Option<&str>)] = &[
        ("x86_64-linux", Some("x86_64"), "linux", None),
        ("x86_64-linux-musl", Some("x86_64"), "linux", Some("musl")),
        ("aarch64-linux-gnu", Some("aarch64"), "linux", Some("gnu")),
        ("i686-linux", Some("x86"), "linux", None),
        ("arm64-darwin-23", Some("arm64"), "darwin", Some("23")),
        ("universal-darwin9", Some("universal"), "darwin", Some("9")),
        ("x64-mingw-ucrt", Some("x64"), "mingw", Some("ucrt")),
        ("x86-mingw32", Some("x86"), "mingw32", None),
        ("x86-mswin32-60", Some("x86"), "mswin32", Some("60")),
        ("x64-mswin64_140", Some("x64"), "mswin64", Some("140")),
        ("mswin32", Some("x86"), "mswin32", None),
        ("java", None, "java", None),
        ("jruby", None, "java", None),
        ("universal-java-1.6", Some("universal"), "java", Some("1.6")),
        ("dalvik4", None, "dalvik", Some("4")),
        ("dalvikX", None, "unknown", None),
        ("x86-freebsd-13", Some("x86"), "freebsd", Some("13")),
        ("x86_64-openbsd7.4", Some("x86_64"), "openbsd", Some("7.4")),
        ("sparc-solaris2", Some("sparc"), "solaris", None),
        ("wasm32-wasi", Some("wasm32"), "wasi", None),
        ("powerpc-aix-5", Some("powerpc"), "aix", Some("5")),
        ("any-thing", Some("any"), "unknown", None),
    ];

    #[test]
    fn platforms_are_parsed_as_rubygems_does() {
        for &(text, cpu, os, version) in PARSED {
            assert_eq!(Platform::parse(text), Platform { cpu, os, version }, "{text}");
        }
    }
}
