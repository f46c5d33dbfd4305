use serde_json::json;

use super::tree::{MAX_ANCHORS, MAX_NODES};
use super::*;
use crate::formats::source::budget::fixtures::ample;

fn read(text: &str) -> Result<Rc<Node<'_>>, String> {
    super::read(text, &ample())
}

#[test]
fn scalars_stay_text_except_plain_nulls() {
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
    let expected = json!({
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
fn what_is_tagged_as_null_is_null() {
    let root = read("a: !!null\nb: !!null ''\nc: !!str\nd: !null\n").unwrap();
    let nulls: Vec<_> = root.pairs().map(|(_, value)| value.is_null()).collect();
    assert_eq!(nulls, [true, true, false, false]);
    assert_eq!(root.get("a").unwrap().text(), None);
    assert_eq!(root.to_json()["a"], serde_json::Value::Null);
}

#[test]
fn binary_values_are_decoded() {
    let root = read("a: !binary |-\n  MS4w\n  LjA=\n").unwrap();
    assert_eq!(root.get("a").unwrap().plain_text(), Some("1.0.0"));
}

#[test]
fn binary_values_may_be_latin1() {
    let root = read("authors: [!binary UmVu6Q==]\n").unwrap();
    let authors: Vec<_> = root.get("authors").unwrap().items().map(Node::text).collect();
    assert_eq!(authors, [Some("Ren\u{fffd}")]);
    assert!(read("a: !binary x\n").is_err());
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
    let bomb = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(8));
    assert!(read(&bomb).unwrap_err().starts_with("with its aliases"));
}

#[test]
fn a_specification_longer_than_any_known_is_read() {
    let files = "- lib/some/folder/of/files/name_of_a_file.rb\n".repeat(70_000);
    let specification = format!("name: x\nfiles:\n{files}");
    let root = read(&specification).unwrap();
    assert_eq!(root.get("files").unwrap().items().count(), 70_000);
}

#[test]
fn depth_is_bounded_everywhere() {
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
    let aliases = format!("- &a\n{}", "- *a\n".repeat(MAX_NODES));
    assert_eq!(read(&aliases).unwrap_err(), "it holds more than 120000 values");
    let anchors: Vec<_> = (0..=MAX_ANCHORS).map(|id| format!("- &a{id} x")).collect();
    let anchors = anchors.join("\n");
    assert_eq!(
        read(&anchors).unwrap_err(),
        "it names more than 10000 values by anchors"
    );
}

#[test]
fn tags_lengthened_by_directives_are_refused() {
    for value in ["x", "[x]", "{x: y}"] {
        let tagged = format!("%TAG !a! {}\n---\n- !a!b {value}\n", "x".repeat(1024));
        let too_long = "it holds a tag longer than 1024 bytes";
        assert_eq!(read(&tagged).unwrap_err(), too_long, "{value}");
    }
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

#[test]
fn possible_keys_are_scanned_within_bounds() {
    let many = |start: &str, part: &str| format!("{start}{}", part.repeat(100_000));
    let tags: Vec<_> = (0..100_000).map(|id| format!("%TAG !{id}! x\n")).collect();
    for hostile in [
        many("[", "x,"),
        many("{", "a: b, "),
        many("- [", "x,"),
        many("a: [[", "x,"),
        many(&"[".repeat(60), "x,"),
        many("? [", "x,"),
        many("[", "a: "),
        many("[", "&a "),
        many("[", "a #\n"),
        many("%FOO", " k"),
        many("", "%FOO\n"),
        tags.concat(),
    ] {
        assert_eq!(
            read(&hostile).unwrap_err(),
            "it holds too large a value in brackets, or too many directives",
            "{}",
            &hostile[..80]
        );
    }
}

#[test]
fn bracketed_values_may_be_long() {
    let list = format!("a: [{}]\n", "x, ".repeat(100_000));
    assert_eq!(read(&list).unwrap().get("a").unwrap().items().count(), 100_000);
}

#[test]
fn a_text_may_be_long_and_of_anything() {
    let line = "It's said: {peel}, [eat] & *enjoy*! %d - #1?";
    let words = "It's {peel}, [eat] & *enjoy*! %d a-b c#d ".repeat(25_000);
    let quoted = format!("{line}\n\n  ").repeat(25_000);
    let block = format!("  {line}\n").repeat(25_000);
    for text in [
        words.clone(),
        format!("'{}'", quoted.replace('\'', "''")),
        format!("\"{quoted}\""),
        format!("|\n{block}"),
        format!(">-\n{block}"),
    ] {
        for document in [format!("- {text}\n- b\n"), format!("a: {text}\nc: b\n")] {
            let root = read(&document).unwrap();
            let pairs = root.pairs().map(|(_, value)| value);
            let texts: Vec<_> = root.items().chain(pairs).filter_map(Node::text).collect();
            assert!(texts[0].len() > 1_000_000, "{}", &text[..80]);
            assert_eq!(texts[1], "b");
        }
    }
}

#[test]
fn brackets_and_quotes_need_no_indentation() {
    for (text, expected) in [
        ("k: 'a\nb'\n", json!({"k": "a b"})),
        ("l:\n  m: \"a\n\n\tb\"\n", json!({"l": {"m": "a\nb"}})),
        ("k:\n  - x: [\n    a\n  ]\n", json!({"k": [{"x": ["a"]}]})),
        ("k: {\na: b,\n\tc: [d]}\n", json!({"k": {"a": "b", "c": ["d"]}})),
        ("k: [a]# b\nl: 'x'# y\n", json!({"k": ["a"], "l": "x"})),
    ] {
        assert_eq!(read(text).unwrap().to_json(), expected, "{text}");
    }
    assert!(read("a:\n  b: c\n d: e\n").is_err());
    assert!(read("k: 'a\nb\n").is_err());
}
