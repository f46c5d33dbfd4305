"""The servers: how each is started, and the requests that publish, get and list in its own protocol."""

import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import time

from load import once

# Versions of the package whose documents are read.
VERSIONS = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def http(method, path, body=b"", headers=()):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def form(method, path, fields, filename, content, field="content", headers=()):
    """A multipart form, as `curl -F` and twine send it."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields]
    parts.append(f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{filename}"\r\n\r\n')
    body = "".join(parts).encode() + content + b"\r\n--b--\r\n"
    return http(method, path, body, [*headers, "Content-Type: multipart/form-data; boundary=b"])


def python_form(path, name, version, content, headers=()):
    """An upload of a distribution as twine sends it, the fields that a server must see."""
    fields = [
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("metadata_version", "2.1"),
        ("name", name),
        ("version", version),
        ("filetype", "sdist"),
        ("pyversion", "source"),
    ]
    return form("POST", path, fields, f"{name}-{version}.tar.gz", content, headers=headers)


def npm_document(name, version, content):
    """The body of `npm publish`."""
    file = f"{name}-{version}.tgz"
    manifest = {
        "name": name,
        "version": version,
        "dist": {
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
            "shasum": hashlib.sha1(content).hexdigest(),
            "tarball": f"http://127.0.0.1/{name}/-/{file}",
        },
    }
    data = {"content_type": "application/octet-stream", "data": base64.b64encode(content).decode(), "length": len(content)}
    document = {
        "_id": name,
        "name": name,
        "dist-tags": {"latest": version},
        "versions": {version: manifest},
        "access": None,
        "_attachments": {file: data},
    }
    return json.dumps(document).encode()


class Server:
    """A server in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / type(self).__name__
        self.folder.mkdir()
        self.port = free_port()
        self.process = None
        self.requests = {}

    def start(self, command, **options):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **options)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"{type(self).__name__} does not listen")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def once(self, kind, *arguments):
        """The request of this kind, for which the packages are published the first time."""
        if kind not in self.requests:
            self.requests[kind] = getattr(self, kind)(*arguments)
        return self.requests[kind]

    def processes(self):
        """The server's process and its children."""
        found, new = [], [self.process.pid]
        while new:
            found += new
            new = [int(child) for pid in new for child in children(pid)]
        return found

    def forget_peak(self):
        for pid in self.processes():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_megabytes(self):
        lines = (line for pid in self.processes() for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def children(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


class Ours(Server):
    """The local server, in a folder that outlives a power cut."""

    def __init__(self, folder, tools, binary):
        super().__init__(folder)
        command = [binary, "--json", "--port", str(self.port), "--data-dir", str(self.folder / "data")]
        self.start(command, env={**os.environ, "LOG_LEVEL": "warn"})
        deadline = time.monotonic() + 60
        while not (told := (self.folder / "log").read_text().partition("\n")[0]).endswith("}"):
            assert time.monotonic() < deadline, "nothing was told"
            time.sleep(0.1)
        told = json.loads(told)
        self.registries = told["registries"]
        self.organization = told["organization"]
        self.headers = [f"Authorization: Bearer {told['token']}"]
        basic = base64.b64encode(f"token:{told['token']}".encode()).decode()
        self.basic = [f"Authorization: Basic {basic}"]
        self.packages = f"/v2/packages/organizations/{self.organization}/registries/{self.registries['files']}/packages"

    def publish(self, name, version, content):
        return form("POST", self.packages, [], f"{name}-{version}.tar.gz", content, "file", self.headers)

    def get(self):
        package = json.loads(once(self.port, self.publish("got", "1.0.0", b"got")))
        return http("GET", f"{self.packages}/{package['id']}", headers=self.headers)

    def packument(self, tarballs):
        root = f"/{self.organization}/{self.registries['javascript']}/npm"
        for version, content in tarballs:
            body = npm_document("read", version, content)
            headers = [*self.headers, "Content-Type: application/json"]
            once(self.port, http("PUT", f"{root}/read", body, headers))
        return http("GET", f"{root}/read", headers=[*self.headers, "Accept: application/json"])

    def simple(self, sdists):
        root = f"/{self.organization}/{self.registries['python']}/pypi"
        for version, content in sdists:
            once(self.port, python_form(f"{root}/", "read", version, content, self.basic))
        return http("GET", f"{root}/simple/read/", headers=[*self.basic, "Accept: text/html"])


class Verdaccio(Server):
    """npm's registry, open to all: it need not look at a token."""

    CONFIG = """
storage: ./storage
auth: {htpasswd: {file: ./htpasswd}}
uplinks: {}
packages: {'**': {access: $all, publish: $all, unpublish: $all}}
max_body_size: 50mb
log: {type: stdout, format: json, level: error}
"""

    def __init__(self, folder, tools, binary):
        super().__init__(folder)
        (self.folder / "config.yaml").write_text(self.CONFIG)
        program = f"{tools}/node_modules/verdaccio/bin/verdaccio"
        self.start(["node", program, "--config", "config.yaml", "--listen", f"127.0.0.1:{self.port}"])

    def publish(self, name, version, content):
        return http("PUT", f"/{name}", npm_document(name, version, content), ["Content-Type: application/json"])

    def get(self):
        once(self.port, self.publish("got", "1.0.0", b"got"))
        return http("GET", "/got/1.0.0")

    def packument(self, tarballs):
        for version, content in tarballs:
            once(self.port, self.publish("read", version, content))
        return http("GET", "/read", headers=["Accept: application/json"])


class Pypiserver(Server):
    """PyPI's protocol over a folder, without passwords."""

    def __init__(self, folder, tools, binary):
        super().__init__(folder)
        (self.folder / "packages").mkdir()
        program = [f"{tools}/python/bin/pypi-server", "run", "--port", str(self.port), "--interface", "127.0.0.1"]
        self.start([*program, "-P", ".", "-a", ".", "--server", "gunicorn", "packages"])

    def publish(self, name, version, content):
        return python_form("/", name, version, content)

    def get(self):
        once(self.port, self.publish("got", "1.0.0", b"got"))
        return http("GET", "/got/json")

    def simple(self, sdists):
        for version, content in sdists:
            once(self.port, self.publish("read", version, content))
        return http("GET", "/simple/read/", headers=["Accept: text/html"])


class Devpi(Server):
    """PyPI's protocol over a database, with an index and a user of its own."""

    def __init__(self, folder, tools, binary):
        super().__init__(folder)
        data = str(self.folder / "data")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder}
        subprocess.run([f"{tools}/python/bin/devpi-init", "--serverdir", data, "--no-root-pypi"], check=True, **quiet)
        program = [f"{tools}/python/bin/devpi-server", "--serverdir", data, "--host", "127.0.0.1", "--offline-mode"]
        self.start([*program, "--port", str(self.port)])
        plain = ["Content-Type: application/json", "Accept: application/json"]
        user = json.dumps({"password": "peer-password"}).encode()
        once(self.port, http("PUT", "/peer", user, plain))
        login = json.dumps({"user": "peer", "password": "peer-password"}).encode()
        secret = json.loads(once(self.port, http("POST", "/+login", login, plain)))["result"]["password"]
        auth = base64.b64encode(f"peer:{secret}".encode()).decode()
        self.headers = [f"X-Devpi-Auth: {auth}", "Accept: application/json"]
        once(self.port, http("PUT", "/peer/dev", b'{"bases": [], "volatile": true}', [*self.headers, plain[0]]))

    def publish(self, name, version, content):
        return python_form("/peer/dev/", name, version, content, self.headers)

    def get(self):
        once(self.port, self.publish("got", "1.0.0", b"got"))
        return http("GET", "/peer/dev/got/1.0.0", headers=self.headers)

    def simple(self, sdists):
        for version, content in sdists:
            once(self.port, self.publish("read", version, content))
        return http("GET", "/peer/dev/+simple/read/", headers=["Accept: text/html"])


PEERS = [Verdaccio, Pypiserver, Devpi]
