#!/usr/bin/env python3
"""Compares what is read from real packages with what the native tools say, field by field.

    .ci/real_packages.py [--keep FOLDER] [--skipped FILE] [ECOSYSTEM …]

Packages come from Debian, PyPI and npm through their own clients, or are built here by `gem`,
`rpmbuild`, `dpkg-deb` or this script. Prints a table of compared fields; exits 1 on any difference,
and where fewer packages of an ecosystem were compared than [MINIMUM] says. What could not be
downloaded is printed, and written to FILE, a line each.
"""

import argparse, base64, collections, email.parser, glob, gzip, hashlib, io, json, os, re, shutil
import subprocess, sys, tarfile, tempfile, textwrap, xml.etree.ElementTree as ET, zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
compared = collections.defaultdict(collections.Counter)
differences = []
left_out = []
# The packages that were compared, by ecosystem.
seen = collections.defaultdict(set)
# How many there must be: all that are made here, and of downloads most.
MINIMUM = {"alpine": 10, "debian": 16, "helm": 10, "java": 40, "javascript": 10, "nuget": 10, "python": 24,
           "redhat": 20, "ruby": 40, "terraform": 10}


def run(*command, cwd=None, **more):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, **more).stdout


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise FileNotFoundError(f"{', '.join(missing)} not installed: .ci/tools does")


