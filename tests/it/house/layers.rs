//! The layers of the library, as docs/ARCHITECTURE.md draws them: arrows point down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::source::{Library, Mention};

const ARCHITECTURE: &str = include_str!("../../../docs/ARCHITECTURE.md");

/// The crates whose types are HTTP's.
const HTTP: &[&str] = &["lambda_http", "http", "multer"];

/// A line of the picture: modules that know nothing of each other, but for those of the ground.
struct Layer {
    modules: Vec<String>,
    /// Whether its modules may name types of HTTP.
    door: bool,
    /// Whether its modules may name each other, without going in a circle.
    ground: bool,
}

/// The picture: the block that begins with ```` ```layers ````, a layer a line, its modules in front of the bar.
/// The word behind the bar says whether it is a door, or the ground.
fn layers() -> Vec<Layer> {
    let (_, block) = ARCHITECTURE.split_once("```layers\n").expect("a block of layers");
    let (block, _) = block.split_once("```").expect("the end of the block");
    let layers = block.lines().map(|line| {
        let (modules, kind) = line.split_once('│').expect("a bar in each layer");
        Layer {
            modules: modules
                .split_whitespace()
                .map(|name| name.trim_end_matches('/').to_owned())
                .collect(),
            door: kind.trim_start().starts_with("door"),
            ground: kind.trim_start().starts_with("ground"),
        }
    });
    layers.collect()
}

#[test]
fn every_module_has_its_layer() {
    let drawn: Vec<String> = layers().into_iter().flat_map(|layer| layer.modules).collect();
    let unique: BTreeSet<String> = drawn.iter().cloned().collect();
    assert_eq!(
        unique.len(),
        drawn.len(),
        "docs/ARCHITECTURE.md draws a module twice"
    );
    assert_eq!(
        unique,
        Library::read().modules,
        "docs/ARCHITECTURE.md and src/lib.rs differ in their modules"
    );
}

#[test]
fn modules_import_only_what_lies_below() {
    let layers = layers();
    let imports = Library::read().imports();
    let wrong: Vec<&Mention> = imports
        .iter()
        .filter(|import| !points_down(&layers, import))
        .collect();
    assert!(wrong.is_empty(), "{}", picture(&layers, &imports, &wrong));
}

#[test]
fn ground_modules_form_no_circle() {
    let layers = layers();
    let ground: BTreeSet<_> = layers
        .iter()
        .filter(|layer| layer.ground)
        .flat_map(|layer| &layer.modules)
        .collect();
    let imports = Library::read().imports();
    let mut left: BTreeMap<&String, BTreeSet<&String>> =
        ground.iter().map(|module| (*module, BTreeSet::new())).collect();
    for import in imports.iter().filter(|import| ground.contains(&import.to)) {
        if let Some(uses) = left.get_mut(&import.from) {
            uses.insert(&import.to);
        }
    }
    // Whoever uses nothing that is left is put aside, until all are, or those of a circle remain.
    while let Some(module) = left
        .iter()
        .find(|(_, uses)| uses.is_empty())
        .map(|(module, _)| *module)
    {
        left.remove(module);
        for uses in left.values_mut() {
            uses.remove(module);
        }
    }
    assert!(
        left.is_empty(),
        "modules of the ground import each other in a circle: {left:?}"
    );
}

#[test]
fn only_doors_know_http() {
    let layers = layers();
    let doors: BTreeSet<_> = layers
        .iter()
        .filter(|layer| layer.door)
        .flat_map(|layer| &layer.modules)
        .collect();
    let library = Library::read();
    let uses = HTTP.iter().flat_map(|krate| library.uses_of(krate));
    let wrong: Vec<String> = uses
        .filter(|mention| !doors.contains(&mention.from))
        .map(|mention| format!("{}: {} names {}", mention.place, mention.from, mention.to))
        .collect();
    assert!(
        wrong.is_empty(),
        "only doors may name types of HTTP:\n{}",
        wrong.join("\n")
    );
}

fn points_down(layers: &[Layer], import: &Mention) -> bool {
    let level = |name: &String| layers.iter().position(|layer| layer.modules.contains(name));
    match (level(&import.from), level(&import.to)) {
        (Some(from), Some(to)) => from < to || (layers[from].ground && layers[to].ground),
        // `every_module_has_its_layer` tells it.
        _ => true,
    }
}

/// All layers with the imports of each module, then those that point up or sideways.
fn picture(layers: &[Layer], imports: &[Mention], wrong: &[&Mention]) -> String {
    let mut text = String::from("imports that do not point down (docs/ARCHITECTURE.md, Layers)\n\n");
    for layer in layers {
        for module in &layer.modules {
            let uses: BTreeSet<&str> = imports
                .iter()
                .filter(|import| import.from == *module)
                .map(|import| import.to.as_str())
                .collect();
            let uses: Vec<&str> = uses.into_iter().collect();
            let _ = writeln!(text, "  {module:<12} ─► {}", uses.join("  "));
        }
        text.push('\n');
    }
    for import in wrong {
        let _ = writeln!(text, "✗ {} ─► {}  {}", import.from, import.to, import.place);
    }
    text
}
