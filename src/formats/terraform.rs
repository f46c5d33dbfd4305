//! `terraform`: a module, named `terraform-{provider}-{module}-{major.minor.patch}.tgz`.
//!
//! Nothing inside names a module or its version, so here the file name must; the inside has to be
//! a module.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::{finish, tar_gz};
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::texts::alphabet::is_word;

/// Facts of a module, as the module registry protocol and a module's page show them. Every field has a
/// default, so that items of earlier versions read too.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) provider: String,
    pub(crate) module: String,
    pub(crate) has_readme: bool,
    /// Configuration files in the module's root.
    pub(crate) root_files: Vec<String>,
    /// Folders of `modules/`.
    pub(crate) submodules: Vec<String>,
}

/// Configuration files and READMEs of an archive.
const MAX_PATHS: usize = 10_000;
/// Names that are kept of each list.
const MAX_LISTED: usize = 1_000;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Terraform,
    holds: "Terraform modules (`.tgz`)",
    containers: &[Container::Gzip],
    read,
};

fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let (provider, module, version) = parts(filename).ok_or_else(|| {
        Rejection::new(
            "filename",
            "The file name must be `terraform-{provider}-{module}-{major.minor.patch}.tgz`, such as \
             `terraform-aws-network-1.2.0.tgz`: a module does not name itself.",
        )
    })?;
    let contents = contents(source)?;
    let name = format!("{provider}-{module}");
    Ok(Manifest {
        normalized_name: name.to_ascii_lowercase(),
        name,
        version: version.to_owned(),
        normalized_version: version.to_owned(),
        variant: None,
        metadata: metadata(&Facts {
            provider: provider.to_owned(),
            module: module.to_owned(),
            has_readme: contents.has_readme,
            root_files: contents.root_files,
            submodules: contents.submodules,
        })?,
    })
}

/// Provider, module and version; a provider holds no hyphen.
fn parts(filename: &str) -> Option<(&str, &str, &str)> {
    let stem = filename
        .strip_suffix(".tgz")
        .or_else(|| filename.strip_suffix(".tar.gz"))?;
    let (provider, rest) = stem.strip_prefix("terraform-")?.split_once('-')?;
    let (module, version) = rest.rsplit_once('-')?;
    let version = version.strip_prefix('v').unwrap_or(version);
    let parsed = semver::Version::parse(version).ok()?;
    let plain = parsed.pre.is_empty() && parsed.build.is_empty();
    (plain && is_word(provider, b"") && is_word(module, b"-_") && !module.ends_with(['-', '_']))
        .then_some((provider, module, version))
}

/// Configuration files and READMEs of an archive, and where its module begins.
#[derive(Default)]
struct Paths {
    /// Each once, however often the archive holds it.
    all: HashSet<Vec<u8>>,
    /// The outermost folder with configuration, with its slash, and its depth: that of the archive,
    /// or its only one.
    root: Option<(usize, Vec<u8>)>,
}

/// The files of a module, counted from its root.
struct Contents {
    has_readme: bool,
    root_files: Vec<String>,
    submodules: Vec<String>,
}

fn contents(source: &mut Metered<'_>) -> Result<Contents, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let mut archive = tar_gz(source, budget);
    let mut paths = Paths::default();
    while let Some(member) = archive.next().map_err(&unreadable)? {
        if member.is_file() {
            let path = member.path.strip_prefix(b"./").unwrap_or(&member.path);
            paths.add(path, budget)?;
        }
    }
    finish(archive).map_err(&unreadable)?;
    paths.contents()
}

impl Paths {
    fn add(&mut self, path: &[u8], budget: &Budget) -> Result<(), Rejection> {
        let is_configuration = is_configuration(path);
        if !is_configuration && !is_readme(path) || self.all.contains(path) {
            return Ok(());
        }
        if self.all.len() == MAX_PATHS {
            let message = format!("The module holds more than {MAX_PATHS} configuration files; split it.");
            return Err(Rejection::new("file", message));
        }
        budget.keep(path.len())?;
        self.all.insert(path.to_owned());
        let depth = path.split(|&byte| byte == b'/').count();
        if is_configuration && self.root.as_ref().is_none_or(|(least, _)| depth < *least) {
            let folder = path.len() - file_name(path).len();
            self.root = Some((depth, path.get(..folder).unwrap_or_default().to_owned()));
        }
        Ok(())
    }