def downloaded(ecosystem, package, *command, cwd=None):
    """What the client printed; None, told at the end, where it got nothing."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        left_out.append(f"{ecosystem}: {package} could not be downloaded")
        return None
    return done.stdout


def manifests(ecosystem, files):
    """What the library reads, file by file; a refusal is a difference."""
    for file in sorted(files):
        done = subprocess.run([BINARY, ecosystem, file], capture_output=True, text=True)
        if done.returncode:
            differences.append(f"{ecosystem} {os.path.basename(file)}: refused: {done.stderr.strip()}")
        else:
            yield file, json.loads(done.stdout)


def same(ecosystem, file, field, ours, theirs):
    compared[ecosystem][field] += 1
    seen[ecosystem].add(file)
    if ours != theirs:
        name = os.path.basename(file)
        differences.append(f"{ecosystem} {name} {field}:\n    ours:   {ours!r}\n    native: {theirs!r}")


def digest(kind, file):
    with open(file, "rb") as handle:
        return hashlib.new(kind, handle.read()).hexdigest()


# --- debian: dpkg-deb ----------------------------------------------------------------------------

DEBS = """bash coreutils libc6 perl-base tzdata vim-common git-man python3.11-minimal zlib1g sudo
          openssl login mount grep hostname netbase libstdc++6 base-files""".split()


def debian(folder):
    needs("dpkg-deb", "apt-get")
    for package in DEBS:
        downloaded("debian", package, "apt-get", "download", package, cwd=folder)
    made = os.path.join(folder, "made")
    os.makedirs(made + "/DEBIAN")
    with open(made + "/DEBIAN/control", "w") as control:
        control.write("Package: odd\nVersion: 2:1.0~rc1+b-1\nArchitecture: all\nMaintainer: Ü <u@e.org>\n"
                      "X-Own-Field: yes\nDescription: odd\n Long text,\n .\n   and more.\n")
    for compression in ("none", "gzip", "xz", "zstd"):
        run("dpkg-deb", f"-Z{compression}", "-b", made, f"{folder}/odd-{compression}.deb")
    for file, manifest in manifests("debian", glob.glob(folder + "/*.deb")):
        facts = manifest["metadata"]
        native = run("dpkg-deb", "-f", file)
        fields = re.findall(r"^(\S+?): ?(.*(?:\n[ \t].*)*)", native, re.M)
        ours = [(name, value) for name, value in facts["control"]]
        same("debian", file, "order of fields", [name for name, _ in ours], [name for name, _ in fields])
        for (name, value), (_, theirs) in zip(ours, fields):
            same("debian", file, name, value, theirs.strip() if "\n" not in theirs else theirs.rstrip())
        native = dict(fields)
        same("debian", file, "name", manifest["name"], native["Package"])
        same("debian", file, "version", manifest["version"], native["Version"])
        same("debian", file, "variant", manifest["variant"], native["Architecture"])
        same("debian", file, "Size", facts["size"], os.path.getsize(file))
        for key, kind in (("md5sum", "md5"), ("sha1", "sha1"), ("sha256", "sha256")):
            same("debian", file, key, facts[key], digest(kind, file))


# --- python: pip's own parsers -------------------------------------------------------------------

WHEELS = """requests ruamel.yaml numpy attrs zope.interface PyYAML setuptools six certifi urllib3 charset-normalizer
            jinja2 markupsafe typing-extensions python-dateutil""".split()
SDISTS = """requests ruamel.yaml six attrs zope.interface PyYAML toml iniconfig idna flit_core simplejson""".split()
BACKENDS = "setuptools wheel Cython flit_core hatchling hatch-vcs hatch-fancy-pypi-readme setuptools-scm".split()
PYTHON_FIELDS = {
    "Metadata-Version": "metadata_version", "Summary": "summary", "Requires-Python": "requires_python",
    "License": "license", "License-Expression": "license_expression", "Author": "author",
    "Author-email": "author_email", "Maintainer": "maintainer", "Maintainer-email": "maintainer_email",
    "Home-page": "home_page", "Keywords": "keywords",
    "Description-Content-Type": "description_content_type",
}
PYTHON_LISTS = {"Requires-Dist": "requires_dist", "Provides-Extra": "provides_extra",
                "Classifier": "classifiers", "Project-URL": "project_urls", "Dynamic": "dynamic"}


def python(folder):
    from pip._vendor.packaging.utils import canonicalize_name, canonicalize_version, parse_wheel_filename
    pip = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--disable-pip-version-check", "-d", folder]
    for name in WHEELS:
        downloaded("python", f"the wheel of {name}", *pip, "--only-binary=:all:", name)
    # To download an sdist is to run what builds it: once here, rather than anew for each.
    backends = folder + "-backends"
    downloaded("python", "what builds sdists", sys.executable, "-m", "pip",
               "-q", "install", "--disable-pip-version-check", "--target", backends, *BACKENDS)
    os.environ["PYTHONPATH"] = backends
    for name in SDISTS:
        downloaded("python", f"the sdist of {name}", *pip, "--no-binary=:all:", "--no-build-isolation", name)
    del os.environ["PYTHONPATH"]
    for file in glob.glob(folder + "/*.tar.gz")[:3]:
        as_zip(file)
    files = [file for file in glob.glob(folder + "/*") if file.endswith((".whl", ".tar.gz", ".zip"))]
    for file, manifest in manifests("python", files):
        raw = python_metadata(file)
        message = email.parser.Parser().parsestr(raw.decode("utf-8", "replace"))
        facts = manifest["metadata"]
        same("python", file, "name", manifest["name"], message["Name"])
        same("python", file, "version", manifest["version"], message["Version"])
        same("python", file, "normalised name", manifest["normalized_name"], canonicalize_name(message["Name"]))
        same("python", file, "normalised version", manifest["normalized_version"], canonicalize_version(message["Version"]))
        for name, key in PYTHON_FIELDS.items():
            same("python", file, name, facts[key], message[name])
        for name, key in PYTHON_LISTS.items():
            same("python", file, name, facts[key], message.get_all(name, []))
        same("python", file, "metadata SHA-256", facts["metadata_sha256"], hashlib.sha256(raw).hexdigest())
        if file.endswith(".whl"):
            _, _, build, tags = parse_wheel_filename(os.path.basename(file))
            stated = manifest["variant"].split("-")[-3:]
            every = {"-".join((p, a, m)) for p in stated[0].split(".") for a in stated[1].split(".")
                     for m in stated[2].split(".")}
            same("python", file, "tags", every, {str(tag) for tag in tags})
        else:
            same("python", file, "variant", manifest["variant"], "sdist")


def as_zip(file):
    with tarfile.open(file) as tar, zipfile.ZipFile(file[:-len(".tar.gz")] + ".zip", "w", zipfile.ZIP_DEFLATED) as out:
        for member in tar:
            if member.isfile():
                out.writestr(member.name, tar.extractfile(member).read())


def python_metadata(file):
    if file.endswith(".tar.gz"):
        with tarfile.open(file) as tar:
            return next(tar.extractfile(m).read() for m in tar if re.fullmatch(r"[^/]+/PKG-INFO", m.name))
    with zipfile.ZipFile(file) as archive:
        pattern = r"[^/]+\.dist-info/METADATA" if file.endswith(".whl") else r"[^/]+/PKG-INFO"
        return next(archive.read(name) for name in archive.namelist() if re.fullmatch(pattern, name))


# --- javascript: npm pack --json -----------------------------------------------------------------

NPM = """left-pad @types/node lodash typescript express react @babel/core semver chalk esbuild bcrypt uuid rimraf
         prettier""".split()


def javascript(folder):
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
        same("javascript", file, "package.json: keys", sorted(facts["manifest"]), sorted(package))


# --- ruby: RubyGems itself -----------------------------------------------------------------------

GEMSPEC = """
Gem::Specification.new do |s|
  s.name = {name!r}; s.version = {version!r}; s.summary = "Ein schönes Juwel"; s.authors = ["Ada", "Bö"]
  s.files = ["lib/x.rb"]
  {more}
