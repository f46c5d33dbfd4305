"""npm: `npm pack --json`."""

import json, os, re, tarfile

from comparison import all_downloaded, manifests, needs, same

NPM = """left-pad @types/node lodash express react @babel/core semver chalk esbuild bcrypt uuid rimraf
         prettier yallist tslib""".split()
# As npm 0.2 to 1.2 packed them, from 2010 to 2013.
OLD_NPM = """underscore@<1.2 async@<0.2 express@<1 connect@<0.3 jade@<0.1 colors@<0.5 mkdirp@<0.1
             request@<1.2 coffee-script@<0.9 less@<1.1 vows@<0.5 mime@<1.2 qs@<0.2 redis@<0.4
             commander@<0.1 cradle@<0.3 sax@<0.2 ejs@<0.1 formidable@<1
             step@<0.1 wordwrap@<0.1 traverse@<0.3 xml2js@<0.2 ws@<0.3 winston@<0.3 nopt@<1.1 semver@<1.1
             glob@<2 rimraf@<1.1 minimatch@<0.1 graceful-fs@<1.1 lru-cache@<1.1 inherits@<1.1 abbrev@<1.1
             ini@<1.1 slide@<1.1 which@<1.1 tar@<0.1.1 fstream@<0.1.1 block-stream@<0.1 eyes@<0.2
             cli-table@<0.1 nconf@<0.2 findit@<0.2 charm@<0.1 hashish@<0.1 chainsaw@<0.2 buffers@<0.2
             binary@<0.3 put@<0.1 debug@<0.2 should@<0.1 expresso@<0.8 mocha@<0.1 stylus@<0.1 send@<0.1
             methods@<0.1 cookie@<0.1 bytes@<0.2 keypress@<0.2 node-uuid@<1.3 uglify-js@<1.1 socket.io@<0.7
             oauth@<0.9 ncp@<0.3 director@<1.1""".split()


def compare(folder):
    needs("npm")
    native = {}
    for printed in all_downloaded("javascript", NPM + OLD_NPM, "npm", "pack", "--json", cwd=folder):
        answer = json.loads(printed)
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
