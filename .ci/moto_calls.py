"""All calls of the API on moto: `moto_calls.py FUNCTIONS ADMIN`, the folder of the functions and the command.

The table, the bucket and the roles are made as template.yaml describes them. The functions run under an emulated
runtime API, with credentials of their own role. Prints what is not as expected, and fails.
"""
import base64
import contextlib
import copy
import http.server
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import yaml
from botocore.exceptions import ClientError

FUNCTIONS, ADMIN = Path(sys.argv[1]), sys.argv[2]
REGION, ACCOUNT = "eu-central-1", "123456789012"
TABLE, BUCKET = "packages", "packages-files"
ROOT = {"aws_access_key_id": "root", "aws_secret_access_key": "root"}


# ── The template ───────────────────────────────────────────────────────────────────────────────────────────────────
class Tag(tuple):
    """A function of CloudFormation: its name and its argument."""


def construct(loader, name, node):
    kinds = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
    if isinstance(node, yaml.MappingNode):
        return Tag((name, loader.construct_mapping(node, deep=True)))
    arguments = {"deep": True} if isinstance(node, yaml.SequenceNode) else {}
    return Tag((name, kinds[type(node)](node, **arguments)))


yaml.SafeLoader.add_multi_constructor("!", construct)
RESOURCES = yaml.safe_load(Path("template.yaml").read_text())["Resources"]
KNOWN = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "Bucket": BUCKET,
    "Table": TABLE,
    "Table.Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}",
    "ApiFunctionLogs.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:api",
    "SweepFunctionLogs.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:sweep",
}


NO_VALUE = Tag(("Ref", "AWS::NoValue"))


def resolved(value):
    """What CloudFormation makes of it where every parameter has its default. What is not of moto's keeps a name."""
    if isinstance(value, Tag) and value != NO_VALUE:
        name, argument = value
        if name == "If":
            condition, then, otherwise = argument
            return resolved(then if condition in ("MakesTable", "MakesBucket") else otherwise)
        if name in ("Ref", "GetAtt"):
            return KNOWN.get(argument, f"{argument} of the stack")
        assert name == "Sub", name
        text, names = argument if isinstance(argument, list) else (argument, {})
        for key, known in (KNOWN | {key: resolved(named) for key, named in names.items()}).items():
            text = text.replace("${" + key + "}", known)
        return text
    if isinstance(value, dict):
        inner = {key: resolved(inner) for key, inner in value.items()}
        return {key: inner for key, inner in inner.items() if inner != NO_VALUE}
    if isinstance(value, list):
        return [inner for inner in map(resolved, value) if inner != NO_VALUE]
    return value


# ── moto ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def client(service, credentials=ROOT):
    return boto3.client(service, region_name=REGION, endpoint_url=ENDPOINT, **credentials)


