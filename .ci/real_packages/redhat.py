"""RPM packages: `rpm` and `createrepo_c`."""

import glob, gzip, os, shutil, xml.etree.ElementTree as ET

from comparison import manifests, needs, run, same

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


def compare(folder):
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
