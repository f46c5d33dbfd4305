//! The HTTP listener, spoken to byte by byte.

use std::sync::Arc;
use std::time::Duration;

use lambda_http::http::{Response, StatusCode};
use lambda_http::{Body, RequestExt};
use packages_api_local::{Server, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// A function that says what it was handed: `POST /v2/x 3`.
async fn echo(request: lambda_http::Request) -> Response<Body> {
    assert_ne!(request.raw_http_path(), "/crash", "as asked for");
    let bytes = match request.body() {
        Body::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    Response::builder()
        .status(StatusCode::OK)
        .header("www-authenticate", "Bearer")
        .body(Body::Text(format!(
            "{} {} {bytes}",
            request.method(),
            request.raw_http_path()
        )))
        .unwrap()
}

/// Signals of a call, and the one that it waits for.
#[derive(Default)]
struct Held {
    begun: Notify,
    released: Notify,
    ended: Notify,
}

impl Held {
    /// A function whose calls wait until they are released, in front of which is a server.
    async fn serve(self: &Arc<Self>, options: ServerOptions) -> Server {
        let function = |_: &str| {
            let held = Arc::clone(self);
            move |request| {
                let held = Arc::clone(&held);
                async move {
                    held.begun.notify_one();
                    held.released.notified().await;
                    held.ended.notify_one();
                    echo(request).await
                }
            }
        };
        Server::start(options, function).await.unwrap()
    }
}

async fn server() -> Server {
    Server::start(ServerOptions::default(), |_| echo).await.unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.base_url().trim_start_matches("http://"))
        .await
        .unwrap()
}

/// Sends `bytes`, ends the sending and returns everything that comes back.
async fn say(server: &Server, bytes: &[u8]) -> String {
    let mut socket = connect(server).await;
    let _ = socket.write_all(bytes).await;
    let _ = socket.shutdown().await;
    read(&mut socket).await
}

async fn read(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(30), reading)
        .await
        .expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// The `message` of an answer that is the server's own.
fn message(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{answer}"
    );
    assert!(head.contains("\r\nx-request-id: "), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    body["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_request_framing_reaches_the_function() {
    let server = server().await;
    for (request, expected) in [
        (
            "GET /v2/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /v2/x 0",
        ),
        ("GET /v2/x HTTP/1.0\r\n\r\n", "GET /v2/x 0"),
        (
            "GET http://localhost/v2/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /v2/x 0",
        ),
        (
            "POST /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
            "POST /p 3",
        ),
        (
            "POST /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
            "POST /p 5",
        ),
    ] {
        let answer = say(&server, request.as_bytes()).await;
        assert_eq!(body(&answer), expected, "{request}");
        assert!(
            answer.contains("\r\nx-amzn-remapped-www-authenticate: Bearer\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let server = server().await;
    let one = "POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx";
    let last = "GET /q HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answers = say(&server, [one, one, last].concat().as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn clients_expecting_continue_get_it() {
    let server = server().await;
    let mut socket = connect(&server).await;
    let head = "POST /p HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\
                Connection: close\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"abc").await.unwrap();
    assert_eq!(body(&read(&mut socket).await), "POST /p 3");
}

#[tokio::test]
async fn large_bodies_are_refused_before_they_are_sent() {
    let server = server().await;
    let mut socket = connect(&server).await;
    let head = "POST /p HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 90000000\r\n\
                Connection: close\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn bodies_over_the_event_limit_name_uploads() {
    const FITS: usize = 4_710_000;
    const TOO_LARGE: usize = 4_718_592;
    let server = server().await;
    let with_length = |bytes: usize| {
        let head = format!(
            "POST /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {bytes}\r\n\r\n"
        );
        [head.into_bytes(), vec![b'x'; bytes]].concat()
    };
    let chunked = |bytes: usize| {
        let head =
            "POST /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        [
            format!("{head}{bytes:x}\r\n").into_bytes(),
            vec![b'x'; bytes],
            b"\r\n0\r\n\r\n".to_vec(),
        ]
        .concat()
    };
    for request in [with_length(FITS), chunked(FITS)] {
        assert_eq!(body(&say(&server, &request).await), format!("POST /p {FITS}"));
    }
    for request in [
        with_length(TOO_LARGE),
        chunked(TOO_LARGE),
        with_length(30_000_000),
    ] {
        let answer = say(&server, &request).await;
        assert!(
            answer.starts_with("HTTP/1.1 413 "),
            "{}",
            &answer[..answer.len().min(400)]
        );
        assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
        assert!(answer.contains("\r\nx-request-id: "), "{answer}");
        assert!(body(&answer).starts_with("{\"message\":\""), "{answer}");
        assert!(body(&answer).contains("/packages/upload"), "{answer}");
    }
}

/// `curl -H $'X-By: Ren\xe9'`: such a value leaves room for a body like any other.
#[tokio::test]
async fn non_utf_8_headers_arrive_as_latin_1() {
    let server = Server::start(ServerOptions::default(), |_| {
        |request: lambda_http::Request| async move {
            let by = request.headers()["x-by"].as_bytes().to_vec();
            Response::new(Body::Text(String::from_utf8(by).unwrap()))
        }
    });
    let server = server.await.unwrap();
    for by in [&b"Ren\xe9"[..], "René".as_bytes()] {
        let head = b"POST /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\nX-By: ";
        let request = [head, by, b"\r\n\r\nabc"].concat();
        assert_eq!(body(&say(&server, &request).await), "René", "{by:?}");
    }
}

#[tokio::test]
async fn large_heads_are_refused() {
    let server = server().await;
    let request = |bytes: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {}\r\n\r\n",
            "x".repeat(bytes)
        )
    };
    assert!(
        say(&server, request(10_000).as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    let refused = say(&server, request(10_240).as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");
    assert!(body(&refused).contains("10,240 bytes"), "{refused}");
    for bytes in [70_000, 1_000_000, 8_000_000] {
        let refused = say(&server, request(bytes).as_bytes()).await;
        assert!(refused.starts_with("HTTP/1.1 431 "), "{bytes}: {refused}");
        assert!(
            message(&refused).contains("fewer or shorter headers"),
            "{refused}"
        );
    }
    let many = "A: b\r\n".repeat(200);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let refused = say(&server, request.as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");
    assert!(
        message(&refused).contains("fewer or shorter headers"),
        "{refused}"
    );
}

#[tokio::test]
async fn broken_requests_harm_nobody_else() {
    let server = server().await;
    for broken in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\ncut",
    ] {
        let answer = say(&server, broken).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{broken:?}: {answer}");
        assert_ne!(message(&answer), "", "{broken:?}");
    }
    let crash = say(
        &server,
        b"GET /crash HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(crash.starts_with("HTTP/1.1 502 "), "{crash}");
    assert!(crash.contains("\r\nretry-after: 2\r\n"), "{crash}");
    let good = say(
        &server,
        b"GET /v2/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(body(&good), "GET /v2/x 0");
}

#[tokio::test]
async fn slow_answers_are_given_up() {
    let held = Arc::<Held>::default();
    let options = ServerOptions {
        gateway_timeout: Some(Duration::from_millis(50)),
        ..ServerOptions::default()
    };
    let server = held.serve(options).await;
    let answer = say(
        &server,
        b"GET /p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    assert_eq!(
        body(&answer),
        "{\"message\":\"The registry did not answer in time, so the outcome is unknown. \
         Send the same request again: repeating it is harmless.\"}"
    );
    // The call goes on.
    held.released.notify_one();
    tokio::time::timeout(Duration::from_secs(30), held.ended.notified())
        .await
        .expect("its end");
}

#[tokio::test]
async fn running_requests_are_answered_before_shutdown() {
    let held = Arc::<Held>::default();
    let server = held.serve(ServerOptions::default()).await;
    let address = server.base_url().trim_start_matches("http://").to_owned();
    let mut socket = connect(&server).await;
    socket
        .write_all(b"GET /p HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    held.begun.notified().await;
    let ending = tokio::spawn(server.shutdown());
    let closed = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), closed)
        .await
        .expect("nobody is let in any more");
    assert!(!ending.is_finished());
    held.released.notify_one();
    assert_eq!(body(&read(&mut socket).await), "GET /p 0");
    ending.await.unwrap();
}
