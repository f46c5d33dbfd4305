//! Forms as attackers make them.

use super::form::{BOUNDARY, Form, Part};
use super::gem::Gem;

/// Fault of each, and the form.
pub(crate) fn hostile_forms() -> Vec<(&'static str, Form)> {
    let gem = Gem::banana().build();
    let usual = Form::usual(&gem);
    let file = Part::file("form-data", &gem);
    let note = Part::field("note", "x");
    let named = |name: &str| {
        let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        Form::of(&[Part::new(&head, gem.bytes.clone())])
    };
    // Around a gem that would be published: what is wrong is the header alone.
    let header = |header: String| {
        Form::of(&[Part::new(
            &format!("{header}\r\n{}", file.head),
            gem.bytes.clone(),
        )])
    };
    let raw = |body: &[u8]| Form {
        body: body.to_vec(),
        ..usual.clone()
    };
    let long_boundary = "b".repeat(71);
    let mut hostile = vec![
        (
            "a boundary of 71",
            usual
                .clone()
                .with_content_type(&format!("multipart/form-data; boundary={long_boundary}")),
        ),
        (
            "an empty boundary",
            usual.clone().with_content_type("multipart/form-data; boundary="),
        ),
        (
            "an open quote",
            usual
                .clone()
                .with_content_type("multipart/form-data; boundary=\""),
        ),
        ("10,000 parts", Form::of(&vec![note.clone(); 10_000])),
        (
            "10,000 parts behind the file",
            Form::of(&[vec![file.clone()], vec![note; 10_000]].concat()),
        ),
        (
            "an endless header",
            header(format!("X: {}", "x".repeat(1_000_000))),
        ),
        ("10,000 headers", header(vec!["X: x"; 10_000].join("\r\n"))),
        ("10,000 folds", header(format!("X: x{}", "\r\n x".repeat(10_000)))),
        (
            "a header without end",
            raw(format!("--{BOUNDARY}\r\n{}", "x".repeat(1_000_000)).as_bytes()),
        ),
        ("a header that is none", header("no header".to_owned())),
        ("twice the same name", Form::of(&[file.clone(), file])),
        ("no name", named("")),
        ("a folder", named("a/")),
        ("a parent", named("..")),
        ("a NUL", named("a\0b.gem")),
        (
            "a NUL, encoded",
            Form::of(&[Part::new(
                "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%00b.gem",
                b"x".to_vec(),
            )]),
        ),
        ("a line break", named("a%0Ab.gem")),
        ("10 kB of name", named(&"a".repeat(10_000))),
        (
            "only boundaries",
            raw(format!("--{BOUNDARY}\r\n").repeat(50_000).as_bytes()),
        ),
        ("4 MB of dashes", raw(&vec![b'-'; 4_000_000])),
    ];
    // Wherever it is cut off.
    let ends = (0..40).chain((40..usual.body.len() - 2).step_by(usual.body.len() / 20));
    hostile.extend(ends.map(|end| ("cut off", raw(&usual.body[..end]))));
    hostile
}
