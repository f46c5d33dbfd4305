"""Tar archives against GNU tar: the members that both see, and the `package.json` that npm's rules choose among them.

Right is to take what GNU tar takes without an error, with as many members and the same `package.json`. Where GNU tar
finds an error, ours may take the archive as long as it reads no other `package.json` than GNU tar does.

Of these archives we refuse some on purpose, whatever GNU tar makes of them (REFUSED), since the readers that packages
meet (npm, RubyGems, pip, Helm, GNU tar) see different members in them, and a package is what all of them see:
- more behind a lone block of zeros; a header cut off, which Go refuses, too;
- contents of a link, directory or device, and a size by a pax record: they do not agree where the next header is;
- two long names or pax headers of one member, a path or size by a global pax record, and a NUL in a path: they do not
  agree on its name;
- two files `package.json`; a path longer than the 4096 bytes of a file system's.
Sparse files and unknown kinds are no files to npm, so none of them stands in the place of `package.json` here."""

import json, re, subprocess

from packages import read

MINIMUM = 600
RANDOM = 450
BLOCK = 512
# By our message.
REFUSED = ("goes on behind its end", "changes a member's size", "more than one at the top", "claims contents", "global pax record",
           "two long names", "two pax headers", "path is too long", "holds a NUL", "is cut off")
TEXT = json.dumps({"name": "a", "version": "1.0.0"}).encode()
OTHER = json.dumps({"name": "a", "version": "2.0.0"}).encode()
PATH = b"package/package.json"
BITS = [b"\0", b" ", b"0", b"7", b"8", b"/", b".", b"\x80", b"\xff", b"ustar\0", b"ustar  \0", b"x", b"L", b"1", b"5", b"+", b"-", b"\t"]


# Kind, size and path of a member, as GNU tar lists it.
LISTED = re.compile(rb"(.)[-rwxsStT]{9} \S+ +(\d+)\S* (?:\d{4}-\d\d-\d\d \S+|-?\d+) (.*)")


def header(path=PATH, size=len(TEXT), kind=b"0", signed=False, check=None, **fields):
    """A header, of which `fields` (such as `prefix=b"a"`) are replaced before the sum is made."""
    places = {"name": (0, 100), "mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "length": (124, 12), "mtime": (136, 12), "kind": (156, 1),
              "link": (157, 100), "magic": (257, 8), "user": (265, 32), "device": (329, 16), "prefix": (345, 155)}
    values = {"name": path, "mode": b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0", "length": b"%011o\0" % size,
              "mtime": b"%011o\0" % 0, "kind": kind, "magic": b"ustar\x0000", **fields}
    block = bytearray(BLOCK)
    for field, value in values.items():
        at, width = places[field]
        block[at:at + width] = value[:width].ljust(width, b"\0")
    return summed(block, signed, check)


def summed(block, signed=False, check=None):
    block = bytearray(block)
    block[148:156] = b" " * 8
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in block)
    block[148:156] = (check or (lambda total: b"%06o\0 " % total))(total).ljust(8, b"\0")
    return bytes(block)


def member(path=PATH, contents=TEXT, **more):
    return header(path, len(contents), **more) + padded(contents)


def padded(contents):
    return contents + bytes(-len(contents) % BLOCK)


def records(*pairs):
    """A pax header: each record's length counts itself."""
    out = b""
    for key, value in pairs:
        length = len(key) + len(value) + 3
        length += len(str(length + len(str(length))))
        out += b"%d %s=%s\n" % (length, key, value)
    return out


def pax(*pairs, kind=b"x"):
    return member(b"pax", records(*pairs), kind=kind)


def long_name(path, kind=b"L"):
    return member(b"././@LongLink", path, kind=kind)


def numbers():
    """Members whose numbers are written in every way that archivers have."""
    size = len(TEXT)
    for written in (b"%011o\0", b"%011o ", b"%12o", b"%o", b" %o ", b"%o\0junk", b"%o junk", b"%ojunk", b"+%o", b"-%o", b"\t%o", b"\0%o",
                    b"%o\n", b"0x%o", b"%o.", b"%012o"):
        yield member(length=written % size)
    for written in (b"\x80" + size.to_bytes(11, "big"), b"\xff" * 12, b"\x81" + bytes(11), b"\xc0" + bytes(11), b"\x80" + b"\xff" * 11,
                    b"", b" " * 12, b"\0" * 12, b"99999999999", b"7" * 12):
        yield member(length=written)
    for check in (b"%06o\0 ", b"%07o\0", b"%o", b"%6o\0 ", b"%6o \0", b"%08o", b" %o ", b"%o x", b"%ox", b"+%o", b"\t%o"):
        yield member(check=lambda total, check=check: check % total)
    yield member(check=lambda total: b"\x80" + total.to_bytes(7, "big"))
    yield member(check=lambda total: b" " * 8)
    yield member(check=lambda total: b"%06o\0 " % (total + 1))
    for field in ("mode", "uid", "gid", "mtime", "device"):
        for written in (b"", b" " * 12, b"junk", b"\x80" + b"\0" * 10 + b"\1", b"\xff" * 12, b"888"):
            yield member(**{field: written})


