"""What is read here beside what the native tools say, field by field."""

import collections, hashlib, json, os, shutil, subprocess
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Packages that a client is asked for at once, and clients at the same time.
BATCH, AT_ONCE = 12, 3
compared = collections.defaultdict(collections.Counter)
differences = []
left_out = []
# The packages that were compared, by ecosystem.
seen = collections.defaultdict(set)
# Where the built example `manifest` lies, once `build` has run or been told.
binary = None


def run(*command, cwd=None, **more):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, **more).stdout


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise FileNotFoundError(f"{', '.join(missing)} not installed: .ci/tools does")


def downloaded(ecosystem, package, *command, **more):
    """What the client printed; None, told at the end, where it got nothing."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        left_out.append(f"{ecosystem}: {package} could not be downloaded")
        return None
    return done.stdout


def all_downloaded(ecosystem, packages, *command, **more):
    """What the client printed of each batch of packages; where one of a batch is not to be had, of each of them."""
    batches = [packages[start:start + BATCH] for start in range(0, len(packages), BATCH)]

    def batch_downloaded(batch):
        done = subprocess.run([*command, *batch], capture_output=True, text=True, **more)
        if done.returncode == 0:
            return [done.stdout]
        return [downloaded(ecosystem, package, *command, package, **more) for package in batch]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        printed = [text for texts in pool.map(batch_downloaded, batches) for text in texts]
    return [text for text in printed if text is not None]


def manifests(ecosystem, files):
    """What the library reads, file by file; a refusal is a difference."""
    for file in sorted(files):
        done = subprocess.run([binary, ecosystem, file], capture_output=True, text=True)
        if done.returncode:
            differences.append(f"{ecosystem} {os.path.basename(file)}: refused: {done.stderr.strip()}")
        else:
            yield file, json.loads(done.stdout)


def same(ecosystem, file, field, ours, theirs):
    compared[ecosystem][field] += 1
    seen[ecosystem].add(file)
    if ours != theirs:
        name = os.path.basename(file)
        differences.append(f"{ecosystem} {name} {field}:\n    ours:   {ours!r}\n    native: {theirs!r}")


def digest(kind, file):
    with open(file, "rb") as handle:
        return hashlib.new(kind, handle.read()).hexdigest()


def build():
    run("cargo", "build", "--quiet", "--example", "manifest", cwd=ROOT)
    target = json.loads(run("cargo", "metadata", "--no-deps", "--format-version=1", cwd=ROOT))["target_directory"]
    return os.path.join(target, "debug", "examples", "manifest")
