use lambda_http::http::HeaderValue;

use super::*;

async fn read_form(content_type: &str, body: &[u8]) -> Result<File> {
    match read_any(content_type, body).await?.package {
        PackagePart::File(file) => Ok(file),
        PackagePart::Url(url) => panic!("{url}"),
    }
}

async fn read_any(content_type: &str, body: &[u8]) -> Result<Form> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
    read(&headers, Body::from(body.to_vec())).await
}

async fn read_part(disposition: &str) -> Result<String> {
    let body = format!("--B\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--B--\r\n");
    read_form("multipart/form-data; boundary=B", body.as_bytes())
        .await
        .map(|file| file.filename)
}

const FORM: &[u8] = b"--B\r\nContent-Disposition: attachment; name=\"file\"; filename=\"a-1.0.0.gem\"\r\n\
    Content-Type: application/octet-stream\r\n\r\n\x00\xff--\r\n--b\r\n--B--\r\n";

#[tokio::test]
async fn boundaries_are_taken_from_any_media_type() {
    for content_type in [
        "application/json; boundary=B",
        "multipart/form-data;boundary=\"B\"",
        "multipart/form-data; charset=\"a;boundary=X\" ; BOUNDARY = B ; x=y",
        "boundary=B; multipart/form-data",
        "; boundary=B",
    ] {
        let file = read_form(content_type, FORM).await.unwrap();
        assert_eq!(file.filename, "a-1.0.0.gem", "{content_type}");
        assert_eq!(&file.bytes[..], b"\x00\xff--\r\n--b", "{content_type}");
    }
}

