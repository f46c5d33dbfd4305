"""Python: pip's own parsers, and Python's `email`."""

import email.parser, glob, hashlib, os, re, sys, tarfile, zipfile

from comparison import downloaded, manifests, same

WHEELS = """requests ruamel.yaml numpy attrs zope.interface PyYAML setuptools six certifi urllib3 charset-normalizer
            jinja2 markupsafe typing-extensions python-dateutil""".split()
SDISTS = """requests ruamel.yaml six attrs zope.interface PyYAML toml iniconfig idna flit_core simplejson""".split()
BACKENDS = "setuptools wheel Cython flit_core hatchling hatch-vcs hatch-fancy-pypi-readme setuptools-scm".split()
PYTHON_FIELDS = {
    "Metadata-Version": "metadata_version", "Summary": "summary", "Requires-Python": "requires_python",
    "License": "license", "License-Expression": "license_expression", "Author": "author",
    "Author-email": "author_email", "Maintainer": "maintainer", "Maintainer-email": "maintainer_email",
    "Home-page": "home_page", "Keywords": "keywords",
    "Description-Content-Type": "description_content_type",
}
PYTHON_LISTS = {"Requires-Dist": "requires_dist", "Provides-Extra": "provides_extra", "License-File": "license_files",
                "Classifier": "classifiers", "Project-URL": "project_urls", "Dynamic": "dynamic"}


def compare(folder):
    from pip._vendor.packaging.utils import canonicalize_name, canonicalize_version, parse_wheel_filename
    pip = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--disable-pip-version-check", "-d", folder]
    for name in WHEELS:
        downloaded("python", f"the wheel of {name}", *pip, "--only-binary=:all:", name)
    # To download an sdist is to run what builds it: once here, rather than anew for each.
    backends = folder + "-backends"
    downloaded("python", "what builds sdists", sys.executable, "-m", "pip",
               "-q", "install", "--disable-pip-version-check", "--target", backends, *BACKENDS)
    environment = {**os.environ, "PYTHONPATH": backends}
    for name in SDISTS:
        downloaded("python", f"the sdist of {name}", *pip, "--no-binary=:all:", "--no-build-isolation", name,
                   env=environment)
    for file in glob.glob(folder + "/*.tar.gz")[:3]:
        as_zip(file)
    files = [file for file in glob.glob(folder + "/*") if file.endswith((".whl", ".tar.gz", ".zip"))]
    for file, manifest in manifests("python", files):
        raw = python_metadata(file)
        message = email.parser.Parser().parsestr(decoded(raw))
        facts = manifest["metadata"]
        same("python", file, "name", manifest["name"], message["Name"])
        same("python", file, "version", manifest["version"], message["Version"])
        same("python", file, "normalised name", manifest["normalized_name"], canonicalize_name(message["Name"]))
        same("python", file, "normalised version", manifest["normalized_version"], canonicalize_version(message["Version"]))
        for name, key in PYTHON_FIELDS.items():
            same("python", file, name, facts[key], message[name])
        for name, key in PYTHON_LISTS.items():
            same("python", file, name, facts[key], message.get_all(name, []))
        same("python", file, "metadata SHA-256", facts["metadata_sha256"], hashlib.sha256(raw).hexdigest())
        if file.endswith(".whl"):
            _, _, build, tags = parse_wheel_filename(os.path.basename(file))
            stated = manifest["variant"].split("-")[-3:]
            every = {"-".join((p, a, m)) for p in stated[0].split(".") for a in stated[1].split(".")
                     for m in stated[2].split(".")}
            same("python", file, "tags", every, {str(tag) for tag in tags})
        else:
            same("python", file, "variant", manifest["variant"], "sdist")


def decoded(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_zip(file):
    with tarfile.open(file) as tar, zipfile.ZipFile(file[:-len(".tar.gz")] + ".zip", "w", zipfile.ZIP_DEFLATED) as out:
        for member in tar:
            if member.isfile():
                out.writestr(member.name, tar.extractfile(member).read())


def python_metadata(file):
    if file.endswith(".tar.gz"):
        with tarfile.open(file) as tar:
            return next(tar.extractfile(m).read() for m in tar if re.fullmatch(r"[^/]+/PKG-INFO", m.name))
    with zipfile.ZipFile(file) as archive:
        pattern = r"[^/]+\.dist-info/METADATA" if file.endswith(".whl") else r"[^/]+/PKG-INFO"
        return next(archive.read(name) for name in archive.namelist() if re.fullmatch(pattern, name))
