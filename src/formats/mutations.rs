//! Every reader on thousands of damaged packages: none may panic, and what is read is within bounds.
//!
//! Both the packed file and what lies inside are damaged, since a checksum would otherwise hide the
//! readers of the inside from it. The damage is the same in every run; `fuzz/` goes further.

use std::io::Cursor;

use crate::ecosystem::Ecosystem;
use crate::formats::alpine::v3_fixtures::{apk, deflated};
use crate::formats::containers::ar::fixtures::ar;
use crate::formats::containers::tarball::fixtures::{gzip, tar};
use crate::formats::containers::zip::fixtures::zip;
use crate::formats::manifest::Manifest;
use crate::formats::manifest::{MAX_NAME_BYTES, MAX_RELEASE_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};
use crate::formats::round_trip::read;

/// Damaged files of one kind.
const ROUNDS: u64 = 250;

/// A package: where it goes, its file name, what lies inside, and how that is packed.
pub(super) struct Seed {
    pub(super) ecosystem: Ecosystem,
    filename: &'static str,
    inside: &'static [u8],
    pack: fn(&[u8]) -> Vec<u8>,
}

impl Seed {
    /// The manifest of the undamaged package.
    pub(super) fn manifest(&self) -> Manifest {
        let file = (self.pack)(self.inside);
        read(self.ecosystem, self.filename, &mut Cursor::new(file)).expect(self.filename)
    }
}

pub(super) const SEEDS: &[Seed] = &[
    Seed {
        ecosystem: Ecosystem::Alpine,
        filename: "a.apk",
        inside: b"# by abuild\npkgname = a\npkgver = 1.0-r0\narch = x86_64\ndepend = so:libc.so\n",
        pack: |inside| [gzip(&tar(&[(".PKGINFO", inside)])), gzip(b"data")].concat(),
    },
    // Of version 3: as it is, so that damage meets its tree, and packed.
    Seed {
        ecosystem: Ecosystem::Alpine,
        filename: "a.apk",
        inside: b"so:libc.so",
        pack: |inside| apk(&[(&String::from_utf8_lossy(inside), Some("1.0"), 5)]),
    },
    Seed {
        ecosystem: Ecosystem::Alpine,
        filename: "a.apk",
        inside: b"so:libc.so",
        pack: |inside| deflated(&apk(&[(&String::from_utf8_lossy(inside), None, 0)])),
    },
    Seed {
        ecosystem: Ecosystem::Debian,
        filename: "a.deb",
        inside: b"Package: a\nVersion: 1:2.0~rc1-1\nArchitecture: all\nDescription: d\n long\n .\n",
        pack: |inside| {
            let control = gzip(&tar(&[("./control", inside)]));
            let format = ("debian-binary", &b"2.0\n"[..]);
            ar(&[format, ("control.tar.gz", &control), ("data.tar", b"")])
        },
    },
    Seed {
        ecosystem: Ecosystem::Files,
        filename: "tool-1.0.0-rc.1.tar.gz",
        inside: b"anything",
        pack: <[u8]>::to_vec,
    },
    Seed {
        ecosystem: Ecosystem::Helm,
        filename: "a.tgz",
        inside: b"name: a\nversion: 1.2.3\nx: &x [1, {y: 'z'}]\nz: *x\nt: |\n  text\n",
        pack: |inside| gzip(&tar(&[("a/Chart.yaml", inside)])),
    },
    Seed {
        ecosystem: Ecosystem::Java,
        filename: "a.pom",
        inside: b"<project><parent><groupId>g</groupId><version>1</version></parent><artifactId>a\
            </artifactId><dependencies><dependency a='&lt;'>&amp;<![CDATA[x]]></dependency>\
            </dependencies></project>",
        pack: <[u8]>::to_vec,
    },
    Seed {
        ecosystem: Ecosystem::Java,
        filename: "a.pom",
        inside: b"<?xml version='1.0' encoding='Shift_JIS'?><!DOCTYPE project [<!ENTITY a '>'><!-- ] -->]>\
            <project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><name>\x93\xfa\
            &eacute;&#x41;</name></project>",
        pack: <[u8]>::to_vec,
    },
    Seed {
        ecosystem: Ecosystem::Java,
        filename: "a-1.jar",
        inside: b"groupId=g\nartifactId:a\nv\\u0065rsion 1\\\n\n# x\n",
        pack: |inside| zip(&[("META-INF/maven/g/a/pom.properties", inside)]),
    },
    Seed {
        ecosystem: Ecosystem::Javascript,
        filename: "a.tgz",
        inside: br#"{"name": "@s/a", "version": "1.2.3", "bin": {"a": "./b"}, "x": [1, null]}"#,
        pack: |inside| gzip(&tar(&[("package/package.json", inside)])),
    },
    Seed {
        ecosystem: Ecosystem::Nuget,
        filename: "a.nupkg",
        inside: b"<package><metadata><id>A.B</id><version>1.0-x</version><dependencies><group>\
            <dependency id='c' version='1'/></group></dependencies></metadata></package>",
        pack: |inside| zip(&[("a.nuspec", inside)]),
    },
    Seed {
        ecosystem: Ecosystem::Python,
        filename: "a_b-1.0-py3-none-any.whl",
        inside: b"Metadata-Version: 2.1\nName: a.b\nVersion: 1.0\nRequires-Dist: c\n\nbody\n",
        pack: |inside| zip(&[("a_b-1.0.dist-info/METADATA", inside)]),
    },
    Seed {
        ecosystem: Ecosystem::Python,
        filename: "a.b-1.0.tar.gz",
        inside: b"Metadata-Version: 2.1\nName: a.b\nVersion: 1.0\nRequires-Dist: c\n\nbody\n",
        pack: |inside| gzip(&tar(&[("a.b-1.0/PKG-INFO", inside)])),
    },
    Seed {
        ecosystem: Ecosystem::Redhat,
        filename: "a.rpm",
        inside: b"",
        pack: |_| crate::formats::redhat::fixture(),
    },
    Seed {
        ecosystem: Ecosystem::Ruby,
        filename: "a.gem",
        inside: b"--- !ruby/object:Gem::Specification\nname: a\nversion: !ruby/object:Gem::Version\n  \
            version: 1.0.pre\nplatform: ruby\ndependencies:\n- !ruby/object:Gem::Dependency\n  \
            name: b\n  requirement: &r\n    requirements:\n    - - '>='\n      - {version: '0'}\n  \
            version_requirements: *r\nsummary: !binary |\n  YQ==\n",
        pack: |inside| tar(&[("metadata.gz", &gzip(inside)), ("data.tar.gz", b"")]),
    },
    Seed {
        ecosystem: Ecosystem::Terraform,
        filename: "terraform-aws-a-1.0.0.tgz",
        inside: b"a/modules/b/main.tf",
        pack: |inside| {
            let path = String::from_utf8_lossy(inside).replace(char::REPLACEMENT_CHARACTER, "?");
            let path: String = path.chars().filter(char::is_ascii).take(90).collect();
            gzip(&tar(&[(&path, b""), ("a/main.tf", b"")]))
        },
    },
];

