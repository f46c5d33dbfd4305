"""Files of any kind: the crates that this project is built of, as cargo downloaded them, named by its lock file."""

import glob, os, shutil, tomllib

from comparison import ROOT, manifests, same

# Of several hundred.
MOST = 60


def compare(folder):
    home = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    with open(os.path.join(ROOT, "Cargo.lock"), "rb") as lock:
        locked = tomllib.load(lock)["package"]
    # Build metadata and labels first: `1.0.0+wasi-snapshot`, `0.1.0-rc.1`.
    locked.sort(key=lambda crate: (not set("+-") & set(crate["version"]), crate["name"]))
    native = {}
    for crate in locked:
        name = f"{crate['name']}-{crate['version']}.crate"
        for file in glob.glob(f"{home}/registry/cache/*/{glob.escape(name)}")[:1]:
            native[shutil.copy(file, folder)] = crate
    for file, manifest in manifests("files", list(native)[:MOST]):
        crate = native[file]
        same("files", file, "name", manifest["name"], crate["name"])
        same("files", file, "version", manifest["version"], crate["version"])
        same("files", file, "variant", manifest["variant"], "crate")