end
"""
GEMS = {
    "plain": ("1.0.0", ""),
    "pre-release": ("2.0.0.pre.1", "s.license = 'MIT'"),
    "native.ext": ("0.1", "s.extensions = ['ext/extconf.rb']; s.files += ['ext/extconf.rb']"),
    "platformed": ("1.2.3", "s.platform = 'x86_64-linux'"),
    "java_ish": ("1.2.3", "s.platform = 'java'"),
    "many": ("10.0.0", "s.add_dependency 'rack', '>= 2.0', '< 4'; s.add_dependency 'a', '~> 1.0', '!= 1.0.3';"
             "s.add_development_dependency 'rake'; s.add_runtime_dependency 'z', '1.0.0.rc1'"),
    "ruled": ("3", "s.required_ruby_version = ['>= 2.3', '< 4']; s.required_rubygems_version = '>= 3.0.0'"),
    "described": ("1.0", "s.description = \"Line one: two\\n  three\\n\\n# no comment\"; s.homepage = 'https://e.org'"),
    "linked": ("1.0", "s.metadata = {'source_code_uri' => 'https://e.org/s', 'rubygems_mfa_required' => 'true'}"),
    "licensed": ("1.0", "s.licenses = ['MIT', 'Apache-2.0']; s.email = 'x@e.org'; s.executables = []"),
    "0numbers.dots-dash_under": ("0.0.1.alpha2", ""),
}
# As RubyGems 1.1 with syck and RubyGems 1.8 with an early psych wrote them.
OLD_GEMS = {
    "syck": r"""--- !ruby/object:Gem::Specification 
name: old1
version: !ruby/object:Gem::Version 
  prerelease: 
  version: 0.4.1
platform: ruby
authors: 
- "J\\xC3\\xB6rg"
- Zed A. Shaw
date: 2008-05-21 00:00:00 -04:00
dependencies: 
- !ruby/object:Gem::Dependency 
  name: gem_plugin
  type: :runtime
  version_requirement: 
  version_requirements: !ruby/object:Gem::Requirement 
    requirements: 
    - - ">="
      - !ruby/object:Gem::Version 
        version: 0.2.3
    version: 
- !ruby/object:Gem::Dependency 
  name: daemons
  version_requirement: !ruby/object:Gem::Version::Requirement 
    requirements: 
    - - ">="
      - !ruby/object:Gem::Version 
        version: 1.0.3
    version: 
description: A small fast HTTP library.
executables: 
- mongrel_rails
extensions: 
- ext/http11/extconf.rb
files: []
homepage: http://mongrel.rubyforge.org
require_paths: 
- lib
required_ruby_version: !ruby/object:Gem::Requirement 
  requirements: 
  - - ">="
    - !ruby/object:Gem::Version 
      version: 1.8.4
  version: 
required_rubygems_version: !ruby/object:Gem::Requirement 
  requirements: 
  - - ">="
    - !ruby/object:Gem::Version 
      version: "0"
  version: 
specification_version: 2
summary: A small fast HTTP library and server
""",
    "early-psych": r"""--- !ruby/object:Gem::Specification
name: old2
version: !ruby/object:Gem::Version
  version: 1.0.1
  prerelease: 
platform: java
authors:
- ! 'Ada: L'
date: 2012-01-01 00:00:00.000000000Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rake
  requirement: &70102 !ruby/object:Gem::Requirement
    none: false
    requirements:
    - - ! '>='
      - !ruby/object:Gem::Version
        version: '0'
  type: :development
  prerelease: false
  version_requirements: *70102
- !ruby/object:Gem::Dependency
  name: a
  requirement: &2 !ruby/object:Gem::Requirement
    none: false
    requirements:
    - - =
      - !ruby/object:Gem::Version
        version: 3.0.0.beta
    - - ! '!='
      - !ruby/object:Gem::Version
        version: '1.10'
  type: :runtime
  prerelease: false
  version_requirements: *2
