"""Archives as package tools write them."""

import gzip, io, tarfile

def tgz(path, files, cut=False):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
        end = tar.offset
    packed = gzip.compress(raw.getvalue()[:end] if cut else raw.getvalue())
    if path:
        with open(path, "wb") as out:
            out.write(packed)
    return packed
