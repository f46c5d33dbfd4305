use super::tree::{MAX_ANCHORS, MAX_NODES};
use super::*;

#[test]
fn scalars_stay_text_and_only_plain_nulls_are_null() {
    let root = read("version: 1.10\nnothing: ~\nempty: ''\nyes: true\n").unwrap();
    assert_eq!(root.get("version").unwrap().text(), Some("1.10"));
    assert!(root.get("nothing").unwrap().is_null());
    assert_eq!(root.get("empty").unwrap().text(), Some(""));
    assert_eq!(root.get("yes").unwrap().text(), Some("true"));
}

#[test]
fn ruby_tags_do_not_disturb_but_are_noticed() {
    let root = read("--- !ruby/object:Gem::Specification\nversion: !ruby/object:Gem::Version\n  version: 1.0\nplatform: !ruby/object:Evil x\n").unwrap();
    let version = root.get("version").and_then(|version| version.get("version"));
    assert_eq!(version.unwrap().text(), Some("1.0"));
    assert_eq!(root.get("platform").unwrap().plain_text(), None);
}

#[test]
fn a_tree_becomes_json_without_changing_numbers() {
    let root = read("a: [1.10, 12, true, ~, '7', 007]\n1: &x {y: z}\nb: *x\n").unwrap();
    let expected = serde_json::json!({
        "a": ["1.10", 12, true, null, "7", "007"], "1": {"y": "z"}, "b": {"y": "z"},
    });
    assert_eq!(root.to_json(), expected);
}

#[test]
fn a_mere_exclamation_mark_says_text() {
    let root = read("- ! '>='\n- !!str 1\n- ! 2\n- !own 3\n").unwrap();
    let texts: Vec<_> = root.items().map(Node::plain_text).collect();
    assert_eq!(texts, [Some(">="), Some("1"), Some("2"), None]);
}

#[test]
fn a_tagged_null_is_null() {
    let root = read("a: !!null\nb: !!null ~\nc: !!str\n").unwrap();
    assert!(root.get("a").unwrap().is_null() && root.get("b").unwrap().is_null());
    assert_eq!(root.get("c").unwrap().text(), Some(""));
}

/// Before the parser says anything of it.
#[test]
fn what_a_key_could_be_is_not_scanned_without_end() {
    let millions = |part: &str| part.repeat(1_000_000);
    let directives: Vec<_> = (0..100_000).map(|handle| format!("%TAG !{handle}! b")).collect();
    for endless in [
        format!("[{}", millions("x,")),
        format!("{{{}", millions("a: b, ")),
        format!("[{}", millions("a: ")),
        format!("name: x\nlist:\n- [{}", millions("x,")),
        format!("{}{}", "[".repeat(60), millions("x,")),
        format!("[{}", millions("*a ")),
        format!("[{}", millions("&a ")),
        format!("[{}", millions("!a ")),
        format!("%FOO {}\n--- a\n", millions("k ")),
        format!("{}\n--- a\n", directives.join("\n")),
    ] {
        let start = &endless[..20];
        let error = read(&endless).unwrap_err();
        assert!(error.contains("more than 65536 brackets"), "{start}: {error}");
    }
}

#[test]
fn a_text_may_be_long() {
    let prose = "Bananas, plantains [and \"others\"]: it's all {one}. ".repeat(5_000);
    let quoted = prose.replace('\'', "''");
    for document in [
        format!("a: |\n  {prose}\n"),
        format!("a: >-\n  {prose}\n"),
        format!("a: '{quoted}'\n"),
        format!("a: \"{}\"\n", prose.replace('"', "\\\"")),
    ] {
        let root = read(&document).unwrap();
        assert_eq!(root.get("a").unwrap().text().unwrap().trim(), prose.trim());
    }
}

#[test]
fn binary_values_are_decoded() {
    let latin1 = read("[!binary UmVu6Q==]").unwrap();
    assert_eq!(latin1.items().next().unwrap().text(), Some("Ren\u{FFFD}"));
    let root = read("a: !binary |-\n  MS4w\n  LjA=\n").unwrap();
    assert_eq!(root.get("a").unwrap().plain_text(), Some("1.0.0"));
}

#[test]
fn an_alias_is_what_its_anchor_was() {
    let root = read("a: &one [x, y]\nb: *one\n").unwrap();
    let items: Vec<_> = root.get("b").unwrap().items().map(Node::text).collect();
    assert_eq!(items, [Some("x"), Some("y")]);
}

#[test]
fn aliases_that_would_grow_are_refused() {
    let mut bomb = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x]".to_owned()];
    bomb.extend((1..10).map(|level| {
        let before = format!("*a{},", level - 1).repeat(9);
        format!("a{level}: &a{level} [{before}]")
    }));
    let bomb = bomb.join("\n");
    assert_eq!(
        read(&bomb).unwrap_err(),
        "with its aliases written out it is larger than 8388608 bytes"
    );
}

#[test]
fn a_long_text_aliased_often_is_refused() {
    let bomb = format!("- &a {}\n{}", "x".repeat(100_000), "- *a\n".repeat(5_000));
    assert!(read(&bomb).unwrap_err().starts_with("with its aliases"));
}

#[test]
fn depth_is_bounded_in_blocks_in_flow_and_through_aliases() {
    let too_deep = "it is nested deeper than 64 levels";
    assert_eq!(read(&"- ".repeat(100_000)).unwrap_err(), too_deep);
    assert_eq!(read(&"[".repeat(200)).unwrap_err(), too_deep);
    let mut chain = vec!["- &a0 [x]".to_owned()];
    chain.extend((1..100).map(|level| format!("- &a{level} [*a{}]", level - 1)));
    let chain = chain.join("\n");
    assert_eq!(read(&chain).unwrap_err(), too_deep);
}

#[test]
fn values_are_counted() {
    let many = "- \n".repeat(MAX_NODES + 1);
    assert_eq!(read(&many).unwrap_err(), "it holds more than 120000 values");
    let anchors: Vec<_> = (0..=MAX_ANCHORS).map(|id| format!("- &a{id} x")).collect();
    let anchors = anchors.join("\n");
    assert_eq!(
        read(&anchors).unwrap_err(),
        "it names more than 10000 values by anchors"
    );
}

#[test]
fn an_alias_to_what_contains_it_is_refused() {
    assert!(read("a: &a [*a]\n").is_err());
}

#[test]
fn of_several_documents_the_first_is_read() {
    let root = read("--- {a: 1}\n--- {a: 2}\n").unwrap();
    assert_eq!(root.get("a").unwrap().text(), Some("1"));
}
