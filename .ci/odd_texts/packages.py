"""Packages around texts, and what the example `manifest` reads from them."""

import gzip, io, json, os, subprocess, tarfile, tempfile


def tar_gz(path, contents):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo(path)
        info.size = len(contents)
        archive.addfile(info, io.BytesIO(contents))
    return gzip.compress(out.getvalue(), 1, mtime=0)


def read(manifest, ecosystem, files, taken=json.loads):
    """What is read of each (file name, bytes): a line that `taken` understands, or the refusal as a string."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, data) in enumerate(files):
            os.makedirs(f"{folder}/{number}")
            paths.append(f"{folder}/{number}/{name}")
            with open(paths[-1], "wb") as file:
                file.write(data)
        done = subprocess.run([manifest, ecosystem, *paths], capture_output=True)
    refused = dict(line.split(": ", 1) for line in done.stderr.decode().split("\n") if line.startswith(folder))
    lines = iter(done.stdout.decode().split("\n"))
    return [refused[path] if path in refused else taken(next(lines)) for path in paths]


def damaged(text, bits, choose):
    """Up to three changes: something odd put in or in place of a letter, or a few letters cut out."""
    for _ in range(choose.randint(1, 3)):
        at, kind = choose.randrange(len(text) + 1), choose.randrange(3)
        cut = [0, 1, choose.randint(1, 3)][kind]
        text = text[:at] + (choose.choice(bits) if kind < 2 else text[:0]) + text[at + cut:]
    return text
