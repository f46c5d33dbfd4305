#!/usr/bin/env python3
"""Compares what is taken and refused of Debian control files and tar archives with dpkg-deb and GNU tar.

    .ci/control_files.py MANIFEST [SEED]

MANIFEST is the built example `manifest`. The cases are packages made here: control files and archives that are odd in
one known way, and control files damaged by SEED. Right is to refuse what dpkg-deb refuses, to take what it takes
without a warning, and to read the same values. Prints the differences; exits 1 on any."""

import io, json, os, random, subprocess, sys, tarfile, tempfile

FIELDS = ["Package", "Version", "Architecture", "Maintainer", "X-Own"]
BASE = (b"Package: fruit\nVersion: 1:2.0~rc1-1\nArchitecture: all\nMaintainer: A <a@e.org>\nDepends: a (>= 1), b | c:any\n"
        b"Provides: d (= 1)\nX-Own: yes\nDescription: short\n long\n .\n text\n")
DAMAGED = 250


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, contents, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(contents), kind
            archive.addfile(info, io.BytesIO(contents))
    return out.getvalue()


def ar(members):
    out = b"!<arch>\n"
    for name, contents in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(contents):<10}`\n".encode() + contents
        out += b"\n" * (len(contents) % 2)
    return out


def deb(control, path="./control"):
    return whole(tar([(path, control, tarfile.REGTYPE)]))


def whole(control_tar, format=b"2.0\n"):
    return ar([("debian-binary", format), ("control.tar", control_tar), ("data.tar", tar([]))])


def controls():
    """Control files that are odd in one way."""
    def with_line(line):
        return BASE.replace(b"X-Own: yes\n", line)
    yield BASE
    for version in ("r10 1.0- -1 99999999999:1.0 2147483647:1 2147483648:1 01:1.0 :1 1: x:1 1:2:3 1_0 1.0-a:b ~1 1.0-1-2 0:0-0 "
                    "1+b~c.d-1+e~f.g").split():
        yield BASE.replace(b"1:2.0~rc1-1", version.encode())
    for line in (b"X-Own : yes\n", b"X-Own\t:yes\n", b"X-Own:\n", b"X-Own:\n yes\n", b"X-Own: yes\n \n", b"X-Own: yes\n\t\n more\n",
                 b"X-Own: yes\r\n", b"X-Own: yes\n more\r\n", b"X-Own: Jos\xe9\n", "X-Own: José\n".encode(), b"X\xe9: 1\n", b"-X: 1\n",
                 b"X: 1\n", b": 1\n", b"X-Own\n", b"#X-Own: yes\n", b"package: other\n", b"X-Own: a\nx-own: b\n", b"\nX-Own: yes\n",
                 b"Status: install ok installed\n", b"Triggers-Pending: a\n", b"Essential: maybe\n", b"Essential: YES\n",
                 b"Protected: no\n", b"Multi-Arch: same\n", b"Multi-Arch: foreign\n", b"Multi-Arch: else\n", b"Priority: odd\n",
                 b"X-Own: \x0b yes\n", b"X-Own: yes\n\x0bmore\n", b"X-Own: yes\x1a\n", b"X-Own: yes\n\x1a"):
        yield with_line(line)
    for end in (b"", b"\n", b"\n\n\n", b"\n\x1a", b"\nX: 1\n", b"\n \n", b"X-Last:\n", b"X-Last: 1", b"X-Last: 1\n\x1a\n", b"\nx"):
        yield BASE.rstrip(b"\n") + b"\n" + end
    yield BASE[:-1]
    yield b"\n\n" + BASE
    yield b" " + BASE
    yield b""
    yield BASE.replace(b"\n", b"\r\n")
    yield BASE.replace(b" .\n", b" \n")
    for field in ("Pre-Depends", "Recommends", "Suggests", "Enhances", "Conflicts", "Replaces", "Recommended", "Optional"):
        for value in ("a | b", "a,", "a (>= 1-)", "a (= 1)"):
            yield with_line(f"{field}: {value}\n".encode())
    for field in ("Depends", "Breaks", "Provides"):
        for value in ("", "a", "a|b", "a , b", "a,", ",a", "a,,b", "a |", "a (", "a ()", "a (1)", "a (= 1)", "a (>= 1)", "a (>=1)", "a(>=1)",
                      "a (<< 1) ", "a (> 1)", "a (<> 1)", "a (== 1)", "a (!= 1)", "a (>= 1", "a (>= 1) x", "a (>= 1) (= 2)", "a (>= 1 2)",
                      "a (>= x)", "a (>= 1-)", "a:any", "a:", "a: any", "a :any", "a:x_y", "a:any (= 1)", "a (= 1):any", "-a", "a_b", "A",
                      "a b", "a\n , b", "\n a", "a [amd64]", "a <!nocheck>", "${misc:Depends}", "a ( >= 1 )", "a (= 99999999999:1)"):
            base = b"".join(line + b"\n" for line in BASE.split(b"\n") if line and not line.startswith(field.encode() + b":"))
            yield base + f"{field}: {value}\n".encode() + b"X-Last: 1\n"


def damaged(seed):
    chance = random.Random(seed)
    for _ in range(DAMAGED):
        control = bytearray(BASE)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(control))
            byte = chance.choice(b"\n\n\n \t:\r,|()<>=-.~+_a1\xe9\x0b")
            if chance.random() < 0.5:
                control[at:at] = bytes([byte])
            elif chance.random() < 0.5:
                control[at] = byte
            else:
                del control[at:at + chance.randint(1, 8)]
        yield bytes(control)


def archives():
    """Packages that are odd on their outside."""
    control, empty = tar([("./control", BASE, tarfile.REGTYPE)]), tar([])
    format, data = ("debian-binary", b"2.0\n"), ("data.tar", empty)
    for path in ("control", ".//control", "/control", "././control", "//control", "./x/control", "./Control", "control/."):
        yield deb(BASE, path)
    for text in (b"2.0\n", b"2.1\n", b"2.0\nmore\n", b"2.0", b"2\n", b"2.\n", b"3.0\n", b"2.0 \n", b" 2.0\n", b"2.x\n", b"\n"):
        yield whole(control, text)
    yield ar([format, data, ("control.tar", control)])
    yield ar([format, ("control.tar", control), ("control.tar", control), data])
    yield ar([("debian-binary/", b"2.0\n"), ("control.tar/", control), ("data.tar/", empty)])
    yield ar([format, ("_odd", b"x"), ("control.tar", control), ("_odd", b"y"), data])
    yield ar([format, ("odd", b"x"), ("control.tar", control), data])
    yield ar([format, ("control.tar", control), data, ("odd", b"x")])
    yield ar([format, ("control.tar.gzip", control), data])
    yield ar([("control.tar", control), format, data])
    for tail in (b"\n", b"\0" * 100, b"no member"):
        yield whole(control) + tail
    yield whole(control)[:-600]
    for kind in (tarfile.SYMTYPE, tarfile.DIRTYPE):
        yield whole(tar([("./control", b"", kind)]))
    long = "./" + "l" * 200
    yield whole(tar([(long, b"x", tarfile.REGTYPE), ("./control", BASE, tarfile.REGTYPE)]))


def native(file):
    """Whether dpkg-deb takes the package, whether without a warning, and its values."""
    parsed = subprocess.run(["dpkg-deb", "-f", file, *FIELDS], capture_output=True)
    # Of the data it is told that way alone.
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", file], capture_output=True)
    taken = parsed.returncode == 0 and unpacked.returncode == 0
    return taken, not parsed.stderr, parsed.stdout


def decoded(value):
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def spoken(manifest):
    """Ours as dpkg-deb prints them: versions in one spelling, of fields that it does not know empty ones too."""
    known = {name.lower(): value for name, value in manifest["metadata"]["control"]}
    known["version"] = manifest["normalized_version"]
    lines = ((name, known.get(name.lower())) for name in FIELDS)
    return "".join(f"{name}: {value}\n" for name, value in lines if value or (value == "" and name.startswith("X-")))


def main():
    binary, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    packages = [deb(control) for control in [*controls(), *damaged(seed)]] + list(archives())
    differences, taken_by_both = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number, package in enumerate(packages):
            file = os.path.join(folder, f"{number}.deb")
            with open(file, "wb") as out:
                out.write(package)
            takes, silently, values = native(file)
            done = subprocess.run([binary, "debian", file], capture_output=True, text=True)
            ours = done.returncode == 0
            taken_by_both += ours and takes
            if ours and takes:
                printed = spoken(json.loads(done.stdout))
                theirs = "".join(decoded(line) for line in values.splitlines(keepends=True))
                right = printed == theirs
            else:
                right = ours == takes or (takes and not silently)
            if not right:
                differences += 1
                packed = package[60:].replace(bytes(8), b"")[:900]
                print(f"{number}: dpkg-deb {'takes' if takes else 'refuses'}, ours: {done.stdout or done.stderr}{packed!r}")
    print(f"{len(packages)} packages, {taken_by_both} taken by both, {differences} differences")
    sys.exit(1 if differences or taken_by_both < 100 else 0)


if __name__ == "__main__":
    main()