description: ! 'Long

  text: here'
executables: []
extensions: []
files: []
homepage: ''
licenses: []
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  none: false
  requirements:
  - - ! '>='
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  none: false
  requirements:
  - - ! '>'
    - !ruby/object:Gem::Version
      version: 1.3.1
specification_version: 3
summary: ! "Ein sch\\u00f6nes \\e Ding"
""",
}
RUBY = """
require 'json'; require 'rubygems/package'
facts = lambda do |s|
  deps = ->(list) { list.map { |d| {name: d.name, requirement: d.requirement.to_s} } }
  {name: s.name, version: s.version.to_s, platform: s.platform.to_s, summary: s.summary,
   description: s.description, homepage: s.homepage, authors: s.authors, licenses: s.licenses,
   required_ruby_version: s.required_ruby_version.to_s,
   required_rubygems_version: s.required_rubygems_version.to_s,
   runtime_dependencies: deps.(s.runtime_dependencies),
   development_dependencies: deps.(s.development_dependencies),
   extensions: s.extensions, metadata: s.metadata}
end
puts JSON.generate(facts.(Gem::Package.new(ARGV[0]).spec))
"""
PACK = """
require 'fileutils'; require 'rubygems/package'
Gem::Specification.dirs.flat_map { |folder| Dir[folder + '/**/*.gemspec'] }.each do |path|
  spec = Gem::Specification.load(path) or next
  spec.files.each { |file| FileUtils.mkdir_p(File.dirname(file)); FileUtils.touch(file) }
  Gem::Package.build(spec, true)
end
"""


def ruby(folder):
    needs("gem", "ruby")
    os.makedirs(folder + "/lib"), os.makedirs(folder + "/ext")
    for path in ("lib/x.rb", "ext/extconf.rb"):
        open(os.path.join(folder, path), "w").close()
    for name, (version, more) in GEMS.items():
        with open(f"{folder}/{name}.gemspec", "w") as spec:
            spec.write(GEMSPEC.format(name=name, version=version, more=more))
        run("gem", "build", "--force", f"{name}.gemspec", cwd=folder)
    signed(folder)
    packed(folder)
    published(folder)
    for name, specification in OLD_GEMS.items():
        with tarfile.open(f"{folder}/{name}.gem", "w", format=tarfile.USTAR_FORMAT) as gem:
            for member, contents in (("data.tar.gz", tgz(None, {})), ("metadata.gz", gzip.compress(specification.encode()))):
                info = tarfile.TarInfo(member)
                info.size = len(contents)
                gem.addfile(info, io.BytesIO(contents))
    for file, manifest in manifests("ruby", glob.glob(folder + "/*.gem")):
        native = json.loads(run("ruby", "-e", RUBY, file))
        facts = manifest["metadata"]
        same("ruby", file, "name", manifest["name"], native.pop("name"))
        same("ruby", file, "version", manifest["version"], native.pop("version"))
        same("ruby", file, "platform", manifest["variant"], native.pop("platform"))
        for key, value in native.items():
            same("ruby", file, key, facts[key], value)


def published(folder):
    """A gem as its authors published it, which Debian's package of it carries along."""
    debian = folder + "/debian"
    os.mkdir(debian)
    downloaded("ruby", "ruby-pygments.rb", "apt-get", "download", "ruby-pygments.rb", cwd=debian)
    for package in glob.glob(debian + "/*.deb"):
        run("dpkg-deb", "-x", package, debian)
    for gem in glob.glob(debian + "/**/pkg/*.gem", recursive=True):
        shutil.move(gem, folder)


def signed(folder):
    environment = {**os.environ, "GEM_PRIVATE_KEY_PASSPHRASE": "x"}
    run("gem", "cert", "--build", "a@example.org", cwd=folder, env=environment)
    more = "s.signing_key = 'gem-private_key.pem'; s.cert_chain = ['gem-public_cert.pem']"
    with open(folder + "/signed.gemspec", "w") as spec:
        spec.write(GEMSPEC.format(name="signed", version="1.0", more=more))
    run("gem", "build", "--force", "signed.gemspec", cwd=folder, env=environment)


def packed(folder):
    """Gems of others, as far as there are any without their own registry: the specifications that Debian installs
    with Ruby and its libraries, packed by RubyGems. Their files are empty."""
    here = os.path.join(folder, "packed")
    os.makedirs(here)
    run("ruby", "-e", PACK, cwd=here)
    for gem in glob.glob(here + "/*.gem"):
        shutil.move(gem, folder)


