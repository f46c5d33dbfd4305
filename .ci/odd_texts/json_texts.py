"""Manifests of npm against JavaScript: what is kept must be read there as the manifest itself is."""

import base64, json, subprocess

from packages import damaged, read, tar_gz

MINIMUM = 500
TEXTS = 1500
SEED = ('{"name": "a", "version": "1.0.0", "b": [1, -0.5e+3, 12345678901234567890123, 1e400, true, null],\n\t"exports": {"z": "./z", '
        '"a": {"x": "\\u00e9\\ud83d\\ude00 \\ud83d \\" \\\\ /"}}, "2": {}, "1": [[]], "c": "é"}').encode()
BITS = [b'"', b",", b":", b"{", b"}", b"[", b"]", b"\\", b"\\u", b"\\ud800", b"0", b"-", b".", b"e", b"1", b" ", b"\t", b"\n", b"\r", b"\x0b",
        b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc2\xa0", b"\xef\xbb\xbf", b'"a":1,', b'"name":"a",', b"NaN", b"//x\n", b"'", b"\0", b"\x7f"]
# Prints for each pair of texts whether the first is a package's, and whether both are the same to JavaScript.
SCRIPT = r"""
const pairs = JSON.parse(require('fs').readFileSync(0)).map(p => p.map(t => t && Buffer.from(t, 'base64').toString()));
const parse = text => { try { return JSON.parse(text.replace(/^\uFEFF/, '')) } catch { return undefined } };
console.log(JSON.stringify(pairs.map(([written, ours]) => {
  const value = parse(written);
  const taken = value && typeof value == 'object' && value.name === 'a' && value.version === '1.0.0';
  return [Boolean(taken), Boolean(ours) && JSON.stringify(parse(ours).metadata.manifest) === JSON.stringify(value)];
})))
"""


def compare(manifest, choose):
    texts = [SEED] + [damaged(SEED, BITS, choose) for _ in range(TEXTS)]
    files = [("a.tgz", tar_gz("package/package.json", text)) for text in texts]
    answers = read(manifest, "javascript", files, taken=str.encode)
    pairs = [[base64.b64encode(text).decode() for text in (written, ours if isinstance(ours, bytes) else b"")]
             for written, ours in zip(texts, answers)]
    native = subprocess.run(["node", "-e", SCRIPT], input=json.dumps(pairs), check=True, capture_output=True, text=True)
    differences = []
    for written, ours, (taken, same) in zip(texts, answers, json.loads(native.stdout)):
        if taken != isinstance(ours, bytes) or (taken and not same):
            differences.append(f"JSON {written!r}: JavaScript {'takes' if taken else 'refuses'} it, ours is {ours!r}")
    return len(texts), differences
