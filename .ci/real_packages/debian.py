"""Debian: `dpkg-deb`."""

import glob, os, re

from comparison import all_downloaded, digest, manifests, needs, run, same

# Epochs, tildes, `+really` and `+~`, native versions, odd compressions, many fields and few.
DEBS = """bash coreutils libc6 perl-base tzdata vim-common git-man python3.11-minimal zlib1g sudo
          openssl login mount grep hostname netbase libstdc++6 base-files cinder-volume cryptsetup-run
          dhcpcd fonts-roboto libgnucap-dev golang libnginx-mod-http-upstream-fair lisaac-mode clang
          libc++1 libjs-handlebars sntp ntpdate php-msgpack libargon2-0 node-autosize bzr-email
          ca-certificates-java libmono-cecil-flowanalysis-cil-dev cisco7crack cl-heredoc docbook-ebnf
          dns-root-data ejabberd-mod-filter elpa-uuid faifa libgd-gd2-noxpm-ocaml libgmerlin-common
          golang-github-aelsabbahy-gonetstat-dev gnome-pass-search-provider libjs-filesaver php8.2-pspell
          adduser debianutils ucf sensible-utils dh-python tcpd ed bc whois figlet sl cowsay pv""".split()


def compare(folder):
    needs("dpkg-deb", "apt-get")
    all_downloaded("debian", DEBS, "apt-get", "download", cwd=folder)
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