# --- redhat: rpm and createrepo_c ----------------------------------------------------------------

SPEC = """
Name: {name}
Version: {version}
Release: {release}
Summary: Früchte und {name}
License: MIT
{more}
%description
Several lines,
  and ünicode.
{scripts}
%install
mkdir -p %{{buildroot}}/usr/bin %{{buildroot}}/etc/{name} %{{buildroot}}/usr/share/{name}
printf '#!/bin/sh\\n' > %{{buildroot}}/usr/bin/{name}; chmod 755 %{{buildroot}}/usr/bin/{name}
echo x > %{{buildroot}}/etc/{name}/conf
%files
/usr/bin/{name}
%config /etc/{name}/conf
%dir /usr/share/{name}
%ghost /var/log/{name}.log
%changelog
* Tue Jan 02 2024 Ada <ada@example.org> - {version}-{release}
- second
- same entry
* Mon Jan 01 2024 Ada <ada@example.org> - 0.1-1
- first
"""
RPMS = {
    "plain": ("1.0", "1", "BuildArch: noarch", ""),
    "epochal": ("2.0~rc1", "3.fc40", "Epoch: 2\nURL: https://e.org", ""),
    "weak": ("1", "1", "Recommends: a >= 1\nSuggests: b\nSupplements: c\nEnhances: d = 2:3-4", ""),
    "requiring": ("1^git1", "1", "Requires: x = 1:2-3\nRequires: y < 4\nRequires: /usr/bin/requiring\nRequires: (p or q)", ""),
    "scripted": ("1", "2", "Requires(pre): /usr/sbin/useradd", "%post\necho hi\n%preun\necho bye"),
    "conflicting": ("5", "1", "Conflicts: z <= 3\nObsoletes: older < 5\nProvides: older = %{version}-%{release}", ""),
    "zstd": ("1", "1", "%define _binary_payload w3.zstdio", ""),
    "xz": ("1", "1", "%define _binary_payload w2.xzdio", ""),
    "vendored": ("1", "1", "Vendor: V\nPackager: P <p@e.org>\nGroup: Apps/X", ""),
    "selfish": ("1", "1", "Requires: selfish\nProvides: virtual(x)\nRequires: virtual(x)", ""),
}
RPM_KINDS = {"provides": "provides", "requires": "requires", "conflicts": "conflicts", "obsoletes": "obsoletes",
             "recommends": "recommends", "suggests": "suggests", "supplements": "supplements", "enhances": "enhances"}


def redhat(folder):
    needs("rpmbuild", "createrepo_c")
    for name, (version, release, more, scripts) in RPMS.items():
        with open(f"{folder}/{name}.spec", "w") as spec:
            spec.write(SPEC.format(name=name, version=version, release=release, more=more, scripts=scripts))
        run("rpmbuild", "-ba", "--quiet", "--define", f"_topdir {folder}/top", f"{folder}/{name}.spec")
    files = glob.glob(f"{folder}/top/*RPMS/**/*.rpm", recursive=True)
    packages = folder + "/packages"
    os.makedirs(packages)
    files = [shutil.copy(file, packages) for file in files]
    run("createrepo_c", "--quiet", "--compatibility", "--general-compress-type=gz", "--changelog-limit=100", packages)
    index = rpm_index(packages)
    for file, manifest in manifests("redhat", files):
        rpm_query(file, manifest)
        rpm_primary(file, manifest, *index[os.path.basename(file)])


def rpm_query(file, manifest):
    facts = manifest["metadata"]
    query = {"name": "NAME", "version": "VERSION", "release": "RELEASE", "summary": "SUMMARY", "license": "LICENSE",
             "description": "DESCRIPTION", "url": "URL", "vendor": "VENDOR", "packager": "PACKAGER",
             "build_time": "BUILDTIME", "build_host": "BUILDHOST", "source_rpm": "SOURCERPM",
             "payload_compressor": "PAYLOADCOMPRESSOR", "group": "GROUP"}
    for key, tag in query.items():
        ours = manifest["name"] if key == "name" else facts[key]
        theirs = run("rpm", "-qp", "--qf", f"%{{{tag}}}", file)
        same("redhat", file, key, "(none)" if ours is None else str(ours), theirs)
    same("redhat", file, "epoch:version-release", manifest["version"], run("rpm", "-qp", "--qf", "%{EVR}", file))
    listed = run("rpm", "-qp", "--qf", "[%{FILENAMES}\n]", file).split()
    ours = [folder["path"] + name for folder in facts["folders"] for kind in ("files", "folders", "ghosts")
            for name in folder.get(kind, [])]
    same("redhat", file, "files", sorted(ours), sorted(listed))
    log = run("rpm", "-qp", "--qf", "[%{CHANGELOGTIME}|%{CHANGELOGNAME}\n]", file).split("\n")[:-1]
    same("redhat", file, "changelog", [f"{c['time']}|{c['author']}" for c in facts["changelog"]], log)