def names():
    """The same file by every kind of name."""
    for path in (b"package.json", b"/package.json", b"./package.json", b"a/package.json", b"a//package.json", b"a/./package.json",
                 b"./a/package.json", b"a/b/package.json", b"a/../package.json", b"../package.json", b"package/package.json/",
                 b"package/._package.json", b"Package/Package.json", b"gr\xf6\xdfe/package.json", "größe/package.json".encode(),
                 b"a b/package.json", b"a\n/package.json", b"a\\package.json", b"\\/package.json", b"p" * 87 + b"/package.json", b""):
        for signed in (False, True):
            yield member(path, signed=signed)
        for magic in (b"", b"ustar  \0", b"ustar\x0000", b"ustar\0", b"ustar"):
            yield member(path, magic=magic)
        if path:
            yield long_name(path) + member(b"short/package.json")
            yield long_name(path + b"\0") + member(b"short/package.json")
            yield pax((b"path", path)) + member(b"short/package.json")
            yield pax((b"path", path), kind=b"X") + member(b"short/package.json")
    for magic in (b"", b"ustar  \0", b"ustar\x0000", b"ustar\0xx", b"ustar"):
        yield member(b"package.json", prefix=b"package", magic=magic)
        yield member(b"package/package.json", prefix=b"more", magic=magic)
        yield member(b"package.json", prefix=b"p" * 155, magic=magic)
        yield member(b"package.json", prefix=b"package/", magic=magic)
    long = b"d" * 300 + b"/package.json"
    yield long_name(long + b"\0") + member()
    yield long_name(b"") + member()
    yield long_name(long + b"\0" + b"more") + member()
    yield long_name(b"to/link\0", kind=b"K") + member()
    yield long_name(long) + long_name(PATH) + member(b"x")
    yield long_name(long) + pax((b"path", b"a/b/c")) + member(b"x")
    yield pax((b"path", b"a/b/c")) + long_name(long) + member(b"x")
    yield long_name(b"n" * 5000) + member() + member()
    yield member() + long_name(b"nothing")
    yield member() + pax((b"path", b"nothing"))


def extensions():
    """Records of pax that are odd."""
    moved, own = (b"path", PATH), member(b"short/short")
    for pairs in ([moved], [(b"path", b"x/y"), moved], [(b"SCHILY.xattr.user.a", b"\n9 path=b\n\0\xff"), moved], [(b"a", b""), moved],
                  [(b"", b"x"), moved], [(b"a=b", b"c=d"), moved], [(b"mtime", b"1.5e9x"), moved], [(b"mtime", b"-1.25"), moved],
                  [(b"uid", b"x"), moved], [(b"comment", b"c" * 9000), moved], [(b"hdrcharset", b"BINARY"), moved],
                  [(b"linkpath", b"x"), moved], [(b"VENDOR.keyword", b"\xe9"), moved], [(b"size", b"%d" % len(TEXT)), moved],
                  [(b"size", b"0"), moved], [(b"size", b"x"), moved], [(b"size", b""), moved], [(b"size", b"-1"), moved],
                  [(b"size", b"99999999999999999999"), moved], [(b"path", b"")], [(b"path", PATH + b"\0x")], [(b"path", b"\0")]):
        yield pax(*pairs) + own
        yield pax(*pairs, kind=b"g") + member()
    whole = records(moved)
    for text in (whole + bytes(9), whole + b" ", whole + b"\n", whole + b"junk", b" " + whole, b"\t" + whole, whole[:-1], b"0" + whole,
                 b"+" + whole, b"29\tpath=package/package.json\n", b"99 path=a\n", b"3 =\n", b"2 \n", b"0 a=b\n", b"path=a\n", b"",
                 bytes(512), b"8 path\n"):
        for kind in (b"x", b"g", b"X"):
            yield member(b"pax", text, kind=kind) + (own if kind != b"g" else member())
    yield pax(moved) + pax((b"mtime", b"1")) + own
    yield pax((b"mtime", b"1")) + pax(moved) + own
    yield pax(moved) + pax((b"comment", b"a"), kind=b"g") + own


def kinds():
    """Links, folders, devices and what few archivers write, beside the file or in its place."""
    for kind in b"\0" + b"01234567" + b"ADEFIMNSVXZ" + b" a\x80":
        kind = bytes([kind])
        yield member() + header(b"package/other", 0, kind, link=b"package/package.json")
        yield member() + header(b"package/other/", 0, kind) + member(b"package/b", OTHER)
        yield header(PATH, 0, kind, link=b"package/other") + member(b"package/b", OTHER)
        if kind not in b"AEISX":
            yield header(b"package/other", len(OTHER), kind) + padded(OTHER) + member()
            yield member(kind=kind)
    for kind in (b"1", b"2", b"3", b"5", b"6"):
        yield header(b"package/other", 2 * BLOCK, kind) + member(PATH, OTHER)
        yield header(b"package/other", 1, kind) + member()
    yield member() + member(PATH, OTHER)
    yield member(b"a/package.json") + member(b"b/package.json", OTHER)
    yield member() + header(PATH, 0, b"2", link=b"other")
    for count in (0, 1, 20, 21, 22, 60):
        yield sparse(count) + member()


