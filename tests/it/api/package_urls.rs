//! Hostile `package_url`s: whatever they say, only the bucket is asked, and only for an upload of
//! this registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use packages_api::formats::Ecosystem;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::app::TestApp;
use crate::support::gem::Gem;
use crate::support::uploads::UploadForm;

/// A server that whoever fetched an address would be seen by.
struct Trap {
    address: String,
    visits: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Trap {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let visits = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&visits);
        let listening = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self {
            address,
            visits,
            listening,
        }
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Addresses that are none of an upload at `address` under `prefix`, which ends in a slash.
#[expect(clippy::too_many_lines, reason = "a table of addresses")]
fn foreign(address: &str, prefix: &str, trap: &str) -> Vec<String> {
    const NAME: &str = "banana-1.0.0.gem";
    let rest = address.strip_prefix("http://").expect("a local stack");
    let (host, bucket) = rest.split_once('/').expect("a bucket");
    let port = host.rsplit(':').next().expect("a port");
    let path = format!("{prefix}{NAME}");
    let id = prefix.trim_end_matches('/').rsplit('/').next().expect("an id");
    let mut urls = Vec::new();

    // Other hosts, in every spelling that a lax reader takes for ours or for a place inside.
    for host in [
        trap.to_owned(),
        format!("{trap}#{host}"),
        format!("{trap}?{host}"),
        format!("{trap}\\@{host}"),
        format!("{host}@{trap}"),
        format!("{host}:80@{trap}"),
        format!("user@{host}"),
        format!("user:password@{host}"),
        format!("@{host}"),
        format!("{host}."),
        format!("{host}.example.com"),
        format!("{host}%00.example.com"),
        format!("{host}%2F"),
        format!("{host}:"),
        format!("{host}0"),
        format!(" {host}"),
        format!("{host}\t"),
        format!("localhost:{port}"),
        format!("127.1:{port}"),
        format!("0:{port}"),
        format!("0x7f000001:{port}"),
        format!("2130706433:{port}"),
        format!("0177.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("{bucket}.127.0.0.1:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:0".to_owned(),
        "169.254.169.254".to_owned(),
        "[fd00:ec2::254]".to_owned(),
        "169.254.170.2".to_owned(),
        "metadata.internal".to_owned(),
        "s3.amazonaws.com".to_owned(),
        "other.s3.amazonaws.com".to_owned(),
        String::new(),
    ] {
        for scheme in [
            "http://",
            "https://",
            "HTTP://",
            "//",
            "http:/",
            "http:\\\\",
            "s3://",
            "ftp://",
        ] {
            if (scheme, host.as_str()) != ("http://", rest) {
                urls.push(format!("{scheme}{host}/{bucket}/{path}"));
            }
        }
    }

    // Other schemes and shapes for the right place.
    for scheme in [
        "HTTP", "Http", "https", "file", "s3", "gopher", "dict", "data", "jar:http", "url:http", "",
    ] {
        urls.push(format!("{scheme}://{rest}/{path}"));
        urls.push(format!("{scheme}:{rest}/{path}"));
    }
    urls.extend([
        "file:///etc/passwd".to_owned(),
        "file://localhost/etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/".to_owned(),
        "http://[::]/".to_owned(),
        format!("s3://{bucket}/{path}"),
        format!("/{bucket}/{path}"),
        format!("{bucket}/{path}"),
        path.clone(),
        NAME.to_owned(),
        address.to_owned(),
        format!("{address}/"),
        format!(" {address}/{path}"),
        format!("{address}{path}"),
        format!("\u{feff}{address}/{path}"),
        format!("{address}//{path}"),
        format!("{address}/./{path}"),
        format!("{address}/x/../{path}"),
        format!("{address}/%75ploads/{}", &path["uploads/".len()..]),
        format!("http://{host}/other/{path}"),
        format!("http://{host}/{bucket}2/{path}"),
        format!("http://{host}/{bucket}%2F{path}"),
        format!("http://{host}/{path}"),
        format!("http://{host}/{}/{path}", bucket.to_uppercase()),
        format!("http://{host}/../{bucket}/{path}"),
    ]);

    // Other places in the right bucket.
    for prefix in [
        "packages/my_great_org/my-registry/".to_owned(),
        "metadata/my_great_org/my-registry/".to_owned(),
        prefix.replace("my-registry", "more-gems"),
        prefix.replace("my_great_org", "other_org"),
        prefix.replace("my-registry", "my%2Dregistry"),
        prefix.replace("my-registry", "MY-REGISTRY"),
        prefix.replace("my-registry", "my-registry/x"),
        prefix.replace("my-registry", "more-gems/../my-registry"),
        prefix.replace("uploads", "Uploads"),
        prefix.replace("uploads", "uploads/.."),
        prefix.replace(id, &id.to_uppercase().replace('-', "")),
        prefix.replace(id, &id.replace('-', "")),
        prefix.replace(id, &format!("{{{id}}}")),
        prefix.replace(id, &format!("urn:uuid:{id}")),
        prefix.replace(id, "x"),
        prefix.replace(id, ".."),
        prefix.replace(id, ""),
        format!("{prefix}/"),
        format!("{prefix}x/"),
        format!("{prefix}../{id}/"),
        prefix.trim_end_matches('/').to_owned(),
        prefix.trim_end_matches('/').to_owned() + "%2F",
        prefix.trim_end_matches('/').to_owned() + "\\",
    ] {
        urls.push(format!("{address}/{prefix}{NAME}"));
    }

    // Other names than one segment.
    for name in [
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
    ] {
        urls.push(format!("{address}/{prefix}{name}"));
        urls.push(format!("{address}/{prefix}{name}?X-Amz-Signature=0"));
        urls.push(format!("{address}/{prefix}{name}#x"));
    }
    for count in [256, 1_024, 10_000, 1_000_000] {
        urls.push(format!("{address}/{prefix}{}", "x".repeat(count)));
        urls.push(format!("{address}/{prefix}{}", "%41".repeat(count)));
        urls.push(format!("{address}/{}{path}", "../".repeat(count)));
        urls.push(format!("http://{}@{rest}/{path}", "x".repeat(count)));
    }
    urls
}

#[tokio::test]
async fn foreign_addresses_are_refused_and_never_fetched() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let trap = Trap::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let key = form.key("");
    let sdk = app.stack.sdk_config();
    let gem = Gem::banana().build();
    let put = aws_sdk_s3::Client::new(&sdk)
        .put_object()
        .bucket(app.stack.bucket());
    let put = put.key(form.key(&gem.name)).body(gem.bytes.clone().into());
    put.send().await.expect("an object");
    let before = app.contents().await;
    let urls = foreign(&form.url, &key, &trap.address);
    assert!(urls.len() > 400, "{}", urls.len());
    for url in urls {
        proxy.clear();
        let shown: String = url.chars().take(300).collect();
        let answer = app.user.publish_url(&url).await;
        assert_eq!(answer.status, 422, "{shown:?}: {}", answer.text());
        let error = &answer.json()["errors"][0];
        assert_eq!(error["field"], "package_url", "{shown:?}");
        let code = error["code"].as_str().unwrap();
        assert!(
            ["foreign", "invalid_filename", "too_long"].contains(&code),
            "{shown:?}: {code}"
        );
        assert_eq!(proxy.calls(), ["BatchGetItem"], "{shown:?}");
    }
    assert_eq!(trap.visits.load(Ordering::SeqCst), 0);
    assert_eq!(app.contents().await, before);
    // It was not the address itself that was wrong.
    app.user.publish_url(&form.package_url(&gem.name)).await.id();
}
