"""Versions against `packaging` (PEP 440) and node-semver."""

import json, re, subprocess

from pip._vendor.packaging.version import InvalidVersion, Version
from pip._vendor.packaging.utils import canonicalize_version

from packages import read, tar_gz

MINIMUM = 2000
TEXTS = 1500
PYTHON = ("1 0 00 01 10 20240101 99999999999999999999999 . . . - _ + ! a b c rc alpha beta pre preview post rev r dev v V A RC .dev "
          ".post -1 local X").split()
NPM = "1 0 00 01 10 9007199254740991 9007199254740992 99999999999999999999999 . . . . - + = v a beta x rc.1 -01 0a .. _".split()


def made(words, choose):
    return "".join(choose.choice(words) for _ in range(choose.randint(1, 9)))


def compare(manifest, choose):
    python = python_versions(manifest, [made(PYTHON, choose) for _ in range(TEXTS)] + ["1." + made(PYTHON, choose) for _ in range(TEXTS)])
    npm = npm_versions(manifest, [made(NPM, choose) for _ in range(TEXTS)] + ["1.0.0" + made(NPM, choose) for _ in range(TEXTS)])
    return python[0] + npm[0], python[1] + npm[1]


def python_versions(manifest, versions):
    metadata = [f"Name: a\nVersion: {version}\n".encode() for version in versions]
    files = [(f"a-{version}.tar.gz", tar_gz("a/PKG-INFO", text)) for version, text in zip(versions, metadata)]
    differences = []
    for version, ours in zip(versions, read(manifest, "python", files)):
        try:
            native = canonicalize_version(Version(version))
        except InvalidVersion:
            native = None
        read_as = ours["normalized_version"] if isinstance(ours, dict) else None
        if read_as != native:
            differences.append(f"Python version {version!r}: {read_as!r}, not {native!r}")
    return len(versions), differences


def npm_versions(manifest, versions):
    packages = [json.dumps({"name": "a", "version": version}).encode() for version in versions]
    files = [("a.tgz", tar_gz("package/package.json", package)) for package in packages]
    root = subprocess.run(["npm", "root", "-g"], check=True, capture_output=True, text=True).stdout.strip()
    script = ("const {clean} = require('semver'); const fs = require('fs');"
              "console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map(v => clean(v, {loose: true}))))")
    native = subprocess.run(["node", "-e", script], input=json.dumps(versions), check=True, capture_output=True, text=True,
                            env={"NODE_PATH": f"{root}/npm/node_modules:/usr/share/nodejs", "PATH": "/usr/local/bin:/usr/bin:/bin"})
    differences = []
    for version, ours, theirs in zip(versions, read(manifest, "javascript", files), json.loads(native.stdout)):
        # A fourth number makes its regular expression split the third one, and a long one keeps zeros before it.
        if re.search(r"\d+\.\d+\.\d+\.|0\d{16}", version):
            continue
        read_as = ours["normalized_version"] if isinstance(ours, dict) else None
        if read_as != theirs:
            differences.append(f"npm version {version!r}: {read_as!r}, not {theirs!r}")
    return len(versions), differences
