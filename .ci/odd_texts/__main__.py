"""Compares how odd texts inside of packages, and odd archives, are read with what the native readers make of them.

    python3 .ci/odd_texts MANIFEST [SEED]

MANIFEST is the built example `manifest`. YAML is compared with libyaml, Python's fields with its `email` package,
versions with `packaging` and node-semver, JSON with JavaScript, archives with GNU tar. All are made here: odd in one
known way, or damaged by SEED. Right is to take what the native reader takes, and to read the same. Prints a line a
kind, and the differences; exits 1 on any."""

import random, sys

import archives, fields, json_texts, versions, yaml_texts

seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
differences = []
for kind in (yaml_texts, fields, versions, json_texts, archives):
    compared, found = kind.compare(sys.argv[1], random.Random(seed))
    print(f"{kind.__name__}: {compared} compared, {len(found)} differ")
    if compared < kind.MINIMUM:
        found.append(f"{kind.__name__}: fewer than {kind.MINIMUM} were compared")
    differences += found
print("\n".join(differences[:20]))
sys.exit(bool(differences))