def rpm_index(folder):
    space = {"c": "http://linux.duke.edu/metadata/common", "f": "http://linux.duke.edu/metadata/filelists"}
    trees = [ET.parse(gzip.open(glob.glob(f"{folder}/repodata/*{kind}.xml.gz")[0])).getroot()
             for kind in ("primary", "filelists")]
    lists = {package.get("pkgid"): package for package in trees[1].findall("f:package", space)}
    return {package.find("c:location", space).get("href"): (package, lists[package.find("c:checksum", space).text])
            for package in trees[0].findall("c:package", space)}


def rpm_primary(file, manifest, primary, filelist):
    facts, c, r = manifest["metadata"], "{http://linux.duke.edu/metadata/common}", "{http://linux.duke.edu/metadata/rpm}"
    f = "{http://linux.duke.edu/metadata/filelists}"
    same("redhat", file, "primary: arch", manifest["variant"], primary.find(c + "arch").text)
    size = primary.find(c + "size")
    for key in ("package", "installed", "archive"):
        same("redhat", file, f"primary: size {key}", str(facts["size"][key]), size.get(key))
    span = primary.find(f"{c}format/{r}header-range")
    for key in ("start", "end"):
        same("redhat", file, f"primary: header-range {key}", str(facts["header_range"][key]), span.get(key))
    for ours, theirs in RPM_KINDS.items():
        entries = primary.findall(f"{c}format/{r}{theirs}/{r}entry")
        keys = {"name": "name", "flags": "flags", "epoch": "epoch", "version": "ver", "release": "rel"}
        listed = [{ours_key: e.get(key) for ours_key, key in keys.items()} | {"pre": e.get("pre") == "1"} for e in entries]
        own = [{key: d.get(key) for key in keys} | {"pre": d.get("pre", False)} for d in facts[ours]]
        same("redhat", file, f"primary: {ours}", own, listed)
    kinds = {None: "files", "dir": "folders", "ghost": "ghosts"}
    native = sorted((kinds[entry.get("type")], entry.text) for entry in filelist.findall(f + "file"))
    own = sorted((kind, folder["path"] + name) for folder in facts["folders"] for kind in kinds.values()
                 for name in folder.get(kind, []))
    same("redhat", file, "filelists: files and types", own, native)


# --- java: Debian's Maven repository, read by an XML parser ----------------------------------------

JAVA_DEBS = """libcommons-lang3-java libcommons-io-java libcommons-codec-java libguava-java libjackson2-core-java
               libslf4j-java junit4 libhamcrest-java libgoogle-gson-java libasm-java libcommons-cli-java""".split()


