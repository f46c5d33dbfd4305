"""Publishes many versions of one name with 16 connections: ECOSYSTEM ADDRESS COUNT, the token in TOKEN.

`javascript` sends what npm sends, `python` what twine sends.
"""

import base64
import gzip
import hashlib
import http.client
import io
import json
import os
import sys
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

CONNECTIONS = 16


def tarball(manifest):
    """An npm package of this package.json, compressed."""
    text = json.dumps(manifest).encode()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(plain.getvalue(), 1)


def npm(number):
    version = f"1.{number // 100}.{number % 100}"
    manifest = {"name": "many", "version": version, "description": "One of many versions", "license": "MIT"}
    data = tarball(manifest)
    attachment = {"content_type": "application/octet-stream", "data": base64.b64encode(data).decode(), "length": len(data)}
    document = {
        "_id": "many",
        "name": "many",
        "dist-tags": {"latest": version},
        "versions": {version: manifest},
        "_attachments": {f"many-{version}.tgz": attachment},
    }
    return "PUT", "many", "application/json", json.dumps(document).encode()


def wheel(number):
    version = f"1.{number}"
    folder = f"many-{version}.dist-info"
    files = {
        "many.py": f"version = {version!r}\n",
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: many\nVersion: {version}\n",
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nGenerator: many\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{folder}/RECORD"
    digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    lines = [f"{name},sha256={digest(text)},{len(text)}\n" for name, text in files.items()]
    files[record] = "".join(lines) + f"{record},,\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    fields = {":action": "file_upload", "name": "many", "version": version, "filetype": "bdist_wheel", "metadata_version": "2.1"}
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in fields.items()]
    head = f'Content-Disposition: form-data; name="content"; filename="many-{version}-py3-none-any.whl"\r\n'
    parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content.getvalue())
    body = b"".join(b"--many\r\n" + part + b"\r\n" for part in parts) + b"--many--\r\n"
    return "POST", "", "multipart/form-data; boundary=many", body


def publish(of, address, numbers):
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.netloc)
    for number in numbers:
        method, path, content_type, body = of(number)
        headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": content_type}
        connection.request(method, url.path + path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"{number}: {answer.status} {text.decode()}")


def main():
    ecosystem, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    of = {"javascript": npm, "python": wheel}[ecosystem]
    begun = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        parts = [range(start, count, CONNECTIONS) for start in range(CONNECTIONS)]
        list(pool.map(lambda numbers: publish(of, address, numbers), parts))
    seconds = time.monotonic() - begun
    print(f"{count} publishes in {seconds:.1f} s")


main()
