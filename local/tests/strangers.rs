//! Clients that mean no good, or send nothing: the others are answered all the same.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lambda_http::http::Response;
use lambda_http::{Body, RequestExt};
use packages_api_local::{Server, ServerOptions, Stack, StackOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than a listener has places for, and less than a process may open files by default.
const CROWD: usize = 400;

async fn server(options: ServerOptions) -> Server {
    let function = |request: lambda_http::Request| async move {
        Response::new(Body::Text(request.raw_http_path().to_owned()))
    };
    Server::start(options, |_| function).await.unwrap()
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

/// Sends a request and returns the answer.
async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read(&mut stream).await
}

async fn read(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(30), reading).await;
    read.expect("an answer").unwrap();
    answer
}

#[tokio::test]
async fn idle_clients_hold_nobody_up() {
    let server = server(ServerOptions::default()).await;
    let address = address(&server.base_url());
    for sent in [
        "",
        "GET / HTTP/1.1\r\nHost: local",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx",
    ] {
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            crowd.push(stream);
        }
        let started = Instant::now();
        let request = "GET /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let answer = ask(address, request).await;
        assert!(answer.ends_with("\r\n\r\n/here"), "{sent:?}: {answer}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{sent:?}: {:?}",
            started.elapsed()
        );
    }
}

/// As many as have a turn at once, and more.
#[tokio::test]
async fn slow_large_bodies_hold_nobody_up() {
    let server = server(ServerOptions::default()).await;
    let address = address(&server.base_url());
    let head = "POST /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n\
                Content-Length: 1000000\r\n\r\n";
    let begin = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; 25];
        let reading = stream.read_exact(&mut interim);
        let read = tokio::time::timeout(Duration::from_secs(30), reading).await;
        read.expect("an interim answer").unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    };
    let processors = std::thread::available_parallelism().unwrap().get();
    let crowd = futures_util::future::join_all((0..=2 * processors).map(|_| begin())).await;
    let mut stream = begin().await;
    stream.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
    let answer = read(&mut stream).await;
    assert!(answer.ends_with("\r\n\r\n/large"), "{answer}");
    drop(crowd);
}

#[tokio::test]
async fn slow_heads_are_answered() {
    let options = ServerOptions {
        head_timeout: Duration::from_millis(100),
        ..ServerOptions::default()
    };
    let server = server(options).await;
    let address = address(&server.base_url());
    let slow = ask(address, "GET / HTTP/1.1\r\nHost: local").await;
    assert!(slow.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{slow}");
    assert!(
        slow.ends_with(
            "\r\n\r\n{\"message\":\"Request line and headers did not arrive in time. Send the request again.\"}"
        ),
        "{slow}"
    );
    // Of those who sent nothing the connection just ends.
    assert_eq!(ask(address, "").await, "");
}

#[tokio::test]
async fn other_hosts_are_refused_by_every_listener() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let server = Server::over(&stack, ServerOptions::default()).await.unwrap();
    for listener in [server.base_url(), stack.s3_endpoint(), stack.dynamodb_endpoint()] {
        let address = address(&listener);
        for host in ["evil.example", &format!("evil.example:{}", address.port())] {
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let answer = ask(address, &request).await;
            assert!(answer.starts_with("HTTP/1.1 421 "), "{listener}: {answer}");
            assert!(
                answer.contains("\r\n\r\n{\"message\":\"This server listens on loopback, "),
                "{answer}"
            );
        }
        let request = format!(
            "GET / HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
            address.port()
        );
        let answer = ask(address, &request).await;
        assert!(!answer.starts_with("HTTP/1.1 421 "), "{listener}: {answer}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let server = server(ServerOptions::default()).await;
    let address = address(&server.base_url());
    let post = |header: &str| {
        format!(
            "POST /p HTTP/1.1\r\nHost: localhost\r\n{header}Connection: close\r\nContent-Length: 1\r\n\r\nx"
        )
    };
    for header in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
    ] {
        let answer = ask(address, &post(header)).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{header}: {answer}");
        assert!(
            answer.contains("\r\n\r\n{\"message\":\"This change was asked for by a page"),
            "{answer}"
        );
    }
    for header in [
        "",
        "Sec-Fetch-Site: same-origin\r\n",
        "Origin: http://localhost\r\n",
    ] {
        let answer = ask(address, &post(header)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{header}: {answer}");
    }
}
