use super::*;
use crate::formats::source::budget::fixtures::ample;

fn read(text: &str, dialect: Dialect) -> Result<Element, String> {
    super::read(text, dialect, &ample())
}

#[test]
fn elements_attributes_and_text_are_read_without_namespaces() {
    let root = read(
        "<?xml version='1.0'?><!-- x --><a:r xmlns:a='u' k='1 &lt; 2'>\
         <t> A &amp; B&#33; <![CDATA[<c>]]></t><t/></a:r>",
        Dialect::PLAIN,
    )
    .unwrap();
    assert_eq!(root.name, "r");
    assert_eq!(root.attribute("k"), Some("1 < 2"));
    assert_eq!(root.child_text("t"), Some("A & B! <c>"));
    assert_eq!(root.all("t").count(), 2);
}

#[test]
fn what_could_grow_is_refused() {
    let deep = "<a>".repeat(MAX_DEPTH + 1);
    let many = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES));
    let attributes = format!("<a {}/>", "b='' ".repeat(MAX_NODES));
    let entity = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned();
    for (text, expected) in [
        (deep, "it is nested deeper than 64 levels"),
        (many, "it has more than 60000 elements"),
        (attributes, "it has more than 60000 elements"),
        (entity, "it has a document type; remove it"),
    ] {
        assert_eq!(read(&text, Dialect::PLAIN).unwrap_err(), expected);
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a b></a>",
        "text",
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a>& </a>",
    ] {
        assert!(read(text, Dialect::PLAIN).is_err(), "{text}");
    }
}

/// Passes over document types, and knows one more name.
const LENIENT: Dialect = Dialect {
    document_type: true,
    entity: |name| (name == "eacute").then_some("é"),
};

#[test]
fn entities_are_those_of_the_dialect() {
    let text = "<a b='&eacute;&lt;&#65;'>&eacute;&gt;&#x42;</a>";
    let root = read(text, LENIENT).unwrap();
    assert_eq!(root.attribute("b"), Some("é<A"));
    assert_eq!(root.text(), "é>B");
    let undefined = "it uses the entity `&eacute;`, which nothing defines; write the character itself";
    assert_eq!(read("<a>&eacute;</a>", Dialect::PLAIN).unwrap_err(), undefined);
    assert!(read("<a b='&eacute;'/>", Dialect::PLAIN).is_err());
}

#[test]
fn document_types_are_passed_over_unread() {
    for document_type in [
        "<!DOCTYPE a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE a PUBLIC '-//X//EN' 'http://127.0.0.1/x.dtd' [<!ELEMENT a ANY>]>",
        "<!DOCTYPE a [<!ENTITY b \"]>\"><!-- ]> ' --><?p ]> ?><!ATTLIST a b CDATA '>'> %c; ]>",
        "<!DOCTYPE a [<!ENTITY eacute 'other'>]>",
    ] {
        let root = read(
            &format!("<?xml version='1.0'?>{document_type}<a>&eacute;</a>"),
            LENIENT,
        );
        assert_eq!(root.unwrap().text(), "é", "{document_type}");
    }
}

#[test]
fn declared_entities_are_never_expanded() {
    let declared = "<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d SYSTEM 'file:///etc/passwd'>]>";
    for name in ["b", "d"] {
        assert_eq!(
            read(&format!("{declared}<a>&{name};</a>"), LENIENT).unwrap_err(),
            format!("it uses the entity `&{name};`, which nothing defines; write the character itself")
        );
        assert!(read(&format!("{declared}<a e='&{name};'/>"), LENIENT).is_err());
    }
}

#[test]
fn misplaced_document_types_are_refused() {
    let one = "<!DOCTYPE a>";
    for text in [
        format!("{one}{one}<a/>"),
        format!("<a>{one}</a>"),
        format!("<a/>{one}"),
    ] {
        let expected = "it has a document type where none may be";
        assert_eq!(read(&text, LENIENT).unwrap_err(), expected, "{text}");
    }
    assert!(read("<!DOCTYPE a [<a/>", LENIENT).is_err());
}

#[test]
fn everything_that_is_kept_is_charged() {
    let text = "x".repeat(1 << 20);
    for document in [
        format!("<a>{text}</a>"),
        format!("<a><![CDATA[{text}]]></a>"),
        format!("<{text}/>"),
        format!("<a {text}='b'/>"),
        format!("<a b='{text}'/>"),
        format!("<a>{}</a>", "&eacute;".repeat(1 << 16)),
    ] {
        let budget = ample();
        let refused = (0..600).find_map(|_| super::read(&document, LENIENT, &budget).err());
        assert_eq!(refused, budget.refusal().map(|refusal| refusal.message));
        assert!(refused.is_some());
    }
}

#[test]
fn messages_do_not_repeat_a_document() {
    let name = "x".repeat(1 << 20);
    for document in [
        format!("<a></{name}>"),
        format!("<{name}></a>"),
        format!("<a>&{name};</a>"),
        format!("<a>&#{name};</a>"),
        format!("<a b='&{name};'/>"),
        format!("<a b='&#{name};'/>"),
    ] {
        assert!(read(&document, LENIENT).unwrap_err().len() < 300);
    }
}