def java(folder):
    needs("apt-get", "dpkg-deb")
    for package in JAVA_DEBS:
        downloaded("java", package, "apt-get", "download", package, cwd=folder)
    for deb in glob.glob(folder + "/*.deb"):
        run("dpkg-deb", "-x", deb, folder + "/root")
    poms = [file for file in glob.glob(folder + "/root/usr/share/maven-repo/**/*.pom", recursive=True)
            if "debian" not in os.path.basename(file)]
    for file, manifest in manifests("java", poms[:60]):
        pom_fields(file, manifest, open(file, "rb").read())
    jars = folder + "/jars"
    os.makedirs(jars)
    for jar in glob.glob(folder + "/root/usr/share/java/*.jar"):
        with zipfile.ZipFile(jar) as archive:
            names = [n for n in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom.xml", n)]
            properties = [n.replace("pom.xml", "pom.properties") for n in names]
            if len(names) != 1 or properties[0] not in archive.namelist():
                continue
            lines = archive.read(properties[0]).decode().splitlines()
            stated = dict(line.split("=", 1) for line in lines if "=" in line)
            target = f"{jars}/{stated['artifactId']}-{stated['version']}.jar"
            if not os.path.exists(target):
                shutil.copy(jar, target)
    for file, manifest in manifests("java", glob.glob(jars + "/*.jar")):
        with zipfile.ZipFile(file) as archive:
            names = [n for n in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom.xml", n)]
            pom_fields(file, manifest, archive.read(names[0]))


def pom_fields(file, manifest, pom):
    root = ET.fromstring(pom)
    space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
    def text(element, *path):
        found = element.find("/".join(space + part for part in path)) if element is not None else None
        return (found.text or "").strip() or None if found is not None else None
    facts = manifest["metadata"]
    group = text(root, "groupId") or text(root, "parent", "groupId")
    same("java", file, "name", manifest["name"], f"{group}:{text(root, 'artifactId')}")
    same("java", file, "version", manifest["version"], text(root, "version") or text(root, "parent", "version"))
    same("java", file, "packaging", facts["packaging"], text(root, "packaging") or "jar")
    for key in ("name", "description", "url"):
        same("java", file, key, facts[key], text(root, key))
    listed = [[text(d, key) for key in ("groupId", "artifactId", "version", "scope", "type", "classifier")]
              for d in root.findall(f"{space}dependencies/{space}dependency")]
    own = [[d[key] for key in ("group_id", "artifact_id", "version", "scope", "type", "classifier")]
           for d in facts["dependencies"]]
    same("java", file, "dependencies", own, listed)


# --- helm, nuget, alpine, terraform: built here ----------------------------------------------------

def tgz(path, files, cut=False):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
        end = tar.offset
    packed = gzip.compress(raw.getvalue()[:end] if cut else raw.getvalue())
    if path:
        with open(path, "wb") as out:
            out.write(packed)
    return packed


def helm(folder):
    for number in range(10):
        chart = {"apiVersion": "v2", "name": f"chart-{number}", "version": f"1.{number}.0-rc.{number}",
                 "description": "Ein: schönes # Diagramm", "keywords": ["a", "b"], "appVersion": "1.10",
                 "dependencies": [{"name": "db", "version": ">=1 <2", "repository": "https://e.org"}],
                 "annotations": {"x/y": "- a\n- b\n"}, "deprecated": number % 2 == 0}
        text = ("\ufeff" if number % 3 == 0 else "") + json.dumps(chart, ensure_ascii=number % 2 == 0, indent=2)
        tgz(f"{folder}/{number}.tgz", {f"c/charts/sub/Chart.yaml": b"name: sub", "c/Chart.yaml": text.encode(),
                                       "c/values.yaml": b""})
        for file, manifest in manifests("helm", [f"{folder}/{number}.tgz"]):
            for key, value in chart.items():
                same("helm", file, key, manifest["metadata"]["chart"].get(key), value)
            same("helm", file, "version of the manifest", manifest["version"], chart["version"])
            same("helm", file, "digest", manifest["metadata"]["digest"], digest("sha256", file))


def nuget(folder):
    spaces = ["", *(f' xmlns="http://schemas.microsoft.com/packaging/{year}/nuspec.xsd"'
                    for year in ("2010/07", "2012/06", "2013/05"))]
    versions = {"1.0": "1.0.0", "1.2.0.0": "1.2.0", "5.0.0+hash": "5.0.0", "1.2.3.4": "1.2.3.4", "1.0.0-Beta.1": "1.0.0-beta.1"}
    for number in range(10):
        version, normalized = list(versions.items())[number % 5]
        nuspec = (f'<?xml version="1.0" encoding="utf-8"?><package{spaces[number % 4]}><metadata><id>Foo.Bar{number}</id>'
                  f'<version>{version}</version><authors>A &amp; Ü</authors><description>\r\n d \r\n</description>'
                  f'<dependencies><dependency id="D" version="[1,2)"/></dependencies></metadata></package>')
        file = f"{folder}/{number}.nupkg"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(f"Foo.Bar{number}.nuspec", ("\ufeff" if number % 2 else "") + nuspec)
            out.writestr("lib/x.dll", b"x" * 1000)
        for file, manifest in manifests("nuget", [file]):
            same("nuget", file, "name", manifest["name"], f"Foo.Bar{number}")
            same("nuget", file, "normalised version", manifest["normalized_version"], normalized)
            for element in ET.fromstring(nuspec.encode()).iter():
                tag = element.tag.rsplit("}")[-1]
                if tag in ("id", "version", "authors", "description"):
                    same("nuget", file, tag, manifest["metadata"]["fields"][tag], element.text.strip())
            groups = manifest["metadata"]["dependency_groups"]
            same("nuget", file, "dependencies", [(d["id"], d["range"]) for g in groups for d in g["dependencies"]], [("D", "[1,2)")])


def alpine(folder):
    for number in range(10):
        fields = [("pkgname", f"fruit{number}"), ("pkgver", f"1.{number}_rc1-r{number}"), ("pkgdesc", "a = b ü"),
                  ("size", str(number * 1000)), ("arch", "noarch" if number % 2 else "aarch64"),
                  ("depend", "so:libc.musl-x86_64.so.1"), ("depend", "other>=1"), ("provides", "cmd:fruit=1")]
        info = "# Generated by abuild\n" + "".join(f"{key} = {value}\n" for key, value in fields)
        control = tgz(None, {".PKGINFO": info.encode(), ".post-install": b"#!/bin/sh"}, cut=True)
        signature = tgz(None, {".SIGN.RSA.k.rsa.pub": b"s" * 256}, cut=True) if number % 3 else b""
        file = f"{folder}/{number}.apk"
        with open(file, "wb") as out:
            out.write(signature + control + tgz(None, {"usr/bin/fruit": os.urandom(10000)}))
        for file, manifest in manifests("alpine", [file]):
            facts = manifest["metadata"]
            same("alpine", file, "every field", [tuple(pair) for pair in facts["pkginfo"]], fields)
            expected = "Q1" + base64.b64encode(hashlib.sha1(control).digest()).decode()
            same("alpine", file, "checksum", facts["checksum"], expected)
            same("alpine", file, "size", facts["size"], os.path.getsize(file))


def terraform(folder):
    for number in range(10):
        file = f"{folder}/terraform-aws-vpc-net-1.{number}.0.tgz"
        files = {f"m/main.tf": b"", "m/modules/a/main.tf": b""} | ({"m/README.md": b"#"} if number % 2 else {})
        tgz(file, files)
        for file, manifest in manifests("terraform", [file]):
            facts = manifest["metadata"]
            same("terraform", file, "provider and module", (facts["provider"], facts["module"]), ("aws", "vpc-net"))
            same("terraform", file, "version", manifest["version"], f"1.{number}.0")
            same("terraform", file, "README", facts["has_readme"], number % 2 == 1)


# -------------------------------------------------------------------------------------------------

ECOSYSTEMS = [alpine, debian, helm, java, javascript, nuget, python, redhat, ruby, terraform]


def main():
    global BINARY
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ecosystems", nargs="*", metavar="ECOSYSTEM")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the packages")
    parser.add_argument("--skipped", metavar="FILE", help="where to write what could not be downloaded")
    parser.add_argument("--binary", help="the built example `manifest`")
    options = parser.parse_args()
    BINARY = options.binary or build()
    with tempfile.TemporaryDirectory() as temporary:
        for ecosystem in ECOSYSTEMS:
            name = ecosystem.__name__
            if options.ecosystems and name not in options.ecosystems:
                continue
            folder = os.path.join(os.path.abspath(options.keep) if options.keep else temporary, name)
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            # apt downloads as a user of its own.
            os.chmod(folder, 0o777), os.chmod(os.path.dirname(folder), 0o755)
            try:
                ecosystem(folder)
            except FileNotFoundError as error:
                differences.append(f"{name}: {error}")
            except subprocess.CalledProcessError as error:
                differences.append(f"{name}: {' '.join(error.cmd)}: {error.stderr}")
            if len(seen[name]) < MINIMUM[name]:
                differences.append(f"{name}: only {len(seen[name])} packages compared, expected {MINIMUM[name]}")
    report(options.skipped)


def build():
    run("cargo", "build", "--quiet", "--example", "manifest", cwd=ROOT)
    target = json.loads(run("cargo", "metadata", "--no-deps", "--format-version=1", cwd=ROOT))["target_directory"]
    return os.path.join(target, "debug", "examples", "manifest")


def report(skipped):
    for ecosystem, fields in compared.items():
        print(f"{ecosystem}: {len(seen[ecosystem])} packages, {sum(fields.values())} comparisons")
        print(textwrap.fill(", ".join(f"{field} {count}" for field, count in fields.items()), 110,
                            initial_indent="    ", subsequent_indent="    "))
    for sentence in left_out:
        print(sentence)
    if skipped:
        with open(skipped, "w") as out:
            out.writelines(f"{sentence}\n" for sentence in left_out)
    print(f"{sum(sum(fields.values()) for fields in compared.values())} comparisons, {len(differences)} differences")
    for difference in differences:
        print(difference)
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
