//! The view of others on the network: what a server shows them, and when.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::running::{Folder, Running, command};

const PACKAGES: &str = "/v2/packages/organizations/my_great_org/registries/my-files/packages";

/// Header of a form of [`form`].
const FORM: &str = "Content-Type: multipart/form-data; boundary=b\r\n";

/// A port that was free a moment ago.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// Sends a request to where its address says, and returns head and body of the answer.
fn ask(method: &str, url: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    (
        String::from_utf8(answer[..end].to_vec()).unwrap(),
        answer[end + 4..].to_vec(),
    )
}

/// A form of these fields, the last of them a file where it has a name.
fn form(fields: &[(&str, &str)], file: Option<(&str, &str, &str)>) -> Vec<u8> {
    let mut form = String::new();
    for (name, value) in fields {
        form += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, filename, content)) = file {
        form += &format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\r\n{content}\r\n"
        );
    }
    (form + "--b--\r\n").into_bytes()
}

#[test]
fn another_machine_uploads_publishes_and_downloads() {
    let folder = Folder::new();
    let (port, bucket_port) = (free_port(), free_port());
    // Another address than the one that a server on all of them names by itself.
    let public = format!("http://127.0.0.2:{port}");
    let server = Running::start(&[
        "--json",
        "--data-dir",
        folder.path().to_str().unwrap(),
        "--host",
        "0.0.0.0",
        "--port",
        &port,
        "--public-url",
        &public,
        "--bucket-port",
        &bucket_port,
    ]);
    assert_eq!(server.text("base_url"), public);
    assert_eq!(
        server.text("s3_endpoint"),
        format!("http://127.0.0.2:{bucket_port}")
    );
    assert!(server.text("dynamodb_endpoint").starts_with("http://127.0.0.1:"));
    let bearer = format!("Authorization: Bearer {}\r\n", server.text("token"));
    let bucket = format!("http://127.0.0.2:{bucket_port}/packages");
    let uploaded = upload(&public, &bucket, &bearer);
    let published = form(&[("package_url", &uploaded)], None);
    let sending = format!("{bearer}{FORM}");
    let (head, body) = ask("POST", &format!("{public}{PACKAGES}"), &sending, &published);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let package: Value = serde_json::from_slice(&body).unwrap();
    let download = package["download_url"].as_str().unwrap();
    assert!(download.starts_with(&public), "{download}");

    let (head, _) = ask("GET", download, &bearer, b"");
    let location = head
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap();
    assert!(location.starts_with(&format!("{bucket}/packages/")), "{location}");
    let (head, body) = ask("GET", location, "", b"");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, b"from afar");
}

/// Requests a form, and posts a file to the bucket with it. Answers the file's `package_url`.
fn upload(public: &str, bucket: &str, bearer: &str) -> String {
    let (head, body) = ask("POST", &format!("{public}{PACKAGES}/upload"), bearer, b"");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let upload: Value = serde_json::from_slice(&body).unwrap();
    let address = upload["form"]["url"].as_str().unwrap();
    assert_eq!(address, bucket);
    let fields: Vec<_> = upload["form"]["data"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let posted = form(&fields, Some(("file", "far-1.0.0.txt", "from afar")));
    let (head, _) = ask("POST", address, FORM, &posted);
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
    let key = upload["form"]["data"]["key"].as_str().unwrap();
    format!("{address}/{}", key.replace("${filename}", "far-1.0.0.txt"))
}

#[test]
fn a_stack_for_containers_shares_its_table() {
    let folder = Folder::new();
    let running = folder.start(&[
        "--stack-only",
        "--host",
        "0.0.0.0",
        "--public-url",
        "http://127.0.0.2",
    ]);
    for service in ["s3_endpoint", "dynamodb_endpoint"] {
        let endpoint = running.text(service);
        assert!(endpoint.starts_with("http://127.0.0.2:"), "{endpoint}");
        let (head, _) = ask("GET", &format!("{endpoint}/"), "", b"");
        assert!(head.starts_with("HTTP/1.1 4"), "{head}");
    }
}

/// Nobody has a name for the bucket in front of the machine's own.
#[test]
fn named_machines_have_the_bucket_in_the_path() {
    let folder = Folder::new();
    let port = free_port();
    let public = format!("http://packages.invalid:{port}");
    let server = Running::start(&[
        "--json",
        "--data-dir",
        folder.path().to_str().unwrap(),
        "--port",
        &port,
        "--public-url",
        &public,
    ]);
    let bearer = format!("Authorization: Bearer {}\r\n", server.text("token"));
    let sending = format!("{bearer}Content-Type: multipart/form-data; boundary=b\r\n");
    let packages = format!("http://127.0.0.1:{port}{PACKAGES}");
    let file = form(&[], Some(("file", "near-1.0.0.txt", "from nearby")));
    let (head, body) = ask("POST", &packages, &sending, &file);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let package: Value = serde_json::from_slice(&body).unwrap();
    let id = package["id"].as_str().unwrap();
    let (head, _) = ask("GET", &format!("{packages}/{id}/download"), &bearer, b"");
    let bucket = format!("\r\nlocation: {}/packages/", server.text("s3_endpoint"));
    assert!(bucket.contains("packages.invalid"), "{bucket}");
    assert!(head.contains(&bucket), "{head}");
}

/// `host.docker.internal` is a name that Linux itself does not know.
#[test]
fn stacks_for_containers_need_not_know_their_name() {
    let folder = Folder::new();
    let host = ["--host", "0.0.0.0", "--public-url", "http://stack.invalid"];
    let running = folder.start(&[&["--stack-only"], &host[..]].concat());
    for service in ["s3_endpoint", "dynamodb_endpoint"] {
        let endpoint = running.text(service);
        assert!(endpoint.starts_with("http://stack.invalid:"), "{endpoint}");
    }
    // The events have it, and nothing listens that it opens.
    assert_eq!(running.text("token"), packages_api::DEVELOPMENT_TOKEN);
    drop(running);
    assert_ne!(folder.start(&host).text("token"), packages_api::DEVELOPMENT_TOKEN);
}

#[test]
fn open_ports_have_everything_ready() {
    let folder = Folder::new();
    let port = free_port();
    let mut process = command(&["--port", &port, "--data-dir", folder.path().to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(started.elapsed() < Duration::from_mins(1), "it never listens");
        std::thread::sleep(Duration::from_millis(1));
    }
    let url = format!("http://127.0.0.1:{port}{PACKAGES}");
    let bearer = format!("Authorization: Bearer {}\r\n", packages_api::DEVELOPMENT_TOKEN);
    let (head, _) = ask("GET", &url, &bearer, b"");
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[test]
fn invalid_addresses_are_refused() {
    for (flag, value, sentence) in [
        (
            "--public-url",
            "192.168.1.5:8080",
            "expected an address such as https://packages.example.com or http://192.168.1.5:8080",
        ),
        (
            "--bucket-url",
            "https://packages.example.com/bucket",
            "expected an address without a path: the bucket's signatures cover it",
        ),
    ] {
        let output = command(&[flag, value]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(sentence), "{error}");
    }
}
