//! Charts as attackers make them.

use super::deflate::gzip;
use super::tgz::{self, member};
use super::{Family, filled};

const FILENAME: &str = "chart-1.0.0.tgz";

pub(crate) fn families() -> Vec<Family> {
    let own = |name, build| Family {
        name,
        ecosystem: "helm",
        filename: FILENAME,
        build,
    };
    let mut families = tgz::families("helm", FILENAME);
    families.extend([
        own("values in a chart", many_values),
        own("keys in a chart", many_keys),
    ]);
    families
}

fn chart(yaml: &[u8]) -> Vec<u8> {
    gzip(&member("chart/Chart.yaml", b'0', yaml))
}

fn many_values(size: usize) -> Vec<u8> {
    chart(&[b"name: chart\nx: [", &filled(b"1,", size)[..], b"]\n"].concat())
}

fn many_keys(size: usize) -> Vec<u8> {
    chart(&filled(b"a: b\n", size))
}
