//! Addresses that are none of an upload of this registry.
//!
//! They are written as templates: `{address}` is the bucket's, `http://{host}/{bucket}`; `{prefix}` the upload's, with
//! its `{id}` and a slash at the end; `{path}` the key of a file there; `{trap}` the host of a server that notices
//! whoever fetches from it.

const NAME: &str = "banana-1.0.0.gem";

/// Other hosts, in every spelling that a lax reader takes for ours or for a place inside.
const HOSTS: &[&str] = &[
    "{trap}",
    "{trap}#{host}",
    "{trap}?{host}",
    "{trap}\\@{host}",
    "{host}@{trap}",
    "{host}:80@{trap}",
    "user@{host}",
    "user:password@{host}",
    "@{host}",
    "{host}.",
    "{host}.example.com",
    "{host}%00.example.com",
    "{host}%2F",
    "{host}:",
    "{host}0",
    " {host}",
    "{host}\t",
    "localhost:{port}",
    "127.1:{port}",
    "0:{port}",
    "0x7f000001:{port}",
    "2130706433:{port}",
    "0177.0.0.1:{port}",
    "[::1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "{bucket}.127.0.0.1:{port}",
    "127.0.0.1",
    "127.0.0.1:0",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "169.254.170.2",
    "metadata.internal",
    "s3.amazonaws.com",
    "other.s3.amazonaws.com",
    "",
];

/// Schemes in front of another host.
const SCHEMES: &[&str] = &[
    "http://",
    "https://",
    "HTTP://",
    "//",
    "http:/",
    "http:\\\\",
    "s3://",
    "ftp://",
];

/// Schemes in front of the right host.
const OTHER_SCHEMES: &[&str] = &[
    "HTTP", "Http", "https", "file", "s3", "gopher", "dict", "data", "jar:http", "url:http", "",
];

/// Other shapes for the right place, and places that are no address of a file at all.
const SHAPES: &[&str] = &[
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://[::]/",
    "s3://{bucket}/{path}",
    "/{bucket}/{path}",
    "{bucket}/{path}",
    "{path}",
    "{name}",
    "{address}",
    "{address}/",
    " {address}/{path}",
    "{address}{path}",
    "\u{feff}{address}/{path}",
    "{address}//{path}",
    "{address}/./{path}",
    "{address}/x/../{path}",
    "{address}/%75ploads/my_great_org/my-registry/{id}/{name}",
    "http://{host}/other/{path}",
    "http://{host}/{bucket}2/{path}",
    "http://{host}/{bucket}%2F{path}",
    "http://{host}/{path}",
    "http://{host}/{BUCKET}/{path}",
    "http://{host}/../{bucket}/{path}",
];

/// Other places in the right bucket.
const PREFIXES: &[&str] = &[
    "packages/my_great_org/my-registry/",
    "metadata/my_great_org/my-registry/",
    "uploads/my_great_org/more-gems/{id}/",
    "uploads/other_org/my-registry/{id}/",
    "uploads/my_great_org/my%2Dregistry/{id}/",
    "uploads/my_great_org/MY-REGISTRY/{id}/",
    "uploads/my_great_org/my-registry/x/{id}/",
    "uploads/my_great_org/more-gems/../my-registry/{id}/",
    "Uploads/my_great_org/my-registry/{id}/",
    "uploads/../my_great_org/my-registry/{id}/",
    "uploads/my_great_org/my-registry/{UNHYPHENED}/",
    "uploads/my_great_org/my-registry/{unhyphened}/",
    "uploads/my_great_org/my-registry/{{id}}/",
    "uploads/my_great_org/my-registry/urn:uuid:{id}/",
    "uploads/my_great_org/my-registry/x/",
    "uploads/my_great_org/my-registry/../",
    "uploads/my_great_org/my-registry//",
    "{prefix}/",
    "{prefix}x/",
    "{prefix}../{id}/",
    "uploads/my_great_org/my-registry/{id}",
    "uploads/my_great_org/my-registry/{id}%2F",
    "uploads/my_great_org/my-registry/{id}\\",
];

