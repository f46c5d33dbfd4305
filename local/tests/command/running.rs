//! A server of the command's, in a process of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder for a server's data.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn start(&self, more: &[&str]) -> Running {
        let mut arguments = vec![
            "--json",
            "--port",
            "0",
            "--data-dir",
            self.path().to_str().unwrap(),
        ];
        arguments.extend(more);
        Running::start(&arguments)
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packages-api-local"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server that said it is ready.
pub(crate) struct Running {
    process: Child,
    pub(crate) out: BufReader<ChildStdout>,
    /// First line of its output.
    pub(crate) line: String,
    pub(crate) ready: Value,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(&mut command(arguments))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self {
            process,
            out,
            line,
            ready,
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Niceness of each of its threads of this name (`proc_pid_stat(5)`, field 19).
    #[cfg(target_os = "linux")]
    pub(crate) fn niceness(&self, thread: &str) -> Vec<i32> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let states =
            threads.filter_map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")).ok());
        let named = states.filter_map(|state| {
            let (name, rest) = state.split_once(" (")?.1.rsplit_once(") ")?;
            (name == thread).then(|| rest.split(' ').nth(16).unwrap().parse().unwrap())
        });
        named.collect()
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    pub(crate) fn address(&self) -> &str {
        self.text("base_url").trim_start_matches("http://")
    }

    /// Returns when nobody is let in any more.
    pub(crate) fn await_closed_door(&self) {
        let started = Instant::now();
        while TcpStream::connect(self.address()).is_ok() {
            assert!(started.elapsed() < Duration::from_secs(30), "it listens on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        socket
    }

    /// One request, and the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> String {
        let mut socket = self.connect();
        write!(
            socket,
            "{method} /v2/packages/organizations/my_great_org/registries/my-registry/packages{path} HTTP/1.1\r\n\
             Host: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.text("token"),
            body.len()
        )
        .unwrap();
        socket.write_all(body).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Publishes the gem beside the data and returns the package's id.
    pub(crate) fn publish(&self, folder: &Folder) -> String {
        let gem = fs::read(folder.path().join("banana-1.0.0.gem")).unwrap();
        let part =
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"banana-1.0.0.gem\"\r\n\r\n";
        let body = [&part[..], &gem, b"\r\n--b--\r\n"].concat();
        let answer = self.ask("POST", "", "multipart/form-data; boundary=b", &body);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        let package: Value = serde_json::from_str(body).unwrap();
        package["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.ask("GET", &format!("/{id}"), "text/plain", b"")
            .starts_with("HTTP/1.1 200 ")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
