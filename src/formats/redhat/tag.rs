//! Tags of a header (`rpmtag.h`).

pub(super) const NAME: u32 = 1000;
pub(super) const VERSION: u32 = 1001;
pub(super) const RELEASE: u32 = 1002;
pub(super) const EPOCH: u32 = 1003;
pub(super) const SUMMARY: u32 = 1004;
pub(super) const DESCRIPTION: u32 = 1005;
pub(super) const BUILDTIME: u32 = 1006;
pub(super) const BUILDHOST: u32 = 1007;
pub(super) const SIZE: u32 = 1009;
pub(super) const VENDOR: u32 = 1011;
pub(super) const LICENSE: u32 = 1014;
pub(super) const PACKAGER: u32 = 1015;
pub(super) const GROUP: u32 = 1016;
pub(super) const URL: u32 = 1020;
pub(super) const ARCH: u32 = 1022;
pub(super) const OLDFILENAMES: u32 = 1027;
pub(super) const FILEMODES: u32 = 1030;
pub(super) const FILEFLAGS: u32 = 1037;
pub(super) const SOURCERPM: u32 = 1044;
pub(super) const ARCHIVESIZE: u32 = 1046;
pub(super) const CHANGELOGTIME: u32 = 1080;
pub(super) const CHANGELOGNAME: u32 = 1081;
pub(super) const CHANGELOGTEXT: u32 = 1082;
pub(super) const SOURCEPACKAGE: u32 = 1106;
pub(super) const DIRINDEXES: u32 = 1116;
pub(super) const BASENAMES: u32 = 1117;
pub(super) const DIRNAMES: u32 = 1118;
pub(super) const PAYLOADCOMPRESSOR: u32 = 1125;
pub(super) const LONGSIZE: u32 = 5009;
pub(super) const PAYLOADSIZE: u32 = 5112;
/// In the signature.
pub(super) const SIGNED_PAYLOADSIZE: u32 = 1007;
pub(super) const SIGNED_LONGARCHIVESIZE: u32 = 271;

/// The texts that are kept, those of dependencies aside.
pub(super) const TEXTS: &[u32] = &[
    SUMMARY,
    DESCRIPTION,
    BUILDHOST,
    VENDOR,
    LICENSE,
    PACKAGER,
    GROUP,
    URL,
    SOURCERPM,
    PAYLOADCOMPRESSOR,
    CHANGELOGNAME,
    CHANGELOGTEXT,
    OLDFILENAMES,
    BASENAMES,
    DIRNAMES,
];
