"""Fields of source distributions against Python's own `email` package."""

import email.parser

from packages import damaged, read, tar_gz

MINIMUM = 500
TEXTS = 1500
SEED = ("Metadata-Version: 2.1\nName: a\nVersion: 1\nSummary: one: two\nAuthor: José\nLicense: MIT\n  more\n\tyet\nClassifier: A\n"
        "Classifier: B\nRequires-Dist: b>=1\nKeywords: k\n\nThe body: is none\n").encode()
BITS = [b"\n", b"\r\n", b"\r", b" ", b"\t", b":", b" :", b"\xe9", b"\xc3", b"\x7f", b"\0", b"\x0b", b"\x0c", b"\x85", b"\xe2\x80\xa8",
        b"From x\n", b"\n X", b"\n:", b"\nno field\n", b"\nName: b\n", b"summary:", b"\n\n"]
ONE = {"Summary": "summary", "Author": "author", "License": "license", "Keywords": "keywords"}
ALL = {"Classifier": "classifiers", "Requires-Dist": "requires_dist"}


def compare(manifest, choose):
    texts = [SEED, SEED.replace(b"\n", b"\r\n")] + [damaged(SEED, BITS, choose) for _ in range(TEXTS)]
    answers = read(manifest, "python", [("a-1.tar.gz", tar_gz("a-1/PKG-INFO", text)) for text in texts])
    compared, differences = 0, []
    for text, ours in zip(texts, answers):
        message = email.parser.Parser().parsestr(text.decode("utf-8", "surrogateescape"))
        theirs = {key.lower(): (decoded(message[key]) or "").strip() for key in ("Name", "Version")}
        if theirs != {"name": "a", "version": "1"}:
            continue
        compared += 1
        if not isinstance(ours, dict):
            differences.append(f"fields {text!r} are refused: {ours}")
            continue
        facts = ours["metadata"]
        for field, key in ONE.items():
            if facts[key] != decoded(message[field]):
                differences.append(f"fields {text!r} {field}: {facts[key]!r}, not {decoded(message[field])!r}")
        for field, key in ALL.items():
            native = [decoded(value) for value in message.get_all(field, [])]
            if facts[key] != native:
                differences.append(f"fields {text!r} {field}: {facts[key]!r}, not {native!r}")
    return compared, differences


def decoded(value):
    """As `packaging.metadata` decodes a value: UTF-8, else Latin-1. `str` is what a `Header` holds."""
    if value is None:
        return None
    raw = (value if isinstance(value, str) else str(value._chunks[0][0])).encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
