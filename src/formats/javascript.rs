//! `javascript`: an npm package, a tar with `package/package.json`, compressed as a rule.
//!
//! The top folder may have any name, since installers strip it; a `package.json` further down belongs
//! to another package.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use sha1::Sha1;
use sha2::Sha512;

pub(crate) use self::entry::{Entry, MAX_ENTRY_BYTES};
pub(crate) use self::facts::Facts;
pub(crate) use self::version::{normalized as normalized_version, precedence};
use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::{finish, is_gzip, tar_gz};
use crate::formats::containers::tarball::{Archive, Member};
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::source::hashing::Hashing;
use crate::formats::texts::alphabet::is_made_of;
pub(crate) use crate::formats::texts::json;

mod entry;
mod facts;
mod version;

/// Bytes of `package.json`.
const MAX_PACKAGE_JSON_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of a name, scope included, as npm has it.
const MAX_NPM_NAME_BYTES: usize = 214;

/// Commands that one package may bring.
const MAX_COMMANDS: usize = 1_000;

/// Findings of one pass over the archive.
#[derive(Default)]
struct Contents {
    package_json: Option<Vec<u8>>,
    file_count: u64,
    unpacked_size: u64,
    /// Whether there is a `binding.gyp`, which npm builds by default.
    binding: bool,
    /// Whether there is an `npm-shrinkwrap.json`, which pins what npm installs with the package.
    shrinkwrap: bool,
}

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Javascript,
    holds: "npm packages (`.tgz`)",
    containers: &[Container::Gzip, Container::Tar],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let is_packed = is_gzip(source).map_err(&unreadable)?;
    let mut hashing: Hashing<_, Sha1> = Hashing::new(Hashing::<_, Sha512>::new(source));
    let mut contents = Contents::default();
    if is_packed {
        let mut archive = tar_gz(hashing, budget);
        contents.gather(&mut archive)?;
        hashing = finish(archive).map_err(&unreadable)?;
    } else {
        let mut archive = Archive::new(hashing, budget);
        contents.gather(&mut archive)?;
        hashing = archive.into_inner();
    }
    let (hashing, sha1, _) = hashing.finish().map_err(&unreadable)?;
    let (_, sha512, _) = hashing.finish().map_err(&unreadable)?;
    manifest(&contents, &sha1, &sha512, budget)
}

impl Contents {
    fn gather<R: Read>(&mut self, archive: &mut Archive<'_, R>) -> Result<(), Rejection> {
        while let Some(mut member) = archive.next().map_err(unreadable("file"))? {
            self.add(&mut member)?;
        }
        Ok(())
    }

