//! Charts as attackers make them.

use super::deflate::gzip;
use super::tgz::{self, member};
use super::{Family, yaml};

const FILENAME: &str = "chart-1.0.0.tgz";
/// Bytes of `Chart.yaml` that are read.
const LARGEST: usize = 1 << 20;

pub(crate) fn families() -> Vec<Family> {
    let own = |(name, build)| Family {
        name,
        ecosystem: "helm",
        filename: FILENAME,
        build,
    };
    let mut families = tgz::families("helm", FILENAME);
    families.extend(yaml::ways!(chart).map(own));
    families
}

/// A chart of this `Chart.yaml`, of which no more is there than is read.
fn chart(yaml: &[u8]) -> Vec<u8> {
    let read = &yaml[..yaml.len().min(LARGEST)];
    gzip(&member("chart/Chart.yaml", b'0', read))
}
