"""Compares what is read from real packages with what the native tools say, field by field.

    python3 .ci/real_packages [--keep FOLDER] [--skipped FILE] [ECOSYSTEM …]

Packages come from Debian, PyPI and npm through their own clients, or are built here by `gem`,
`rpmbuild`, `dpkg-deb` or these scripts: one file an ecosystem, what they share in `comparison.py`.
Prints a table of compared fields; exits 1 on any difference, and where fewer packages of an
ecosystem were compared than MINIMUM says. What could not be downloaded is printed, and written to
FILE, a line each.
"""

import argparse, os, shutil, subprocess, sys, tempfile, textwrap
from concurrent.futures import ThreadPoolExecutor

import alpine, debian, files, helm, java, javascript, nuget, python, redhat, ruby, terraform
import comparison
from comparison import compared, differences, left_out, seen

# How many packages there must be: all that are made here, and of downloads most. The slowest first.
MINIMUM = {python: 60, ruby: 40, javascript: 70, debian: 50, java: 40, redhat: 20, files: 40, alpine: 10, helm: 10,
           nuget: 10, terraform: 10}
# Ecosystems at the same time: most of what they do is to wait for registries.
AT_ONCE = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ecosystems", nargs="*", metavar="ECOSYSTEM")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the packages")
    parser.add_argument("--skipped", metavar="FILE", help="where to write what could not be downloaded")
    parser.add_argument("--binary", help="the built example `manifest`")
    options = parser.parse_args()
    comparison.binary = options.binary or comparison.build()
    chosen = [module for module in MINIMUM if module.__name__ in options.ecosystems or not options.ecosystems]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(AT_ONCE) as pool:
        base = os.path.abspath(options.keep) if options.keep else temporary
        # All that is to be told of a failure is told: none of them ends the others.
        list(pool.map(lambda module: compare(module, base), chosen))
    report(options.skipped)


def compare(module, base):
    name = module.__name__
    folder = os.path.join(base, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    # apt downloads as a user of its own.
    os.chmod(folder, 0o777), os.chmod(base, 0o755)
    try:
        module.compare(folder)
    except FileNotFoundError as error:
        differences.append(f"{name}: {error}")
    except subprocess.CalledProcessError as error:
        differences.append(f"{name}: {' '.join(error.cmd)}: {error.stderr}")
    if len(seen[name]) < MINIMUM[module]:
        differences.append(f"{name}: only {len(seen[name])} packages compared, expected {MINIMUM[module]}")


def report(skipped):
    for ecosystem, fields in sorted(compared.items()):
        print(f"{ecosystem}: {len(seen[ecosystem])} packages, {sum(fields.values())} comparisons")
        print(textwrap.fill(", ".join(f"{field} {count}" for field, count in fields.items()), 110,
                            initial_indent="    ", subsequent_indent="    "))
    for sentence in left_out:
        print(sentence)
    if skipped:
        with open(skipped, "w") as out:
            out.writelines(f"{sentence}\n" for sentence in left_out)
    packages = sum(len(files) for files in seen.values())
    comparisons = sum(sum(fields.values()) for fields in compared.values())
    print(f"{packages} packages, {comparisons} comparisons, {len(differences)} differences")
    for difference in differences:
        print(difference)
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