    fn contents(&self) -> Result<Contents, Rejection> {
        let Some((_, root)) = &self.root else {
            return Err(Rejection::new(
                "file",
                "The archive holds no `.tf` file, so it is not a Terraform module; pack the folder \
                 that holds `main.tf`.",
            ));
        };
        let mut has_readme = false;
        let (mut root_files, mut submodules) = (BTreeSet::new(), BTreeSet::new());
        for path in self
            .all
            .iter()
            .filter_map(|path| path.strip_prefix(root.as_slice()))
        {
            if let Some(below) = path.strip_prefix(b"modules/") {
                let mut parts = below.splitn(2, |&byte| byte == b'/');
                if let (Some(submodule), Some(_)) = (parts.next(), parts.next()) {
                    submodules.insert(submodule);
                }
            } else if !path.contains(&b'/') && is_readme(path) {
                has_readme = true;
            } else if !path.contains(&b'/') {
                root_files.insert(path);
            }
        }
        Ok(Contents {
            has_readme,
            root_files: listed(&root_files),
            submodules: listed(&submodules),
        })
    }
}

/// The first [`MAX_LISTED`] names, as text.
fn listed(names: &BTreeSet<&[u8]>) -> Vec<String> {
    let names = names.iter().take(MAX_LISTED);
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Whether Terraform or `OpenTofu` reads the file; both ignore names that begin with a dot.
fn is_configuration(path: &[u8]) -> bool {
    let file = file_name(path);
    let suffixes: [&[u8]; 4] = [b".tf", b".tf.json", b".tofu", b".tofu.json"];
    !file.starts_with(b".") && suffixes.into_iter().any(|suffix| file.ends_with(suffix))
}

fn is_readme(path: &[u8]) -> bool {
    let stem = file_name(path).split(|&byte| byte == b'.').next();
    stem.is_some_and(|stem| stem.eq_ignore_ascii_case(b"readme"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::*;
    use crate::formats::containers::tarball::fixtures::{gzip, tar};
    use crate::formats::round_trip::read as read_package;

    fn read_module(filename: &str, files: &[(&str, &[u8])]) -> Result<Manifest, Rejection> {
        let file = gzip(&tar(files));
        read_package(Ecosystem::Terraform, filename, &mut Cursor::new(file))
    }

    #[test]
    fn a_module_is_named_by_its_file_name() {
        let files: [(&str, &[u8]); 5] = [
            ("./top/main.tf", b""),
            ("./top/README.md", b""),
            ("./top/variables.tf.json", b"{}"),
            ("./top/modules/subnet/main.tf", b""),
            ("./top/modules/subnet/outputs.tf", b""),
        ];
        let expected = json!({
            "provider": "aws",
            "module": "my-network",
            "has_readme": true,
            "root_files": ["main.tf", "variables.tf.json"],
            "submodules": ["subnet"],
        });
        assert_eq!(
            read_module("terraform-aws-my-network-1.2.0.tgz", &files).unwrap(),
            Manifest {
                name: "aws-my-network".to_owned(),
                normalized_name: "aws-my-network".to_owned(),
                version: "1.2.0".to_owned(),
                normalized_version: "1.2.0".to_owned(),
                variant: None,
                metadata: metadata(&expected).unwrap(),
            }
        );
    }

    #[test]
    fn files_that_terraform_ignores_are_not_listed() {
        let files: [(&str, &[u8]); 4] = [
            ("._main.tf", b"\0\x05\x16\x07"),
            (".hidden.tf", b""),
            ("main.tf", b""),
            ("main.tf", b""),
        ];
        let manifest = read_module("terraform-aws-network-1.2.0.tgz", &files).unwrap();
        assert_eq!(manifest.metadata.value()["root_files"], json!(["main.tf"]));
        let rejection = read_module("terraform-aws-network-1.2.0.tgz", &files[..2]).unwrap_err();
        assert_eq!(rejection.field, "file");
    }

    #[test]
    fn other_file_names_are_refused() {
        for filename in [
            "network-1.2.0.tgz",
            "terraform-aws-1.2.0.tgz",
            "terraform-aws-network-1.2.tgz",
            "terraform-aws-network-1.2.0-rc.1.tgz",
            "terraform-aws-network-1.2.0.zip",
            "terraform-a/b-network-1.2.0.tgz",
            "terraform-aws--1.2.0.tgz",
        ] {
            let rejection = read_module(filename, &[("main.tf", b"")]).unwrap_err();
            assert_eq!(rejection.field, "filename", "{filename}");
        }
    }

    #[test]
    fn an_archive_without_configuration_is_no_module() {
        let rejection = read_module("terraform-aws-network-1.2.0.tgz", &[("README.md", b"")]).unwrap_err();
        assert_eq!(
            rejection.message,
            "The archive holds no `.tf` file, so it is not a Terraform module; pack the folder that \
             holds `main.tf`."
        );
    }

    #[test]
    fn configuration_files_are_counted() {
        let paths: Vec<_> = (0..=MAX_PATHS).map(|number| format!("{number}.tf")).collect();
        let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), &b""[..])).collect();
        assert_eq!(
            read_module("terraform-aws-network-1.2.0.tgz", &files)
                .unwrap_err()
                .message,
            "The module holds more than 10000 configuration files; split it."
        );
    }
}
