"""Gems: RubyGems itself."""

import glob, gzip, io, json, os, shutil, tarfile

from archives import tgz
from comparison import downloaded, manifests, needs, run, same
from old_gems import OLD_GEMS

GEMSPEC = """
Gem::Specification.new do |s|
  s.name = {name!r}; s.version = {version!r}; s.summary = "Ein schönes Juwel"; s.authors = ["Ada", "Bö"]
  s.files = ["lib/x.rb"]
  {more}
end
"""
GEMS = {
    "plain": ("1.0.0", ""),
    "pre-release": ("2.0.0.pre.1", "s.license = 'MIT'"),
    "native.ext": ("0.1", "s.extensions = ['ext/extconf.rb']; s.files += ['ext/extconf.rb']"),
    "platformed": ("1.2.3", "s.platform = 'x86_64-linux'"),
    "java_ish": ("1.2.3", "s.platform = 'java'"),
    "many": ("10.0.0", "s.add_dependency 'rack', '>= 2.0', '< 4'; s.add_dependency 'a', '~> 1.0', '!= 1.0.3';"
             "s.add_development_dependency 'rake'; s.add_runtime_dependency 'z', '1.0.0.rc1'"),
    "ruled": ("3", "s.required_ruby_version = ['>= 2.3', '< 4']; s.required_rubygems_version = '>= 3.0.0'"),
    "described": ("1.0", "s.description = \"Line one: two\\n  three\\n\\n# no comment\"; s.homepage = 'https://e.org'"),
    "linked": ("1.0", "s.metadata = {'source_code_uri' => 'https://e.org/s', 'rubygems_mfa_required' => 'true'}"),
    "licensed": ("1.0", "s.licenses = ['MIT', 'Apache-2.0']; s.email = 'x@e.org'; s.executables = []"),
    "0numbers.dots-dash_under": ("0.0.1.alpha2", ""),
}
RUBY = """
require 'json'; require 'rubygems/package'
facts = lambda do |s|
  deps = ->(list) { list.map { |d| {name: d.name, requirement: d.requirement.to_s} } }
  {name: s.name, version: s.version.to_s, platform: s.platform.to_s, summary: s.summary,
   description: s.description, homepage: s.homepage, authors: s.authors, licenses: s.licenses,
   required_ruby_version: s.required_ruby_version.to_s,
   required_rubygems_version: s.required_rubygems_version.to_s,
   runtime_dependencies: deps.(s.runtime_dependencies),
   development_dependencies: deps.(s.development_dependencies),
   extensions: s.extensions, metadata: s.metadata}
end
puts JSON.generate(facts.(Gem::Package.new(ARGV[0]).spec))
"""
PACK = """
require 'fileutils'; require 'rubygems/package'
Gem::Specification.dirs.flat_map { |folder| Dir[folder + '/**/*.gemspec'] }.each do |path|
  spec = Gem::Specification.load(path) or next
  spec.files.each { |file| FileUtils.mkdir_p(File.dirname(file)); FileUtils.touch(file) }
  Gem::Package.build(spec, true)
end
"""


def compare(folder):
    needs("gem", "ruby")
    os.makedirs(folder + "/lib"), os.makedirs(folder + "/ext")
    for path in ("lib/x.rb", "ext/extconf.rb"):
        open(os.path.join(folder, path), "w").close()
    for name, (version, more) in GEMS.items():
        with open(f"{folder}/{name}.gemspec", "w") as spec:
            spec.write(GEMSPEC.format(name=name, version=version, more=more))
        run("gem", "build", "--force", f"{name}.gemspec", cwd=folder)
    signed(folder)
    packed(folder)
    published(folder)
    for name, specification in OLD_GEMS.items():
        with tarfile.open(f"{folder}/{name}.gem", "w", format=tarfile.USTAR_FORMAT) as gem:
            for member, contents in (("data.tar.gz", tgz(None, {})), ("metadata.gz", gzip.compress(specification.encode()))):
                info = tarfile.TarInfo(member)
                info.size = len(contents)
                gem.addfile(info, io.BytesIO(contents))
    for file, manifest in manifests("ruby", glob.glob(folder + "/*.gem")):
        native = json.loads(run("ruby", "-e", RUBY, file))
        facts = manifest["metadata"]
        same("ruby", file, "name", manifest["name"], native.pop("name"))
        same("ruby", file, "version", manifest["version"], native.pop("version"))
        same("ruby", file, "platform", manifest["variant"], native.pop("platform"))
        for key, value in native.items():
            same("ruby", file, key, facts[key], value)


def published(folder):
    """A gem as its authors published it, which Debian's package of it carries along."""
    debian = folder + "/debian"
    os.mkdir(debian)
    downloaded("ruby", "ruby-pygments.rb", "apt-get", "download", "ruby-pygments.rb", cwd=debian)
    for package in glob.glob(debian + "/*.deb"):
        run("dpkg-deb", "-x", package, debian)
    for gem in glob.glob(debian + "/**/pkg/*.gem", recursive=True):
        shutil.move(gem, folder)


def signed(folder):
    environment = {**os.environ, "GEM_PRIVATE_KEY_PASSPHRASE": "x"}
    run("gem", "cert", "--build", "a@example.org", cwd=folder, env=environment)
    more = "s.signing_key = 'gem-private_key.pem'; s.cert_chain = ['gem-public_cert.pem']"
    with open(folder + "/signed.gemspec", "w") as spec:
        spec.write(GEMSPEC.format(name="signed", version="1.0", more=more))
    run("gem", "build", "--force", "signed.gemspec", cwd=folder, env=environment)


def packed(folder):
    """Gems of others, as far as there are any without their own registry: the specifications that Debian installs
    with Ruby and its libraries, packed by RubyGems. Their files are empty."""
    here = os.path.join(folder, "packed")
    os.makedirs(here)
    run("ruby", "-e", PACK, cwd=here)
    for gem in glob.glob(here + "/*.gem"):
        shutil.move(gem, folder)
