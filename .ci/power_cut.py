"""Cuts the power of a local server at every moment that it syncs something, and starts it again on what is left.

Usage: power_cut.py SERVER ADMIN LIBRARY, the two binaries and power_cut.c, built as a library to preload.

A moment is put together in two ways. "Nothing but what was synced" is the disk that loses the most: names of files
that no folder was synced for, and bytes of files that were not. "Names at once" is the disk that writes names and
removals before it is told to, and bytes only then. Whatever was answered before a moment must be whole after it; what
was under way is whole or not there.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

SERVER, ADMIN, LIBRARY = sys.argv[1:]
OTHER = "others"
# How long the contents of a story are, times 9 or 10 bytes: those that the bucket keeps in its index, those in files.
LENGTHS = (1_000, 10_000)


class Running:
    """A server on a folder, ready."""

    def __init__(self, folder, **environment):
        self.process = subprocess.Popen(
            [SERVER, "--json", "--port", "0", "--data-dir", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        line = self.process.stdout.readline()
        assert line, "the server does not start on what the power cut has left"
        self.told = json.loads(line)
        self.files = self.told["registries"]["files"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def packages(self, registry):
        return f"/v2/packages/organizations/{self.told['organization']}/registries/{registry}/packages"

    def ask(self, method, path, form=None, url=None):
        # The bucket's own addresses prove who asks by themselves, and S3 takes no second way.
        headers = {} if url else {"Authorization": f"Bearer {self.told['token']}"}
        url = urllib.parse.urlsplit(url or self.told["base_url"] + path)
        body = None
        if form is not None:
            headers["Content-Type"] = "multipart/form-data; boundary=b"
            body = b"".join(
                f'--b\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n'.encode() + value + b"\r\n"
                for name, rest, value in form
            )
            body += b"--b--\r\n"
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        try:
            connection.request(method, f"{url.path}?{url.query}" if url.query else url.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Location")
        finally:
            connection.close()

    def publish(self, name, content):
        form = [("file", f'; filename="{name}"', content)]
        status, body, _ = self.ask("POST", self.packages(self.files), form)
        assert status == 200, (status, body)
        return self.files, json.loads(body)["id"]

    def upload(self, name, content):
        form = json.loads(self.ask("POST", self.packages(self.files) + "/upload")[1])["form"]
        fields = [(field, "", value.encode()) for field, value in form["data"].items()]
        fields.append((form["file_input"], f'; filename="{name}"', content))
        status, body, _ = self.ask("POST", "", fields, form["url"])
        assert status == 204, (status, body)
        url = f"{form['url']}/{form['data']['key'].replace('${filename}', name)}"
        status, body, _ = self.ask("POST", self.packages(self.files), [("package_url", "", url.encode())])
        assert status == 200, (status, body)
        return self.files, json.loads(body)["id"]

    def copy(self, package):
        registry, package = package
        status, body, _ = self.ask("POST", f"{self.packages(registry)}/{package}/copy?to={OTHER}")
        assert status == 200, (status, body)
        return OTHER, json.loads(body)["id"]

    def delete(self, package):
        registry, package = package
        status, body, _ = self.ask("DELETE", f"{self.packages(registry)}/{package}")
        assert status in (200, 204), (status, body)

    def whole_packages(self):
        """The ids of all packages, of which each one's file must be what its record says."""
        found = set()
        for registry in (self.files, OTHER):
            status, body, _ = self.ask("GET", self.packages(registry))
            assert status == 200, (status, body)
            for package in json.loads(body)["items"]:
                found.add((registry, package["id"]))
                name = f"{package['name']} {package['version']}"
                status, _, location = self.ask("GET", f"{self.packages(registry)}/{package['id']}/download")
                assert status == 302, f"{name} cannot be downloaded: {status}"
                status, content, _ = self.ask("GET", "", url=location)
                assert status == 200, f"the file of {name} is gone: {status} {content}"
                same = hashlib.sha256(content).hexdigest() == package["digests"]["sha256"]
                assert same, f"the file of {name} is not the one that was published"
        return found


