"""Debian: `dpkg-deb`."""

import glob, os, re

from comparison import digest, downloaded, manifests, needs, run, same

DEBS = """bash coreutils libc6 perl-base tzdata vim-common git-man python3.11-minimal zlib1g sudo
          openssl login mount grep hostname netbase libstdc++6 base-files""".split()


def compare(folder):
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
