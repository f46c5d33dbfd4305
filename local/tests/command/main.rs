//! The command as its user starts and stops it.

mod network;
mod running;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Output, Stdio};

use packages_api::formats::Ecosystem;

use running::{Folder, Running, command};

/// Runs the command to its own end.
fn refused(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

#[test]
fn json_line_has_every_address_and_token() {
    let folder = Folder::new();
    let mut running = folder.start(&[]);
    let mut names = [
        "base_url",
        "web_base_url",
        "organization",
        "registries",
        "token",
        "s3_endpoint",
        "dynamodb_endpoint",
        "bucket",
        "table",
        "environment",
    ];
    let place = |name: &&str| running.line.find(&format!("\"{name}\":")).unwrap();
    assert!(names.iter().map(place).is_sorted(), "{}", running.line);
    names.sort_unstable();
    let ready = running.ready.as_object().unwrap();
    assert_eq!(ready.keys().collect::<Vec<_>>(), names);
    assert!(running.address().starts_with("127.0.0.1:"), "{}", running.line);
    assert_eq!(running.text("web_base_url"), running.text("base_url"));
    let registries = running.ready["registries"].as_object().unwrap();
    let ecosystems = Ecosystem::all().map(Ecosystem::as_str);
    assert_eq!(
        registries.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        ecosystems.collect()
    );
    assert_eq!(running.ready["organization"], "my_great_org");
    assert_eq!(running.ready["registries"]["ruby"], "my-registry");
    assert_eq!(running.ready["registries"]["files"], "my-files");
    assert_eq!(running.text("token"), packages_api::DEVELOPMENT_TOKEN);
    assert_eq!(running.ready["environment"]["TABLE_NAME"], running.ready["table"]);
    assert_eq!(
        running.ready["environment"]["AWS_ENDPOINT_URL_S3"],
        running.ready["s3_endpoint"]
    );
    running.signal("INT");
    assert_eq!(running.exit_code(), Some(0));
    let mut more = String::new();
    running.out.read_to_string(&mut more).unwrap();
    assert_eq!(more, "");
}

#[test]
fn a_second_run_finds_everything_again() {
    let folder = Folder::new();
    let mut first = folder.start(&[]);
    let id = first.publish(&folder);
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    let second = folder.start(&[]);
    assert!(second.has(&id));
    assert_eq!(second.publish(&folder), id);
}

#[test]
fn answered_packages_outlive_a_killed_process() {
    let folder = Folder::new();
    let mut first = folder.start(&[]);
    let id = first.publish(&folder);
    first.signal("KILL");
    assert_eq!(first.exit_code(), None);
    assert!(folder.start(&[]).has(&id));
}

#[test]
fn tokens_beyond_loopback_are_random_and_kept() {
    let folder = Folder::new();
    drop(folder.start(&[]));
    let open = folder.start(&["--host", "0.0.0.0"]);
    let token = open.text("token").to_owned();
    assert_ne!(token, packages_api::DEVELOPMENT_TOKEN);
    let path = "/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";
    assert!(
        open.ask("GET", path, "text/plain", b"")
            .starts_with("HTTP/1.1 404 ")
    );
    let mut socket = open.connect();
    write!(
        socket,
        "GET /v2/packages/organizations/my_great_org/registries/my-registry/packages{path} HTTP/1.1\r\n\
         Host: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        packages_api::DEVELOPMENT_TOKEN
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    drop(open);
    assert_eq!(folder.start(&["--host", "0.0.0.0"]).text("token"), token);
}

#[test]
fn obstacles_are_reported_in_a_sentence() {
    let folder = Folder::new();
    let path = folder.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let below_a_file = folder.path().join("file/data");
    fs::write(folder.path().join("file"), "").unwrap();
    let other = Folder::new();
    let _running = other.start(&[]);
    for (arguments, sentence) in [
        (
            ["--port", &port, "--data-dir", path],
            "cannot be listened on: Address already in use",
        ),
        (
            ["--port", "0", "--data-dir", below_a_file.to_str().unwrap()],
            "cannot be used: Not a directory",
        ),
        // There, and not even writable by root.
        (
            ["--port", "0", "--data-dir", "/proc/self"],
            "/proc/self cannot be used: ",
        ),
        (
            ["--port", "0", "--data-dir", other.path().to_str().unwrap()],
            "Another server is using",
        ),
    ] {
        let (code, out, error) = refused(&arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{error}");
        // The log may have had to say something before.
        let last = error.lines().next_back().unwrap_or_default();
        assert!(last.contains(sentence), "{error}");
    }
}

#[test]
fn ephemeral_servers_leave_nothing() {
    let elsewhere = Folder::new();
    let mut running = Running::of(
        command(&["--json", "--port", "0", "--ephemeral"])
            .current_dir(elsewhere.path())
            .env("TMPDIR", elsewhere.path()),
    );
    assert!(fs::read_dir(elsewhere.path()).unwrap().count() > 0);
    running.signal("TERM");
    assert_eq!(running.exit_code(), Some(0));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn stack_alone_prints_its_environment() {
    let folder = Folder::new();
    let mut process = command(&["--stack-only", "--data-dir", folder.path().to_str().unwrap()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    let lines: Vec<_> = lines.take(7).map(Result::unwrap).collect();
    process.kill().unwrap();
    process.wait().unwrap();
    let names: Vec<_> = lines.iter().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(
        names,
        [
            "export AWS_ACCESS_KEY_ID",
            "export AWS_ENDPOINT_URL_DYNAMODB",
            "export AWS_ENDPOINT_URL_S3",
            "export AWS_REGION",
            "export AWS_SECRET_ACCESS_KEY",
            "export BUCKET_NAME",
            "export TABLE_NAME",
        ]
    );
}

#[test]
fn http_apis_that_stream_are_refused() {
    let arguments = [
        "--gateway",
        "http",
        "--response-transfer",
        "streamed",
        "--ephemeral",
    ];
    let (code, _, error) = refused(&arguments);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("An HTTP API does not stream answers."), "{error}");
}

#[test]
fn stopping_lets_running_requests_finish() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::new();
        let mut running = folder.start(&[]);
        let gem = fs::read(folder.path().join("banana-1.0.0.gem")).unwrap();
        let part =
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"banana-1.0.0.gem\"\r\n\r\n";
        let body = [&part[..], &gem, b"\r\n--b--\r\n"].concat();
        let (begin, end) = body.split_at(1000);
        let mut socket = running.connect();
        write!(
            socket,
            "POST /v2/packages/organizations/my_great_org/registries/my-registry/packages HTTP/1.1\r\n\
             Host: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            running.text("token"),
            body.len()
        )
        .unwrap();
        // The interim answer shows that the request is under way.
        let mut interim = [0; 25];
        socket.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        socket.write_all(begin).unwrap();
        running.signal(signal);
        running.await_closed_door();
        socket.write_all(end).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{signal}: {answer}");
        assert_eq!(running.exit_code(), Some(0), "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn database_threads_run_before_those_that_answer() {
    let folder = Folder::new();
    let running = folder.start(&[]);
    let [first, second] = running.niceness("journal")[..] else {
        panic!("a thread for each database");
    };
    let answering = running.niceness("tokio-rt-worker");
    assert_eq!(first, second);
    assert!(!answering.is_empty());
    assert!(
        answering.iter().all(|&nice| nice == (first + 10).min(19)),
        "{answering:?}"
    );
}