class Disk:
    """What .ci/power_cut.c has written down of one server."""

    def __init__(self, image, root):
        self.image, self.root = image, root

    def moments(self):
        return len(list(self.image.glob("*.names")))

    def read(self):
        """Everything synced: for each inode the moments and bytes, or names, in order."""
        self.synced = {}
        for path in sorted(self.image.iterdir()):
            moment, kind = path.name.split(".")
            if kind != "names":
                inode, content = path.read_bytes().split(b"\n", 1)
                self.synced.setdefault((kind, inode.decode()), []).append((int(moment), content))

    def last(self, kind, inode, moment):
        before = [content for synced, content in self.synced.get((kind, inode), []) if synced < moment]
        return before[-1] if before else b""

    def names(self, moment):
        """Names as they were, whether synced or not: (inode, kind, path below the root)."""
        for line in (self.image / f"{moment:06}.names").read_text().splitlines():
            inode, kind, path = line.split(" ", 2)
            yield inode, kind, os.path.relpath(path, self.root)

    def synced_names(self, moment, inode, below=""):
        for line in self.last("folder", inode, moment).decode().splitlines():
            inode, kind, name = line.split(" ", 2)
            path = os.path.join(below, name)
            yield inode, kind, path
            if kind == "d":
                yield from self.synced_names(moment, inode, path)

    def restore(self, moment, names_at_once, folder):
        root, *rest = self.names(moment)
        names = rest if names_at_once else self.synced_names(moment, root[0])
        for inode, kind, path in names:
            if kind == "d":
                (folder / path).mkdir(parents=True, exist_ok=True)
            else:
                (folder / path).write_bytes(self.last("file", inode, moment))


def tell(work, length):
    """One story of a server: what was answered, and between which moments."""
    root, image = work / "data", work / "image"
    root.mkdir()
    image.mkdir()
    disk = Disk(image, root)
    recorded = {"LD_PRELOAD": LIBRARY, "POWER_CUT_IMAGE": str(image), "POWER_CUT_ROOT": str(root)}
    steps = []
    with Running(root, **recorded) as server:
        new = [ADMIN, "registry", "create", f"{server.told['organization']}/{OTHER}", "--ecosystem", "files"]
        subprocess.run(new, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **server.told["environment"]})
        start = disk.moments()

        def step(change, deed):
            begun = disk.moments()
            package = deed()
            steps.append((begun, disk.moments(), change, package))
            return package

        first = step("add", lambda: server.publish("first-1.0.0.txt", b"the first" * length))
        upload = step("add", lambda: server.upload("upload-1.0.0.txt", b"an upload" * length))
        step("add", lambda: server.copy(upload))
        step("remove", lambda: server.delete(first) or first)
        step("add", lambda: server.publish("first-1.0.0.txt", b"the second" * length))
        step("remove", lambda: server.delete(upload) or upload)
        # Its first moments are the ones after the last of those before.
        server.publish("last-1.0.0.txt", b"the last")
    disk.read()
    return disk, start, steps


def check(disk, steps, moment, names_at_once):
    """None, or what is wrong after a power cut at this moment."""
    must, may = set(), set()
    for begun, answered, change, package in steps:
        if answered < moment:
            (must.add if change == "add" else must.discard)(package)
        elif begun < moment:
            may.add(package)
    must -= may
    gone = {package for _, answered, change, package in steps if change == "remove" and answered < moment}
    with tempfile.TemporaryDirectory() as folder:
        try:
            disk.restore(moment, names_at_once, pathlib.Path(folder))
            with Running(folder) as server:
                found = server.whole_packages()
            assert must <= found, f"answered and gone: {must - found}"
            assert not gone & found, f"deleted and back: {gone & found}"
        except (AssertionError, OSError, http.client.HTTPException) as wrong:
            kind = "names at once" if names_at_once else "nothing but what was synced"
            return f"moment {moment}, {kind}: {wrong}"
    return None


def main():
    count, wrong = 0, []
    for length in LENGTHS:
        with tempfile.TemporaryDirectory() as work:
            disk, start, steps = tell(pathlib.Path(work), length)
            # Up to the last step's answer and one moment on.
            moments = range(start + 1, steps[-1][1] + 2)
            cuts = [(moment, at_once) for moment in moments for at_once in (False, True)]
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                wrong += [said for said in pool.map(lambda cut: check(disk, steps, *cut), cuts) if said]
        assert cuts, "nothing was synced"
        count += len(cuts)
    print(f"{count} power cuts, {len(wrong)} with a loss", *wrong, sep="\n")
    sys.exit(bool(wrong))


main()
