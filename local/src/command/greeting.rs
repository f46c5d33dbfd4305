//! The greeting, once everything is ready.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use packages_api::Secret;
use packages_api_local::Stack;
use serde::Serialize;

use super::first_run::Made;

/// All that one needs to know of a running server. Its JSON is read by programs: names and order
/// are fixed.
#[derive(Serialize)]
pub(super) struct Greeting<'a> {
    /// None where only S3 and DynamoDB are running.
    base_url: Option<&'a str>,
    web_base_url: Option<&'a str>,
    organization: &'a str,
    registries: &'a BTreeMap<&'static str, String>,
    token: &'a str,
    s3_endpoint: String,
    dynamodb_endpoint: String,
    bucket: &'a str,
    table: &'a str,
    environment: BTreeMap<String, String>,
}

impl<'a> Greeting<'a> {
    pub(super) fn new(
        base_url: Option<&'a str>,
        made: &'a Made,
        secret: &'a Secret,
        stack: &'a Stack,
    ) -> Self {
        Self {
            base_url,
            web_base_url: base_url,
            organization: &made.organization,
            registries: &made.registries,
            token: secret.expose(),
            s3_endpoint: stack.s3_endpoint(),
            dynamodb_endpoint: stack.dynamodb_endpoint(),
            bucket: stack.bucket(),
            table: stack.table(),
            environment: stack.environment(),
        }
    }

    /// For programs: one line.
    pub(super) fn json(&self) -> io::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// For a shell: the environment of a function that is to use this stack.
    pub(super) fn exports(&self) -> String {
        let exports = self
            .environment
            .iter()
            .map(|(name, value)| format!("export {name}={}", quoted(value)));
        exports.collect::<Vec<_>>().join("\n")
    }

    /// For people: commands to paste.
    pub(super) fn commands(&self, gem: &Path) -> String {
        let base_url = self.base_url.unwrap_or_default();
        let ruby = self.registries.get("ruby").map_or("my-registry", String::as_str);
        let packages = format!(
            "{base_url}/v2/packages/organizations/{}/registries/{ruby}/packages",
            self.organization
        );
        format!(
            r#"The Packages API is listening on {base_url}

Publish a package. Paste this; the gem is there to try with:

  export TOKEN={token}

  curl -H "Authorization: Bearer $TOKEN" \
    -X POST "{packages}" \
    -H "Content-Type: application/json" \
    -F {file}

Install it; README.md has the same for pip, uv and others:

  gem install banana --clear-sources --source "{source}"

Then get it, and delete it, by the id in the answer:

  export ID=…

  curl -H "Authorization: Bearer $TOKEN" \
    -X GET "{packages}/$ID"

  curl -H "Authorization: Bearer $TOKEN" \
    -X DELETE "{packages}/$ID"

Registries of {organization}: {registries}
Ctrl-C stops the server."#,
            source = with_credentials(base_url, &format!("{}/{ruby}/", self.organization)),
            token = self.token,
            file = quoted(&form_file(gem)),
            organization = self.organization,
            registries = self.registries_in_words(),
        )
    }

    fn registries_in_words(&self) -> String {
        let named = self
            .registries
            .iter()
            .map(|(ecosystem, slug)| format!("{slug} ({ecosystem})"));
        named.collect::<Vec<_>>().join(", ")
    }
}

/// `file=@…` as curl reads it: a path with `,` or `;` in it stands in double quotes.
fn form_file(path: &Path) -> String {
    let path = path.display().to_string();
    if path.contains([',', ';', '"', '\\']) {
        let escaped = path.replace('\\', "\\\\").replace('"', "\\\"");
        format!("file=@\"{escaped}\"")
    } else {
        format!("file=@{path}")
    }
}

/// An address below the base with the user `token` and the shell's `$TOKEN`.
fn with_credentials(base_url: &str, path: &str) -> String {
    let (scheme, host) = base_url.split_once("://").unwrap_or(("http", base_url));
    format!("{scheme}://token:$TOKEN@{host}/{path}")
}

/// A word of a shell's command.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_shell_and_curl() {
        for (path, written) in [
            (".packages-api/banana.gem", "'file=@.packages-api/banana.gem'"),
            ("my data/it's.gem", r"'file=@my data/it'\''s.gem'"),
            ("a;b,\"c", r#"'file=@"a;b,\"c"'"#),
        ] {
            assert_eq!(quoted(&form_file(Path::new(path))), written);
        }
    }
}
