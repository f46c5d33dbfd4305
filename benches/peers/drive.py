"""Drives our local server and its peers in turns, and prints what each does a second.

Usage: drive.py TOOLS BINARY [TEXT]: the folder of the installed peers, our server's binary, and a text that names of
lines must contain. See `run`, which calls this.

Every line is the median of ROUNDS rounds; within a round the servers take turns, so that a machine whose speed drifts
is as fast for one as for the other. The last column is our rate over the best peer's.
"""

import gzip
import io
import json
import os
import statistics
import sys
import tarfile
import tempfile

import load
from servers import PEERS, VERSIONS, Ours

TOOLS, BINARY, *REST = sys.argv[1:]
TEXT = REST[0] if REST else ""
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS_EACH", "3"))


def archive(name, content):
    """A small archive with one file in it."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tarball(version):
    manifest = {"name": "read", "version": version, "license": "MIT"}
    return archive("package/package.json", json.dumps(manifest).encode())


def sdist(version):
    metadata = f"Metadata-Version: 2.1\nName: read\nVersion: {version}\nSummary: To be read\n"
    return archive(f"read-{version}/PKG-INFO", metadata.encode())


class Publishes:
    """Requests that publish the same bytes as packages of their own.

    One request is the pattern of all: only its name, of constant length, differs from one to the next.
    """

    PATTERN = "x70000001y90000009"
    rounds = 0

    def __init__(self, server, content):
        self.parts = server.publish(self.PATTERN, "1.0.0", content).split(self.PATTERN.encode())
        self.next_round()

    def next_round(self):
        Publishes.rounds += 1
        self.round = Publishes.rounds

    def __call__(self, client, count):
        name = f"x{10_000_000 + self.round * 1000 + client}y{10_000_000 + count}"
        return name.encode().join(self.parts)


def measure(name, servers, request_of, clients):
    """One line: what each server does a second."""
    if TEXT not in name:
        return
    requests = {server: request_of(server) for server in servers}
    rates = {server: [] for server in servers}
    for round in range(ROUNDS):
        for server, request in requests.items():
            if isinstance(request, Publishes):
                request.next_round()
            else:
                request = Same(request)
            rates[server].append(load.rate(server.port, request, clients, SECONDS))
    show(name, {server: statistics.median(rates) for server, rates in rates.items()}, "a second")


class Same:
    """One request, again and again."""

    def __init__(self, request):
        self.request = request

    def __call__(self, client, count):
        return self.request


def measure_memory(servers, content):
    name = "peak memory of 8 publishes of 4 MB"
    if TEXT not in name:
        return
    peaks = {}
    for server in servers:
        request = Publishes(server, content)
        server.forget_peak()
        load.rate(server.port, request, 8, SECONDS)
        peaks[server] = server.peak_megabytes()
    show(name, peaks, "MB", best=min)


def show(name, values, unit, best=max):
    texts = [f"{type(server).__name__} {value:,.1f}" for server, value in values.items()]
    ours = next(value for server, value in values.items() if isinstance(server, Ours))
    peers = [value for server, value in values.items() if not isinstance(server, Ours)]
    print(f"{name}: {', '.join(texts)} {unit}: {ours / best(peers):.2f} times the best peer", flush=True)


def run(servers):
    small, large = os.urandom(20_000), os.urandom(4_000_000)
    for size, content in (("20 kB", small), ("4 MB", large)):
        for clients in (1, 8):
            name = f"publish of {size}, {clients} client{'s' * (clients > 1)}"
            measure(name, servers, lambda server: Publishes(server, content), clients)
    measure_memory(servers, large)
    for clients in (1, 16):
        name = f"get, {clients} connection{'s' * (clients > 1)}"
        measure(name, servers, lambda server: server.once("get"), clients)
    for kind, document in (("packument", tarball), ("simple", sdist)):
        some = [server for server in servers if hasattr(server, kind)]
        versions = [(f"1.0.{patch}", document(f"1.0.{patch}")) for patch in range(VERSIONS)]
        for clients in (1, 16):
            name = f"{kind} of {VERSIONS} versions, {clients} connection{'s' * (clients > 1)}"
            measure(name, some, lambda server: server.once(kind, versions), clients)


def main():
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        servers = []
        try:
            for kind in (Ours, *PEERS):
                servers.append(kind(folder, TOOLS, BINARY))
            run(servers)
        finally:
            for server in servers:
                server.stop()


main()
