"""Charts against libyaml, which RubyGems reads with; Helm reads with its Go port."""

import yaml

from packages import damaged, read, tar_gz

MINIMUM = 500
TEXTS = 2000
SEEDS = ['''apiVersion: v2
name: web
version: 1.0.0
description: >-
  A chart
  that folds

  twice
keywords: [a, 'b c', "d\\te"]
maintainers:
- name: Ada
  email: a@e.org
- {name: "B\\u00fc", url: 'it''s'}
dependencies:
  - name: db
    version: "~1.2"
    tags: [x,
      y]
annotations:
  k: |
    - kind: added
      text
  m: &a
    n: 1
  o: *a
''', '''name:\tweb
version: \t1.0.0
a: plain text
  continued # comment
b: 'single

  quoted'
"c": "dou\\
  ble"
? d
: e
f:
- - x
  - y
-
  z
''', '''--- # start
name:   web
version: 1.0.0
x: !!str a
y: ! z
u: http://e.org/a#b
v: a:b
w: [a: b, {c: d}, "e":f]
z: |+
  keep

...
''']
BITS = ["\t", " ", "\n", "  ", "- ", ": ", ":\t", "\t# c", " # c", ":", "'", '"', "[", "]", "{", "}", ",", "|", ">", "&a ", "*a",
        "!t ", "? ", "%", "@", "`", "\r\n", "---\n", "...\n", "~", "null", "é"]
# Of tags libyaml takes any letters of an address, YAML 1.2 fewer.
STRICTER = "while scanning a tag"
NULLS = ("", "~", "null", "Null", "NULL")


def compare(manifest, choose):
    texts = SEEDS + [damaged(choose.choice(SEEDS), BITS, choose) for _ in range(TEXTS)]
    answers = read(manifest, "helm", [("a.tgz", tar_gz("web/Chart.yaml", text.encode())) for text in texts])
    compared, differences = 0, []
    for text, ours in zip(texts, answers):
        try:
            theirs = first_document(text)
        except (yaml.YAMLError, RecursionError):
            continue
        if not isinstance(ours, dict):
            if isinstance(theirs, dict) and "is not usable" in ours and STRICTER not in ours:
                differences.append(f"YAML {text!r} is refused: {ours}")
            continue
        compared += 1
        if ours["metadata"]["chart"] != theirs:
            differences.append(f"YAML {text!r}:\n    ours:   {ours['metadata']['chart']}\n    native: {theirs}")
    return compared, differences


def first_document(text):
    loader = yaml.CBaseLoader(text)
    try:
        tagged = {(event.start_mark.index, event.end_mark.index): event.tag for event in yaml.parse(text, yaml.CBaseLoader)
                  if isinstance(event, yaml.ScalarEvent) and event.tag}
        return value(loader.get_node(), tagged) if loader.check_node() else None
    finally:
        loader.dispose()


def value(node, tagged):
    """As the core schema has it; numbers that would come back otherwise stay text."""
    if isinstance(node, yaml.SequenceNode):
        return [value(item, tagged) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {value(key, tagged) if isinstance(value(key, tagged), str) else key_text(key): value(item, tagged)
                for key, item in node.value}
    text = node.value
    if node.style or (node.start_mark.index, node.end_mark.index) in tagged:
        return text
    if text in NULLS:
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    digits = text.removeprefix("-")
    whole = digits.isascii() and digits.isdigit() and str(int(text)) == text and -2 ** 63 <= int(text) < 2 ** 63
    return int(text) if whole else text


def key_text(key):
    return "" if not isinstance(key, yaml.ScalarNode) or key.value in NULLS else key.value
