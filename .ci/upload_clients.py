"""Clients of the upload road, one a word: requests, botocore, go. See `upload-clients`, which calls this.

`SERVER` names the file of what `cargo run -- --json` has printed.
"""

import http.client
import json
import os
import pathlib
import random
import secrets
import sys
import urllib.parse

SERVER = json.loads(pathlib.Path(os.environ["SERVER"]).read_text())
ROOT = f"/v2/packages/organizations/{SERVER['organization']}/registries"
PACKAGES = f"{ROOT}/{SERVER['registries']['files']}/packages"
# Spaces, signs that mean something elsewhere, and letters of more than a byte.
NAMES = ["plain", "with space", "plus+sign", "escaped%2Bplus", "naïve", "日本語", "a&b=c;d,e@f", "paren(1)"]


def requests_form():
    import requests

    bearer = {"Authorization": f"Bearer {SERVER['token']}"}
    base = SERVER["base_url"] + PACKAGES
    for name in NAMES:
        filename = f"requests {name}-1.0.0.txt"
        form = requests.post(f"{base}/upload", headers=bearer).json()["form"]
        fields = list(form["data"].items())
        random.shuffle(fields)
        posted = requests.post(form["url"], data=fields, files={form["file_input"]: (filename, name.encode())})
        assert posted.status_code == 204, (posted.status_code, posted.text)
        url = f"{form['url']}/{urllib.parse.quote(form['data']['key'].replace('${filename}', filename))}"
        published = requests.post(base, headers=bearer, files={"package_url": (None, url)})
        assert published.status_code == 200, published.text
        package = published.json()
        assert (package["filename"], package["size"]) == (filename, len(name.encode())), package
        assert requests.get(package["download_url"], headers=bearer).content == name.encode()


def botocore_form():
    import botocore.session
    import requests

    bearer = {"Authorization": f"Bearer {SERVER['token']}"}
    base = SERVER["base_url"] + PACKAGES
    environment = SERVER["environment"]
    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    ours = requests.post(f"{base}/upload", headers=bearer).json()["form"]
    key = ours["data"]["key"]
    conditions = [["content-length-range", 1, 5 << 30]]
    theirs = client.generate_presigned_post(SERVER["bucket"], key, Conditions=conditions, ExpiresIn=900)
    assert sorted(theirs["fields"]) == sorted(ours["data"]), (theirs, ours)
    assert theirs["url"] == ours["url"], (theirs["url"], ours["url"])
    for name in ("key", "x-amz-algorithm", "x-amz-credential"):
        assert theirs["fields"][name] == ours["data"][name], name
    for number, fields in enumerate((ours["data"], theirs["fields"])):
        filename = f"botocore-1.0.{number}.txt"
        posted = requests.post(ours["url"], data=fields, files={"file": (filename, b"bytes")})
        assert posted.status_code == 204, (number, posted.status_code, posted.text)
        url = f"{ours['url']}/{key.replace('${filename}', filename)}"
        published = requests.post(base, headers=bearer, files={"package_url": (None, url)})
        assert published.status_code == 200, published.text
        assert published.json()["filename"] == filename, published.json()


class GoClient:
    """The requests of the official Go client, as its code writes them."""

    def __init__(self):
        self.headers = {"Authorization": f"Bearer {SERVER['token']}", "User-Agent": "go-buildkite/5"}

    def send(self, method, url, headers, body=b""):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body)), "Accept-Encoding": "gzip"}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read()
        assert 200 <= answer.status < 300, (method, url, answer.status, text)
        return json.loads(text) if text else None

    def call(self, method, path, headers=None, body=b""):
        return self.send(method, SERVER["base_url"] + path, {**self.headers, **(headers or {})}, body)

    @staticmethod
    def streamer(fields, file=None):
        """`bkmultipart.Streamer`: the fields in the order of Go's map, which is none; then the file."""
        boundary = secrets.token_hex(30)
        fields = list(fields.items())
        random.shuffle(fields)
        body = b""
        for name, value in fields:
            start = f"{'' if not body else chr(13) + chr(10)}--{boundary}\r\n"
            body += f'{start}Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        if file:
            input_name, filename, content = file
            escaped = filename.replace("\\", "\\\\").replace('"', '\\"')
            body += (
                f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{input_name}"; filename="{escaped}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode() + content
        body += f"\r\n--{boundary}--\r\n".encode()
        return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body

    @staticmethod
    def join_path(base, path):
        """`url.JoinPath`: as it stands where it could be escaped already, else escaped anew."""
        raw = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@!'()*[]%")
        if not set(path) <= raw:
            path = urllib.parse.quote(urllib.parse.unquote(path), safe="/$&+,:;=@")
        return f"{base}/{path}"

    def create(self, packages, filename, content):
        form = self.call("POST", f"{packages}/upload")["form"]
        headers, body = self.streamer(form["data"], (form["file_input"], filename, content))
        self.send(form["method"], form["url"], {"User-Agent": "Go-http-client/1.1", **headers}, body)
        url = self.join_path(form["url"], form["data"]["key"].replace("${filename}", filename))
        headers, body = self.streamer({"package_url": url})
        return self.call("POST", packages, headers, body)


def go_transcript():
    client = GoClient()
    made = []
    for name in NAMES:
        filename = f"go {name}-1.0.0.txt" if "%" not in name else f"go-{name}-1.0.0.txt"
        package = client.create(PACKAGES, filename, name.encode())
        assert package["filename"] == filename and package["name"] == filename.removesuffix("-1.0.0.txt"), package
        made.append(package["id"])
    # The list, as `PackageRegistriesService.ListPackages` reads its links.
    listed, query = [], "?per_page=3"
    while query is not None:
        page = client.call("GET", f"{PACKAGES}{query}")
        listed += [item["id"] for item in page["items"]]
        following = page["links"].get("next")
        if following:
            values = urllib.parse.parse_qs(urllib.parse.urlsplit(following).query)
            query = "?" + urllib.parse.urlencode({"after": values["after"][0], "per_page": values["per_page"][0]})
        else:
            query = None
    assert [package for package in listed if package in made] == made[::-1], listed
    for package in made:
        assert client.call("GET", f"{PACKAGES}/{package}")["id"] == package
    copied = client.call("POST", f"{PACKAGES}/{made[0]}/copy?to={SERVER['registries']['files']}")
    assert copied["id"] == made[0], copied
    for package in made:
        client.call("DELETE", f"{PACKAGES}/{package}")
    assert not {item["id"] for item in client.call("GET", PACKAGES)["items"]} & set(made)


{"requests": requests_form, "botocore": botocore_form, "go": go_transcript}[sys.argv[1]]()