#[test]
fn every_kind_of_seed_is_a_package() {
    for seed in SEEDS {
        seed.manifest();
    }
    let covered = |ecosystem| SEEDS.iter().any(|seed| seed.ecosystem == ecosystem);
    assert!(Ecosystem::all().all(covered));
}

#[test]
fn damaged_packages_never_panic_and_stay_within_bounds() {
    for seed in SEEDS {
        let whole = (seed.pack)(seed.inside);
        for round in 1..=ROUNDS {
            let mut damage = Damage(round);
            check(seed, damage.apply(&whole));
            check(seed, (seed.pack)(&damage.apply(seed.inside)));
        }
    }
}

/// Reads `file` as what it was and as everything else.
fn check(seed: &Seed, file: Vec<u8>) {
    let mut source = Cursor::new(file);
    for ecosystem in Ecosystem::all() {
        let Ok(manifest) = read(ecosystem, seed.filename, &mut source) else {
            continue;
        };
        let variant = manifest.variant.unwrap_or_default();
        assert!((1..=MAX_NAME_BYTES).contains(&manifest.name.len()));
        assert!((1..=MAX_VERSION_BYTES).contains(&manifest.version.len()));
        assert!(variant.len() <= MAX_VARIANT_BYTES);
        let texts = [manifest.normalized_name, manifest.normalized_version, variant];
        assert!(texts.iter().map(String::len).sum::<usize>() <= MAX_RELEASE_BYTES);
        assert!(!texts.iter().any(|text| text.contains(char::is_control)));
    }
}

/// Numbers that only look random (xorshift), and what is done to files by them.
struct Damage(u64);

impl Damage {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound).unwrap()
    }

    /// Up to four changes: a bit, a telling byte, a part cut out or doubled, the end cut off.
    fn apply(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(40)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = b"\0\xff\n:&*!{[]}-/<>\"'="[self.below(18)],
                2 => drop(bytes.drain(at..end)),
                3 => bytes.extend_from_within(at..end),
                4 => bytes[at..end].fill(0xff),
                _ if self.below(8) == 0 => bytes.truncate(at),
                _ => {}
            }
        }
        bytes
    }
}