#[tokio::test]
async fn bodies_other_than_forms_are_a_400() {
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for (content_type, body) in [
        ("application/json", FORM),
        ("multipart/form-data", FORM),
        ("multipart/form-data; boundary=", FORM),
        ("multipart/form-data; boundary=\"", FORM),
        (&long, FORM),
        ("multipart/form-data; boundary=C", FORM),
        ("multipart/form-data; boundary=B", b""),
        ("multipart/form-data; boundary=B", &FORM[..FORM.len() - 8]),
        ("multipart/form-data; boundary=B", &FORM[..60]),
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nContent-Disposition: attachment; name=\"file\0\"\r\n\r\nx\r\n--B--",
        ),
    ] {
        let answer = read_form(content_type, body).await;
        assert!(
            matches!(answer, Err(Error::BadRequest(_))),
            "{content_type}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn messages_do_not_echo_the_input() {
    let name = "x".repeat(10_000);
    let form = format!("--B\r\n{name}\r\n\r\nx\r\n--B--\r\n");
    let error = read_form("multipart/form-data; boundary=B", form.as_bytes()).await;
    let message = error.unwrap_err().to_string();
    assert!(message.starts_with("A part of the form has headers"), "{message}");
    assert!(message.len() < 300, "{message}");
}

#[tokio::test]
async fn names_are_read_as_their_client_meant() {
    for (disposition, name) in [
        (
            r#"form-data; name="file"; filename="naïve-1.0.0.gem""#,
            "naïve-1.0.0.gem",
        ),
        (r"form-data; name=file; filename=a-1.0.0.gem", "a-1.0.0.gem"),
        (r#"form-data; filename="a;b=c-1.gem"; name="file""#, "a;b=c-1.gem"),
        (r#"form-data; name="file"; filename="a\"b.gem""#, "a\"b.gem"),
        (
            r#"form-data; name="file"; filename="a%22b%41.gem""#,
            "a\"b%41.gem",
        ),
        (r#"form-data; name="file"; filename="C:\dir\new\a.gem""#, "a.gem"),
        (r#"form-data; name="file"; filename="../../etc/passwd""#, "passwd"),
        (
            r#"form-data; name="file"; filename="x"; filename*=UTF-8''na%C3%AFve%20.gem"#,
            "naïve .gem",
        ),
        (r#"form-data; name="file"; filename*=utf-8'en'a.gem"#, "a.gem"),
        (
            r#"form-data; name="file"; filename="x"; filename*=ISO-8859-1'fr'caf%E9.gem"#,
            "café.gem",
        ),
        (
            r#"form-data; name="file"; filename="x.gem"; filename*=koi8-r''y"#,
            "x.gem",
        ),
    ] {
        assert_eq!(read_part(disposition).await.unwrap(), name, "{disposition}");
    }
}

#[tokio::test]
async fn unusable_names_are_a_422_for_file() {
    let long = format!(r#"form-data; name="file"; filename="{}""#, "a".repeat(256));
    for (disposition, code) in [
        (r#"form-data; name="File"; filename="a""#, "missing"),
        (r#"form-data; name="file""#, "invalid_filename"),
        (r#"form-data; name="file"; filename="""#, "invalid_filename"),
        (r#"form-data; name="file"; filename="..""#, "invalid_filename"),
        (r#"form-data; name="file"; filename="a/""#, "invalid_filename"),
        (r#"form-data; name="file"; filename="a%0Ab""#, "invalid_filename"),
        (
            r#"form-data; name="file"; filename*=UTF-8''a%00b"#,
            "invalid_filename",
        ),
        (&long, "invalid_filename"),
    ] {
        match read_part(disposition).await {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].code, code, "{disposition}"),
            other => panic!("{disposition}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn other_parts_are_ignored_but_not_without_end() {
    let part = "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n";
    let form = |before: usize, after: usize| {
        let form = std::str::from_utf8(
            b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n",
        );
        [
            part.repeat(before).as_str(),
            form.unwrap(),
            &part.repeat(after),
            "--B--\r\n",
        ]
        .concat()
    };
    let content_type = "multipart/form-data; boundary=B";
    assert!(read_form(content_type, form(50, 49).as_bytes()).await.is_ok());
    let many = read_form(content_type, form(50, 10_000).as_bytes()).await;
    assert!(matches!(many, Err(Error::BadRequest(_))), "{many:?}");
    let twice = [form(0, 0).trim_end_matches("--B--\r\n"), &form(0, 0)].concat();
    assert!(matches!(
        read_form(content_type, twice.as_bytes()).await,
        Err(Error::Invalid(_))
    ));
}

#[tokio::test]
async fn bodies_mangled_as_text_are_recognized() {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; boundary=B"),
    );
    let mangled = String::from_utf8_lossy(FORM).into_owned();
    let answer = read(&headers, Body::from(mangled)).await;
    assert!(
        matches!(&answer, Err(Error::BadRequest(text)) if text.contains("destroyed")),
        "{answer:?}"
    );
    let clean = String::from_utf8_lossy(FORM).replace('\u{FFFD}', "!");
    assert!(read(&headers, Body::from(clean)).await.is_ok());
}

#[tokio::test]
async fn forms_have_a_file_or_a_package_url() {
    let part = |name: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\nx\r\n")
    };
    let read = async |names: &[&str]| {
        let parts: String = names.iter().map(|name| part(name)).collect();
        read_any(
            "multipart/form-data; boundary=B",
            format!("{parts}--B--\r\n").as_bytes(),
        )
        .await
    };
    assert_eq!(
        read(&["package_url", "x"]).await.unwrap(),
        Form {
            package: PackagePart::Url("x".to_owned()),
            attestation_bundle: None,
        }
    );
    let attested = read(&["attestation_bundle", "file"]).await.unwrap();
    assert_eq!(attested.attestation_bundle.as_deref(), Some(&b"x"[..]));
    for (names, code) in [
        (&["x"][..], "missing"),
        (&["file", "package_url"], "ambiguous"),
        (&["package_url", "package_url"], "duplicate"),
        (&["file", "file"], "duplicate"),
        (&["attestation_bundle"], "missing"),
        (&["file", "attestation_bundle", "attestation_bundle"], "duplicate"),
    ] {
        match read(names).await {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].code, code, "{names:?}"),
            other => panic!("{names:?}: {other:?}"),
        }
    }
}

async fn read_body(body: &str) -> Result<Form> {
    read_any("multipart/form-data; boundary=B", body.as_bytes()).await
}

/// Spellings of RFC 2046 and RFC 5322 that few clients use, each of a file `a.gem` of one `x`.
#[tokio::test]
async fn uncommon_spellings_of_a_form_are_read() {
    const PART: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a.gem\"\r\n\r\nx";
    for body in [
        // Folded headers, at any blank and more than once.
        "--B\r\nContent-Disposition: form-data; name=\"file\";\r\n filename=\"a.gem\"\r\n\r\nx\r\n--B--",
        "--B\r\nContent-Disposition:\r\n\tform-data;\r\n\tname=\"file\";\r\n  filename=a.gem\r\n\r\nx\r\n--B--",
        "--B\r\nX-Note: a\r\n b\r\n c\r\nContent-Disposition: x; name=file; filename=a.gem\r\n\r\nx\r\n--B--",
        // A blank before the colon, none behind it, any case.
        "--B\r\ncontent-disposition :form-data; name=file; filename=a.gem\r\n\r\nx\r\n--B--",
        // Contents as they are, said to be so.
        &format!("--B\r\nContent-Transfer-Encoding: Binary\r\n{PART}\r\n--B--"),
        &format!("--B\r\nContent-Transfer-Encoding: 8bit\r\n{PART}\r\n--B--"),
        // Text around the form, with the boundary in it where no line begins.
        &format!("This form's boundary is --B, once more: --B--\r\n--B\r\n{PART}\r\n--B--"),
        &format!("\r\n--B\r\n{PART}\r\n--B--"),
        &format!("\n--B\r\n{PART}\r\n--B--"),
        &format!("--B\r\n{PART}\r\n--B--\r\nand more\r\n--B\r\n\r\n"),
        // Blanks behind a boundary.
        &format!("--B \t\r\n{PART}\r\n--B--  "),
        // Parts without headers, without content, without both.
        &format!("--B\r\n\r\nnote\r\n--B\r\n{PART}\r\n--B--"),
        &format!("--B\r\n\r\nnote\r\n\r\nnote\r\n--B\r\n{PART}\r\n--B--"),
        &format!("--B\r\nX-Note: y\r\n\r\n--B\r\n{PART}\r\n--B--"),
        &format!("--B\r\n\r\n--B\r\n{PART}\r\n--B--"),
    ] {
        match read_body(body).await.map(|form| form.package) {
            Ok(PackagePart::File(file)) => {
                assert_eq!((&*file.filename, &*file.bytes), ("a.gem", &b"x"[..]), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_encoded_part_is_a_415() {
    for encoding in [
        "base64",
        "BASE64",
        "quoted-printable",
        "x-uuencode",
        "gzip",
        "\r\n base64",
        "",
    ] {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\neA==\r\n--B--\r\n"
        );
        let answer = read_body(&body).await;
        assert!(matches!(answer, Err(Error::Encoded(_))), "{encoding}: {answer:?}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_a_415() {
    for (encodings, taken) in [
        (&["identity"][..], true),
        (&[""], true),
        (&["gzip"], false),
        (&["identity", "br"], false),
        (&["gzip, identity"], false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("multipart/form-data; boundary=B"),
        );
        for encoding in encodings {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let answer = read(&headers, Body::from(FORM.to_vec())).await;
        assert_eq!(answer.is_ok(), taken, "{encodings:?}");
        assert!(taken || matches!(answer, Err(Error::Encoded(_))), "{encodings:?}");
    }
}

#[tokio::test]
async fn unreadable_headers_of_a_part_are_a_400() {
    const DISPOSITION: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";
    let long = format!("X: {}", "x".repeat(1_000_000));
    let many = vec!["X: x"; 32].join("\r\n");
    for (head, beginning) in [
        (long.as_str(), "A part of the form has more than"),
        (&many, "A part of the form has more than"),
        (DISPOSITION, "A part of the form has two"),
        (" folded onto nothing", "A part of the form has headers"),
        ("no header", "A part of the form has headers"),
        (": nameless", "A part of the form has headers"),
        ("a b: c", "A part of the form has headers"),
        ("X: a\nb", "A part of the form has headers"),
    ] {
        let body = format!("--B\r\n{head}\r\n{DISPOSITION}\r\n\r\nx\r\n--B--\r\n");
        let message = read_body(&body).await.unwrap_err().to_string();
        assert!(message.starts_with(beginning), "{message}");
        assert!(message.len() < 300, "{message}");
    }
    let lines = format!("--B\n{DISPOSITION}\n\nx\n--B--\n");
    let message = read_body(&lines).await.unwrap_err().to_string();
    assert!(message.starts_with("The form's lines end with LF"), "{message}");
}
