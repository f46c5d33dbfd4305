"""Python: pip's own parsers, and Python's `email`."""

import email.parser, glob, hashlib, os, re, sys, tarfile, zipfile

import backend
from comparison import all_downloaded, manifests, same

WHEELS = """requests ruamel.yaml numpy attrs zope.interface PyYAML setuptools six certifi urllib3 charset-normalizer
            jinja2 markupsafe typing-extensions python-dateutil""".split()
SDISTS = """requests ruamel.yaml six attrs zope.interface toml iniconfig idna flit_core simplejson""".split()
# Of 2005 to 2013: metadata of version 1.0 and 1.1, odd versions, `UNKNOWN`, fields left out.
OLD_SDISTS = """simplejson<2 pytz<2009 docutils<0.5 pyparsing<1.6 Paste<1 PasteDeploy<1.3 Mako<0.2
                feedparser<5.1 mechanize<0.2 twill<1 virtualenv<1.4 pip<0.4 argparse<1.1 ordereddict
                unittest2<0.6 Markdown<2.1 Jinja2<2.1 Werkzeug<0.3 Flask<0.3 Pygments<0.9 bottle<0.5
                redis<2 configobj<4.6 six<1.1 requests<0.4 wsgiref anyjson<0.2 kombu<1 docopt<0.3
                blinker<1 colorama<0.2 termcolor<0.3 xlrd<0.7 xlwt<0.7.2 progressbar<2.3 oauth
                Unidecode<0.04.6 web.py<0.38 zc.buildout<1.1 Beaker<1 FormEncode<1 WebOb<0.9
                SQLObject<0.8 Routes<1.7 python-dateutil<1.5 enum""".split()
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
    all_downloaded("python", WHEELS, *pip, "--only-binary=:all:")
    all_downloaded("python", SDISTS + OLD_SDISTS, *pip, "--no-binary=:all:", "--no-build-isolation", "--use-pep517",
                   env=backend.install(folder + "-backends"))
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