    fn add<R: Read>(&mut self, member: &mut Member<'_, '_, R>) -> Result<(), Rejection> {
        self.file_count += 1;
        self.unpacked_size = self.unpacked_size.saturating_add(member.size());
        if !member.is_file() {
            return Ok(());
        }
        match below_top(&member.path) {
            b"binding.gyp" => self.binding = true,
            b"npm-shrinkwrap.json" => self.shrinkwrap = true,
            b"package.json" if self.package_json.is_some() => {
                return Err(wrong(
                    "there is more than one at the top of the archive; pack it again",
                ));
            }
            b"package.json" => {
                let bytes = member.contents(MAX_PACKAGE_JSON_BYTES);
                self.package_json = Some(bytes.map_err(unreadable("package.json"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The name of a file in the top folder, as npm strips it: without the first part of the path, empty
/// parts and `.`. Empty for files further down.
fn below_top(path: &[u8]) -> &[u8] {
    let parts = path.split(|&byte| byte == b'/').skip(1);
    let mut parts = parts.filter(|part| !matches!(part, [] | [b'.']));
    match (parts.next(), parts.next()) {
        (Some(name), None) => name,
        _ => b"",
    }
}

fn manifest(contents: &Contents, sha1: &[u8], sha512: &[u8], budget: &Budget) -> Result<Manifest, Rejection> {
    let bytes = contents
        .package_json
        .as_deref()
        .ok_or_else(|| wrong("it is missing from the archive's top folder; make the file with `npm pack`"))?;
    let written = json::read(bytes, budget).map_err(|error| wrong(&error))?;
    let package = Package::read(&written).ok_or_else(|| wrong("it is not an object"))?;
    let name = package.name()?;
    let (version, precedence) = package.version()?;
    let facts = Facts {
        manifest: Cow::Borrowed(&*written),
        integrity: format!("sha512-{}", STANDARD.encode(sha512)),
        shasum: hex::encode(sha1),
        file_count: contents.file_count,
        unpacked_size: contents.unpacked_size,
        has_install_script: package.has_install_script(contents.binding),
        has_shrinkwrap: contents.shrinkwrap,
        bin: package.commands(&name)?,
    };
    if Entry::of(&facts).is_none() {
        return Err(wrong(&format!(
            "what installers read of it (dependencies, `bin`, `engines`) takes more than {MAX_ENTRY_BYTES} bytes; \
             depend on less"
        )));
    }
    Ok(Manifest {
        normalized_name: name.clone(),
        version,
        normalized_version: precedence,
        variant: None,
        metadata: metadata(&facts)?,
        name,
    })
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("package.json", format!("`package.json` is not usable: {why}."))
}

/// The fields of a `package.json` that decide.
#[derive(Default)]
struct Package<'a> {
    name: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    scripts: Option<&'a RawValue>,
    bin: Option<&'a RawValue>,
    gypfile: Option<&'a RawValue>,
}

impl<'a> Package<'a> {
    fn read(written: &'a RawValue) -> Option<Self> {
        let mut package = Self::default();
        let is_object = json::members(written, |key, value| match key {
            "name" => package.name = json::text(value),
            "version" => package.version = json::text(value),
            "scripts" => package.scripts = Some(value),
            "bin" => package.bin = Some(value),
            "gypfile" => package.gypfile = Some(value),
            _ => {}
        });
        is_object.then_some(package)
    }

    /// A name as `validate-npm-package-name` allows it; capitals are in old ones.
    fn name(&self) -> Result<String, Rejection> {
        let name = self.name.as_deref().filter(|name| is_name(name));
        name.map(str::to_owned).ok_or_else(|| {
            Rejection::new(
                "name",
                format!(
                    "The `name` in package.json must be letters, digits, `-`, `.`, `_` and `~`, not \
                     begin with `.` or `_`, and be at most {MAX_NPM_NAME_BYTES} bytes long with its scope: \
                     `left-pad`, `@scope/left-pad`."
                ),
            )
        })
    }

    fn version(&self) -> Result<(String, String), Rejection> {
        let stated = self.version.as_deref();
        stated.and_then(version::cleaned).ok_or_else(|| {
            Rejection::new(
                "version",
                "The `version` in package.json must be a semantic version whose numbers are at most \
                 9007199254740991, such as `1.2.3` or `2.0.0-rc.1`.",
            )
        })
    }

    fn has_install_script(&self, binding: bool) -> bool {
        let mut scripts = BTreeMap::new();
        if let Some(written) = self.scripts {
            json::members(written, |key, script| {
                if let Some(event) = ["preinstall", "install", "postinstall"]
                    .iter()
                    .find(|event| **event == key)
                {
                    let is_filled = json::text(script).is_some_and(|script| !script.is_empty());
                    scripts.insert(*event, is_filled);
                }
            });
        }
        let built = binding && self.gypfile.is_none_or(|gypfile| gypfile.get() != "false");
        built || scripts.into_values().any(|is_filled| is_filled)
    }

    /// `bin` as npm normalises it: a lone file is a command of the package's name.
    fn commands(&self, name: &str) -> Result<BTreeMap<String, String>, Rejection> {
        let mut commands = BTreeMap::new();
        let Some(bin) = self.bin else {
            return Ok(commands);
        };
        let mut count = 0;
        let mut add = |command: &str, path: &RawValue| {
            count += 1;
            if count <= MAX_COMMANDS
                && let Some(path) = json::text(path)
            {
                add_command(&mut commands, command, &path);
            }
        };
        add(name, bin);
        json::items(bin, |path| add(&json::text(path).unwrap_or_default(), path));
        json::members(bin, add);
        if count > MAX_COMMANDS {
            return Err(wrong(&format!("`bin` names more than {MAX_COMMANDS} commands")));
        }
        Ok(commands)
    }
}

/// Whether a package can have this name, scope included.
pub(crate) fn is_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with(['.', '_']) && is_made_of(part, b"-._~");
    let reserved = ["node_modules", "favicon.ico"];
    let valid = match name.strip_prefix('@').map(|scoped| scoped.split_once('/')) {
        None => part(name) && !reserved.iter().any(|word| word.eq_ignore_ascii_case(name)),
        Some(Some((scope, name))) => part(scope) && part(name),
        Some(None) => false,
    };
    valid && name.len() <= MAX_NPM_NAME_BYTES
}

/// Adds a command, with name and path sanitized so that neither points out of its folder.
fn add_command(commands: &mut BTreeMap<String, String>, command: &str, path: &str) {
    let command = sanitize_path(&command.replace(':', "/"));
    let command = command.rsplit('/').next().unwrap_or_default();
    let path = sanitize_path(path);
    if !command.is_empty() && !path.is_empty() {
        commands.insert(command.to_owned(), path);
    }
}

/// A relative path without `.`, `..` and empty parts.
fn sanitize_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
