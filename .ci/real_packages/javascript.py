"""npm: `npm pack --json`."""

import json, os, re, tarfile

from comparison import downloaded, manifests, needs, same

NPM = """left-pad @types/node lodash typescript express react @babel/core semver chalk esbuild bcrypt uuid rimraf
         prettier""".split()


def compare(folder):
    needs("npm")
    native = {}
    for package in NPM:
        done = downloaded("javascript", package, "npm", "pack", "--json", package, cwd=folder)
        if done is not None:
            answer = json.loads(done)
            for entry in answer.values() if isinstance(answer, dict) else answer:
                native[os.path.join(folder, entry["filename"].replace("@", "").replace("/", "-"))] = entry
    for file, manifest in manifests("javascript", native):
        entry, facts = native[file], manifest["metadata"]
        same("javascript", file, "name", manifest["name"], entry["name"])
        same("javascript", file, "version", manifest["version"], entry["version"])
        same("javascript", file, "integrity", facts["integrity"], entry["integrity"])
        same("javascript", file, "shasum", facts["shasum"], entry["shasum"])
        same("javascript", file, "fileCount", facts["fileCount"], entry["entryCount"])
        same("javascript", file, "unpackedSize", facts["unpackedSize"], entry["unpackedSize"])
        with tarfile.open(file) as tar:
            inside = next(m for m in tar if re.fullmatch(r"[^/]+/package\.json", m.name))
            package = json.loads(tar.extractfile(inside).read().decode("utf-8-sig"))
        for key, value in package.items():
            same("javascript", file, "package.json: every key", facts["manifest"].get(key), value)
        same("javascript", file, "package.json: order of keys", list(facts["manifest"]), list(package))