def sparse(count):
    """A file with holes as old GNU tar wrote it: places and sizes of what is not a hole, four a header and 21 a block more."""
    places = [b"%011o\0%011o\0" % (BLOCK * 2 * number, BLOCK) for number in range(count)]
    block = bytearray(header(b"package/holes", BLOCK * count, b"S", magic=b"ustar  \0", prefix=b""))
    block[386:386 + 24 * len(places[:4])] = b"".join(places[:4])
    rest, more = places[4:], b""
    block[482] = bool(rest)
    while rest:
        more += (b"".join(rest[:21]).ljust(504, b"\0") + bytes([len(rest) > 21])).ljust(BLOCK, b"\0")
        rest = rest[21:]
    block[483:495] = b"%011o\0" % max(0, BLOCK * (2 * count - 1))
    return summed(block) + more + bytes(BLOCK * count)


def ends():
    """What may come behind the last member."""
    for end in (b"", bytes(BLOCK), bytes(BLOCK * 2), bytes(BLOCK * 20), bytes(BLOCK) + member(b"package/b"), bytes(BLOCK * 2) + b"junk",
                bytes(BLOCK * 2) + member(b"a/package.json", OTHER), bytes(BLOCK) + b"junk" * 128, bytes(100), b"junk", b"junk" * 128,
                bytes(BLOCK) + b"x", bytes(BLOCK * 2 + 100)):
        yield member() + end
    for cut in (1, 100, 512, 513, 600):
        yield member()[:-cut]


def random_archives(choose):
    """Members of all kinds in one archive, of which a byte or more is damaged; half of the headers get a right sum again."""
    parts = [member(b"package/a", b"a" * 700), long_name(b"package/" + b"l" * 120 + b"\0"), member(b"x", OTHER), header(b"package/d/", 0, b"5"),
             pax((b"path", b"package/p"), (b"SCHILY.xattr.a", b"\n\0")), member(b"y", b""), header(b"package/l", 0, b"2", link=b"a"), member()]
    for _ in range(RANDOM):
        chosen = [choose.choice(parts) for _ in range(choose.randint(0, 3))] + [member()]
        choose.shuffle(chosen)
        at = choose.randrange(len(chosen))
        block = bytearray(chosen[at][:BLOCK])
        for _ in range(choose.randint(1, 2)):
            place = choose.choice([choose.randrange(BLOCK), choose.randrange(100), choose.randrange(124, 157), choose.randrange(257, 265)])
            bit = choose.choice(BITS)
            block[place:place + len(bit)] = bit
        block = bytes(block[:BLOCK])
        chosen[at] = (summed(block) if choose.random() < 0.6 else block) + chosen[at][BLOCK:]
        yield b"".join(chosen)


def native(archive):
    """Whether GNU tar takes it, how many members it sees, and every `package.json` that npm's rules find among them."""
    done = subprocess.run(["tar", "-xvvOPf", "-", "--quoting-style=escape", "--numeric-owner", "--full-time"], input=archive,
                          capture_output=True)
    count, found, rest = 0, [], done.stdout
    for line in done.stderr.split(b"\n"):
        listed = LISTED.fullmatch(line)
        if not listed:
            continue
        count += 1
        kind, size, path = listed.groups()
        # An entry of an unknown kind is unpacked as a file there; npm does not.
        if kind not in b"-C?":
            continue
        contents, rest = rest[:int(size)], rest[int(size):]
        below = [part for part in path.split(b"/")[1:] if part not in (b"", b".")]
        if below == [b"package.json"] and kind != b"?":
            found.append(contents)
    return done.returncode == 0, count, found


def compare(manifest, choose):
    end = bytes(2 * BLOCK)
    archives = [archive + end for kind in (numbers, names, extensions, kinds) for archive in kind()]
    archives += list(ends()) + [archive + end for archive in random_archives(choose)]
    answers = read(manifest, "javascript", [("a.tgz", archive) for archive in archives])
    differences = []
    for archive, ours in zip(archives, answers):
        taken, count, found = native(archive)
        versions = [json.loads(text)["version"] for text in found if text in (TEXT, OTHER)]
        if isinstance(ours, dict):
            right = ours["version"] in versions if versions else not taken
            right = right and (not taken or ours["metadata"]["fileCount"] == count)
        else:
            right = not taken or not versions or any(reason in ours for reason in REFUSED)
        if not right:
            said = (ours["version"], ours["metadata"]["fileCount"]) if isinstance(ours, dict) else ours
            packed = archive.replace(bytes(8), b"")[:700]
            differences.append(f"tar {'takes' if taken else 'refuses'} {count} members, {versions}; ours {said}: {packed!r}")
    return len(archives), differences
