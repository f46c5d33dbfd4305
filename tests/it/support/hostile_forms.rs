//! Forms as attackers make them.

use super::form::{BOUNDARY, Form, Part};
use super::gem::Gem;

/// Fault of a form, and the form.
type Hostile = (&'static str, Form);

pub(crate) fn hostile_forms() -> Vec<Hostile> {
    let forms = [boundaries(), many_parts(), headers(), filenames(), bodies()];
    forms.into_iter().flatten().chain(cut_off()).collect()
}

/// The usual form, under another type of content.
fn boundaries() -> Vec<Hostile> {
    let usual = Form::usual(&Gem::banana().build());
    let types = [
        ("a boundary of 71", format!("boundary={}", "b".repeat(71))),
        ("an empty boundary", "boundary=".to_owned()),
        ("an open quote", "boundary=\"".to_owned()),
    ];
    let forms = types.into_iter().map(|(fault, parameter)| {
        let content_type = format!("multipart/form-data; {parameter}");
        (fault, usual.clone().with_content_type(&content_type))
    });
    forms.collect()
}

fn many_parts() -> Vec<Hostile> {
    let file = Part::file("form-data", &Gem::banana().build());
    let note = Part::field("note", "x");
    let behind = [vec![file.clone()], vec![note.clone(); 10_000]].concat();
    vec![
        ("10,000 parts", Form::of(&vec![note; 10_000])),
        ("10,000 parts behind the file", Form::of(&behind)),
        ("twice the same name", Form::of(&[file.clone(), file])),
    ]
}

/// Around a gem that would be published: the header alone is at fault.
fn headers() -> Vec<Hostile> {
    let gem = Gem::banana().build();
    let own = Part::file("form-data", &gem).head;
    let header = |header: String| Form::of(&[Part::new(&format!("{header}\r\n{own}"), gem.bytes.clone())]);
    vec![
        (
            "an endless header",
            header(format!("X: {}", "x".repeat(1_000_000))),
        ),
        ("10,000 headers", header(vec!["X: x"; 10_000].join("\r\n"))),
        ("10,000 folds", header(format!("X: x{}", "\r\n x".repeat(10_000)))),
        ("a header that is none", header("no header".to_owned())),
    ]
}

fn filenames() -> Vec<Hostile> {
    let gem = Gem::banana().build();
    let parameter = |parameter: String| {
        let head = format!("Content-Disposition: form-data; name=\"file\"; {parameter}");
        Form::of(&[Part::new(&head, gem.bytes.clone())])
    };
    let named = |name: &str| parameter(format!("filename=\"{name}\""));
    vec![
        ("no name", named("")),
        ("a folder", named("a/")),
        ("a parent", named("..")),
        ("a NUL", named("a\0b.gem")),
        (
            "a NUL, encoded",
            parameter("filename*=UTF-8''a%00b.gem".to_owned()),
        ),
        ("a line break", named("a%0Ab.gem")),
        ("10 kB of name", named(&"a".repeat(10_000))),
    ]
}

/// Bodies that are no form at all.
fn bodies() -> Vec<Hostile> {
    let endless = format!("--{BOUNDARY}\r\n{}", "x".repeat(1_000_000));
    let boundaries = format!("--{BOUNDARY}\r\n").repeat(50_000);
    vec![
        ("a header without end", with_body(endless.as_bytes())),
        ("only boundaries", with_body(boundaries.as_bytes())),
        ("4 MB of dashes", with_body(&vec![b'-'; 4_000_000])),
    ]
}

/// The usual form, wherever it is cut off.
fn cut_off() -> Vec<Hostile> {
    let body = Form::usual(&Gem::banana().build()).body;
    let ends = (0..40).chain((40..body.len() - 2).step_by(body.len() / 20));
    ends.map(|end| ("cut off", with_body(&body[..end]))).collect()
}

fn with_body(body: &[u8]) -> Form {
    Form {
        body: body.to_vec(),
        ..Form::usual(&Gem::banana().build())
    }
}
