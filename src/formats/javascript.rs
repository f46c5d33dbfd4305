//! `javascript`: an npm package, a compressed tar with `package/package.json`.
//!
//! The top folder may have any name, since installers strip it; a `package.json` further down is
//! somebody else's. Kept is what a packument shows of a version.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::Sha512;

use super::alphabet::is_made_of;
use super::bounded::unreadable;
use super::budget::{Budget, Metered};
use super::digest::{Hashing, hex};
use super::gzip::{finish, tar_gz};
use super::tarball::Member;
use super::{Manifest, Rejection, json, metadata};

mod version;

/// Bytes of `package.json`.
const MAX_PACKAGE_JSON: u64 = 4 * 1024 * 1024;
/// Bytes of a name, scope included, as npm has it.
const MAX_NAME: usize = 214;

/// What a packument says of a version: `manifest` is `package.json` itself, the rest its `dist` and
/// what the registry works out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexFacts {
    manifest: Map<String, Value>,
    /// `sha512-` and base64, as Subresource Integrity has it.
    integrity: String,
    /// SHA-1, hexadecimal.
    shasum: String,
    /// Members of the archive, folders included, as npm counts them.
    file_count: u64,
    /// Bytes of all of them.
    unpacked_size: u64,
    has_install_script: bool,
    /// Commands and the files that they run.
    bin: Map<String, Value>,
}

/// What one pass over the archive gathers.
#[derive(Default)]
struct Contents {
    package_json: Option<Vec<u8>>,
    file_count: u64,
    unpacked_size: u64,
    /// Whether there is a `binding.gyp`, which npm builds without being told.
    binding: bool,
}

pub(super) fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let hashing: Hashing<_, Sha1> = Hashing::new(Hashing::<_, Sha512>::new(source));
    let mut archive = tar_gz(hashing, budget);
    let mut contents = Contents::default();
    while let Some(mut member) = archive.next().map_err(&unreadable)? {
        contents.add(&mut member)?;
    }
    let hashing = finish(archive).map_err(&unreadable)?;
    let (hashing, sha1, _) = hashing.finish().map_err(&unreadable)?;
    let (_, sha512, _) = hashing.finish().map_err(&unreadable)?;
    manifest(&contents, &sha1, &sha512, budget)
}

impl Contents {
    fn add<R: Read>(&mut self, member: &mut Member<'_, '_, R>) -> Result<(), Rejection> {
        self.file_count += 1;
        self.unpacked_size = self.unpacked_size.saturating_add(member.size());
        if !member.is_file() {
            return Ok(());
        }
        match below_top(&member.path) {
            b"binding.gyp" => self.binding = true,
            b"package.json" if self.package_json.is_some() => {
                return Err(wrong("there is more than one at the top; pack it again"));
            }
            b"package.json" => {
                let bytes = member.contents(MAX_PACKAGE_JSON);
                self.package_json = Some(bytes.map_err(unreadable("package.json"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is left of a path without its first folder.
fn below_top(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let slash = path.iter().position(|&byte| byte == b'/');
    slash.and_then(|slash| path.get(slash + 1..)).unwrap_or_default()
}

fn manifest(contents: &Contents, sha1: &[u8], sha512: &[u8], budget: &Budget) -> Result<Manifest, Rejection> {
    let bytes = contents
        .package_json
        .as_deref()
        .ok_or_else(|| wrong("there is none in the archive's top folder; make the file with `npm pack`"))?;
    let package = json::read(bytes, budget).map_err(|error| wrong(&error))?;
    let Value::Object(package) = package else {
        return Err(wrong("it is no object"));
    };
    let name = name(&package)?;
    let (version, precedence) = version(&package)?;
    Ok(Manifest {
        normalized_name: name.clone(),
        version,
        normalized_version: precedence,
        variant: None,
        metadata: metadata(&IndexFacts {
            integrity: format!("sha512-{}", STANDARD.encode(sha512)),
            shasum: hex(sha1),
            file_count: contents.file_count,
            unpacked_size: contents.unpacked_size,
            has_install_script: has_install_script(&package, contents.binding),
            bin: commands(&package, &name),
            manifest: package,
        })?,
        name,
    })
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("package.json", format!("`package.json` is not usable: {why}"))
}

/// A name as `validate-npm-package-name` allows it; capitals are in old ones.
fn name(package: &Map<String, Value>) -> Result<String, Rejection> {
    let name = package.get("name").and_then(Value::as_str);
    name.filter(|name| is_name(name))
        .map(str::to_owned)
        .ok_or_else(|| {
            Rejection::new(
                "name",
                format!(
                    "the `name` in package.json must be letters, digits, `-`, `.`, `_` and `~`, not \
                     begin with `.` or `_`, and be at most {MAX_NAME} bytes long with its scope: \
                     `left-pad`, `@scope/left-pad`"
                ),
            )
        })
}

fn is_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with(['.', '_']) && is_made_of(part, b"-._~");
    let reserved = ["node_modules", "favicon.ico"];
    let valid = match name.strip_prefix('@').map(|scoped| scoped.split_once('/')) {
        None => part(name) && !reserved.iter().any(|word| word.eq_ignore_ascii_case(name)),
        Some(Some((scope, name))) => part(scope) && part(name),
        Some(None) => false,
    };
    valid && name.len() <= MAX_NAME
}

fn version(package: &Map<String, Value>) -> Result<(String, String), Rejection> {
    let stated = package.get("version").and_then(Value::as_str);
    stated.and_then(version::cleaned).ok_or_else(|| {
        Rejection::new(
            "version",
            "the `version` in package.json must be a semantic version whose numbers are at most \
             9007199254740991, such as `1.2.3` or `2.0.0-rc.1`",
        )
    })
}

fn has_install_script(package: &Map<String, Value>, binding: bool) -> bool {
    let script = |name: &str| {
        let script = package.get("scripts").and_then(|scripts| scripts.get(name));
        script
            .and_then(Value::as_str)
            .is_some_and(|script| !script.is_empty())
    };
    let built = binding && package.get("gypfile") != Some(&Value::Bool(false));
    built || ["preinstall", "install", "postinstall"].into_iter().any(script)
}

/// `bin` as npm normalises it: a lone file is a command of the package's name.
fn commands(package: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let own_name = name.rsplit('/').next().unwrap_or(name);
    let mut commands = Map::new();
    match package.get("bin") {
        Some(Value::String(path)) => add_command(&mut commands, own_name, path),
        Some(Value::Array(paths)) => {
            for path in paths.iter().filter_map(Value::as_str) {
                add_command(&mut commands, path, path);
            }
        }
        Some(Value::Object(pairs)) => {
            for (command, path) in pairs {
                add_command(&mut commands, command, path.as_str().unwrap_or_default());
            }
        }
        _ => {}
    }
    commands
}

/// Neither a command nor its file may point out of where it belongs.
fn add_command(commands: &mut Map<String, Value>, command: &str, path: &str) {
    let command = inside(command).rsplit('/').next().unwrap_or_default().to_owned();
    let path = inside(path);
    if !command.is_empty() && !path.is_empty() {
        commands.insert(command, path.into());
    }
}

/// A relative path without `.`, `..` and empty parts.
fn inside(path: &str) -> String {
    let path = path.replace(['\\', ':'], "/");
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
