//! `terraform`: a module, named `terraform-{provider}-{module}-{major.minor.patch}.tgz`.
//!
//! Nothing inside names a module or its version, so here the file name must; the inside has to be
//! a module.

use serde::Serialize;

use super::alphabet::is_word;
use super::bounded::unreadable;
use super::budget::Metered;
use super::gzip::{finish, tar_gz};
use super::{Manifest, Rejection, metadata};

/// What the module registry protocol and a module's page need.
#[derive(Debug, Serialize)]
struct IndexFacts {
    provider: String,
    module: String,
    has_readme: bool,
    /// Configuration files in the module's root.
    root_files: Vec<String>,
    /// Folders of `modules/`.
    submodules: Vec<String>,
}

/// Configuration files and READMEs of an archive.
const MAX_PATHS: usize = 10_000;
/// Names that are kept of each list.
const MAX_LISTED: usize = 1_000;

pub(super) fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let (provider, module, version) = parts(filename).ok_or_else(|| {
        Rejection::new(
            "filename",
            "the file name must be `terraform-{provider}-{module}-{major.minor.patch}.tgz`, such as \
             `terraform-aws-network-1.2.0.tgz`: a module does not name itself",
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
        metadata: metadata(&IndexFacts {
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

/// What the archive holds, counted from the module's root.
#[derive(Default)]
struct Contents {
    paths: Vec<String>,
    has_readme: bool,
    root_files: Vec<String>,
    submodules: Vec<String>,
}

fn contents(source: &mut Metered<'_>) -> Result<Contents, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let mut archive = tar_gz(source, budget);
    let mut contents = Contents::default();
    while let Some(member) = archive.next().map_err(&unreadable)? {
        let path = String::from_utf8_lossy(&member.path);
        if member.is_file() && (is_configuration(&path) || is_readme(&path)) {
            let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
            contents.paths.push(path);
        }
        if contents.paths.len() > MAX_PATHS {
            let message = format!("the module holds more than {MAX_PATHS} configuration files");
            return Err(Rejection::new("file", message));
        }
    }
    finish(archive).map_err(&unreadable)?;
    contents.sort_from_root()?;
    Ok(contents)
}

impl Contents {
    /// The root is the outermost folder with configuration: that of the archive, or its only one.
    fn sort_from_root(&mut self) -> Result<(), Rejection> {
        let depth = |path: &&String| path.matches('/').count();
        let configurations = || self.paths.iter().filter(|path| is_configuration(path));
        let Some(outermost) = configurations().min_by_key(depth) else {
            return Err(Rejection::new(
                "file",
                "the archive holds no `.tf` file, so it is no Terraform module; pack the folder \
                 that holds `main.tf`",
            ));
        };
        let root = match outermost.rsplit_once('/') {
            None => String::new(),
            Some((folder, _)) => format!("{folder}/"),
        };
        for path in &self.paths {
            let Some(path) = path.strip_prefix(&root) else {
                continue;
            };
            match path
                .strip_prefix("modules/")
                .and_then(|path| path.split_once('/'))
            {
                Some((submodule, _)) => add(&mut self.submodules, submodule),
                None if path.contains('/') => {}
                None if is_readme(path) => self.has_readme = true,
                None => add(&mut self.root_files, path),
            }
        }
        self.root_files.sort_unstable();
        self.submodules.sort_unstable();
        Ok(())
    }
}

fn add(list: &mut Vec<String>, name: &str) {
    if list.len() < MAX_LISTED && !list.iter().any(|listed| listed == name) {
        list.push(name.to_owned());
    }
}

fn is_configuration(path: &str) -> bool {
    [".tf", ".tf.json", ".tofu"]
        .iter()
        .any(|suffix| path.ends_with(suffix))
}

fn is_readme(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    stem.eq_ignore_ascii_case("readme")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::super::tarball::fixtures::{gzip, tar};
    use super::super::{Ecosystem, read as read_package};
    use super::*;

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
            "the archive holds no `.tf` file, so it is no Terraform module; pack the folder that \
             holds `main.tf`"
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
            "the module holds more than 10000 configuration files"
        );
    }
}