/// Other names than one segment.
const NAMES: &[&str] = &[
    "",
    ".",
    "..",
    "../",
    "/",
    "//",
    "%2e",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "..%2f",
    "%2f",
    "%5c",
    "..%5c",
    "..\\",
    "x/y",
    "x%2Fy",
    "x%2fy",
    "../x",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "x?",
    "x?y=z",
    "x#",
    "x#y",
    "?versionId=1",
    "%00",
    "x%00.gem",
    "x%0a",
    "x%0d%0aHost:%20x",
    "x\n",
    "x\u{7f}",
    "%ff",
    "%c0%ae",
    "%ed%a0%80",
    "x%2F..%2F..%2Fy",
    "%3F/",
    "..;/x",
    "..%00/",
    "\u{0}",
];

/// Foreign addresses, for an upload at `address` under `prefix`, which ends in a slash.
pub(super) fn foreign(address: &str, prefix: &str, trap: &str) -> Vec<String> {
    let templates = other_hosts()
        .chain(other_schemes())
        .chain(SHAPES.iter().map(|shape| (*shape).to_owned()))
        .chain(
            PREFIXES
                .iter()
                .map(|prefix| format!("{{address}}/{prefix}{{name}}")),
        )
        .chain(other_names());
    let filled = templates.map(|template| fill(&template, address, prefix, trap));
    filled.chain(long_ones(address, prefix)).collect()
}

fn other_hosts() -> impl Iterator<Item = String> {
    let hosts = HOSTS.iter();
    hosts.flat_map(|host| {
        SCHEMES
            .iter()
            .map(move |scheme| format!("{scheme}{host}/{{bucket}}/{{path}}"))
    })
}

fn other_schemes() -> impl Iterator<Item = String> {
    let schemes = OTHER_SCHEMES.iter();
    schemes.flat_map(|scheme| {
        ["://", ":"].map(|separator| format!("{scheme}{separator}{{host}}/{{bucket}}/{{path}}"))
    })
}

fn other_names() -> impl Iterator<Item = String> {
    let names = NAMES.iter();
    names.flat_map(|name| {
        ["", "?X-Amz-Signature=0", "#x"].map(|end| format!("{{address}}/{{prefix}}{name}{end}"))
    })
}

/// The right address, made long in some place.
fn long_ones(address: &str, prefix: &str) -> impl Iterator<Item = String> {
    let rest = &address["http://".len()..];
    let counts = [256, 1_024, 10_000, 1_000_000].into_iter();
    counts.flat_map(move |count| {
        [
            format!("{address}/{prefix}{}", "x".repeat(count)),
            format!("{address}/{prefix}{}", "%41".repeat(count)),
            format!("{address}/{}{prefix}{NAME}", "../".repeat(count)),
            format!("http://{}@{rest}/{prefix}{NAME}", "x".repeat(count)),
        ]
    })
}

fn fill(template: &str, address: &str, prefix: &str, trap: &str) -> String {
    let rest = address.strip_prefix("http://").expect("a local stack");
    let (host, bucket) = rest.split_once('/').expect("a bucket");
    let port = host.rsplit(':').next().expect("a port");
    let id = prefix.trim_end_matches('/').rsplit('/').next().expect("an id");
    let unhyphened = id.replace('-', "");
    let (path, loud_bucket, loud_id) = (
        format!("{prefix}{NAME}"),
        bucket.to_uppercase(),
        unhyphened.to_uppercase(),
    );
    let values = [
        ("{path}", path.as_str()),
        ("{name}", NAME),
        ("{prefix}", prefix),
        ("{address}", address),
        ("{host}", host),
        ("{port}", port),
        ("{bucket}", bucket),
        ("{BUCKET}", &loud_bucket),
        ("{trap}", trap),
        ("{id}", id),
        ("{unhyphened}", &unhyphened),
        ("{UNHYPHENED}", &loud_id),
    ];
    let filled = values.into_iter();
    filled.fold(template.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}