def make_storage():
    table = resolved(RESOURCES["Table"]["Properties"])
    client("dynamodb").create_table(
        TableName=TABLE, **{key: table[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema")}
    )
    client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def for_moto(statement):
    """A statement of a role as moto can enforce it.

    It knows no conditions and no resources of DynamoDB, and asks for a transaction as such instead of for its parts.
    """
    statement = {key: value for key, value in statement.items() if key != "Condition"}
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    if actions[0].startswith("dynamodb:"):
        statement["Resource"] = "*"
        if "dynamodb:PutItem" in actions:
            actions = [*actions, "dynamodb:TransactWriteItems"]
    return statement | {"Action": actions}


def assumed(role):
    """Credentials of a role of the template."""
    properties, iam = resolved(RESOURCES[role]["Properties"]), client("iam")
    trust = copy.deepcopy(properties["AssumeRolePolicyDocument"])
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    for policy in properties["Policies"]:
        statements = [for_moto(statement) for statement in policy["PolicyDocument"]["Statement"]]
        document = json.dumps(policy["PolicyDocument"] | {"Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)
    session = client("sts").assume_role(RoleArn=arn, RoleSessionName="function")["Credentials"]
    return {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def enforce(roles):
    """Switches the enforcement of roles on or off."""
    allowed = b"0" if roles else b"inf"
    request = urllib.request.Request(
        f"{ENDPOINT}/moto-api/reset-auth", data=allowed, headers={"content-type": "text/plain"}
    )
    urllib.request.urlopen(request, timeout=5).close()


def environment(credentials):
    return {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": ENDPOINT,
        "TABLE_NAME": TABLE,
        "BUCKET_NAME": BUCKET,
        **{name.upper(): value for name, value in credentials.items()},
    }


# ── A sandbox ──────────────────────────────────────────────────────────────────────────────────────────────────────
class Sandbox:
    """A function under the runtime API: one event after another."""

    def __init__(self, name, credentials):
        self.events, self.answers = queue.Queue(), queue.Queue()
        sandbox = self

        class RuntimeApi(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(200, sandbox.events.get())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                sandbox.answers.put((self.path.rsplit("/", 1)[1], json.loads(body)))
                self.answer(202, b"{}")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                self.send_header("lambda-runtime-deadline-ms", str(int(time.time() * 1000) + 60_000))
                self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:1:function:f")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
        server.daemon_threads = True
        # A function that is ended leaves a poll behind.
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        runtime = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        }
        self.process = subprocess.Popen(
            [FUNCTIONS / name / "bootstrap"], env=environment(credentials) | runtime, stdout=LOG, stderr=LOG
        )

    def invoke(self, event):
        self.events.put(json.dumps(event).encode())
        kind, answer = self.answers.get(timeout=60)
        assert kind == "response", answer
        return answer


EVENT = json.loads(Path("events/rest-get.json").read_text())
PACKAGES = "/v2/packages/organizations/my_great_org/registries/my-files/packages"


def call(api, method, path, token, form=None, query=None):
    """One call through a REST API: status, headers, body."""
    event = copy.deepcopy(EVENT)
    headers = {"authorization": f"Bearer {token}"}
    if form is not None:
        headers["content-type"] = "multipart/form-data; boundary=b"
        event["body"], event["isBase64Encoded"] = base64.b64encode(form).decode(), True
    event["headers"] = headers
    event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    event["httpMethod"] = event["requestContext"]["httpMethod"] = method
    event["path"], event["requestContext"]["path"] = path, "/live" + path
    event["pathParameters"] = {"proxy": path[1:]}
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in (query or {}).items()}
    answer = api.invoke(event)
    body = answer.get("body") or ""
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], headers, json.loads(body) if body.startswith("{") else body


def field(name, value, filename=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"--b\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n--b--\r\n"


def expect(expected, found, what):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")


def calls(api, s3, token):
    def ask(status, method, path="", **more):
        found, headers, body = call(api, method, PACKAGES + path, token, **more)
        expect(status, found, f"{method} {path}: {body}")
        return headers, body

    text = field("file", b"Bananas are berries.", "banana-1.0.0.txt")
    first = ask(200, "POST", form=text)[1]
    expect(first, ask(200, "POST", form=text)[1], "a repeat")
    ask(409, "POST", form=field("file", b"Bananas are herbs.", "banana-1.0.0.txt"))
    expect(first, ask(200, "GET", f"/{first['id']}")[1], "a get")

    form = ask(200, "POST", "/upload")[1]["form"]
    key = form["data"]["key"].replace("${filename}", "cherry-2.0.0.bin")
    large = os.urandom(9_000_000)
    # As a form would: with the function's own permission.
    s3.put_object(Bucket=BUCKET, Key=key, Body=large)
    url = field("package_url", f"{form['url']}/{key}".encode())
    upload = ask(200, "POST", form=url)[1]
    expect(len(large), upload["size"], "the size of an upload")
    expect(upload, ask(200, "POST", form=url)[1], "the repeat of an upload")

    listed = ask(200, "GET")[1]["items"]
    expect([upload["id"], first["id"]], [item["id"] for item in listed], "a list")
    listed = ask(200, "GET", query={"name": "banana"})[1]["items"]
    expect([first["id"]], [item["id"] for item in listed], "a list by name")

    location = ask(302, "GET", f"/{upload['id']}/download")[0]["location"]
    # moto reads credentials from headers alone where it enforces roles.
    enforce(False)
    with urllib.request.urlopen(location, timeout=60) as download:
        expect(large, download.read(), "a download")
    enforce(True)
    expect(str(len(large)), ask(200, "HEAD", f"/{upload['id']}/download")[0]["content-length"], "the size of a download")

    copied = ask(200, "POST", f"/{first['id']}/copy", query={"to": "others"})[1]
    expect(first["digests"], copied["digests"], "the digests of a copy")
    ask(200, "DELETE", f"/{first['id']}")
    ask(404, "GET", f"/{first['id']}")
    ask(200, "POST", form=text)


def refused(what, action):
    """Whether the role of a function refuses this, as it must."""
    try:
        action()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        expect(True, code.startswith(("AccessDenied", "403")), f"{what}: {code}")
    else:
        sys.exit(f"{what}: the role allows it")


def admin(*arguments):
    command = [ADMIN, "--json", *arguments]
    run = subprocess.run(command, env=environment(ROOT), check=False, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {run.stderr}")
    return json.loads(run.stdout)


with contextlib.ExitStack() as stack:
    LOG = stack.enter_context(tempfile.TemporaryFile("w+"))

    def ended(process):
        process.kill()
        process.wait()

    def show_log(kind, *_):
        if kind is not None:
            LOG.seek(0)
            print(LOG.read()[-6000:])

    stack.push(show_log)
    port = free_port()
    ENDPOINT = f"http://127.0.0.1:{port}"
    moto = ["moto_server", "--host", "127.0.0.1", "--port", str(port)]
    moto_process = subprocess.Popen(moto, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(ended, moto_process)
    for _ in range(300):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{ENDPOINT}/moto-api/data.json", timeout=5).close()
            break
        time.sleep(0.2)

    make_storage()
    admin("organization", "create", "my_great_org")
    for registry in ("my-files", "others"):
        admin("registry", "create", f"my_great_org/{registry}", "--ecosystem", "files")
    scopes = ["read_packages", "create_packages", "delete_packages"]
    secret = admin("token", "create", "my_great_org", "--scope", *scopes)["token"]
    roles = {name: assumed(role) for name, role in [("packages-api", "ApiFunctionRole"), ("sweep", "SweepFunctionRole")]}

    # From here on roles are enforced, for everybody.
    enforce(True)
    dynamodb, s3 = client("dynamodb", roles["packages-api"]), client("s3", roles["packages-api"])
    refused("the API function scans", lambda: dynamodb.scan(TableName=TABLE))
    refused("the API function lists", lambda: s3.list_objects_v2(Bucket=BUCKET))
    refused("the API function puts elsewhere", lambda: s3.put_object(Bucket=BUCKET, Key="elsewhere", Body=b"x"))
    sweeping = client("s3", roles["sweep"])
    refused("the sweep function puts", lambda: sweeping.put_object(Bucket=BUCKET, Key="packages/x", Body=b"x"))

    api = Sandbox("packages-api", roles["packages-api"])
    stack.callback(ended, api.process)
    calls(api, s3, secret)
    # moto finds the signature of a list wrong, which it checks where it enforces roles.
    enforce(False)
    sweep = Sandbox("sweep", roles["sweep"])
    stack.callback(ended, sweep.process)
    report = sweep.invoke({})
    counts = {"objects": 3, "records": 3, "orphans": 0, "records_without_file": 0, "stopped": None}
    expect(counts, {name: report[name] for name in counts}, "the sweep")
