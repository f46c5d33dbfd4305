use serde_json::json;

use super::*;

fn mistakes(text: &str) -> Vec<String> {
    let errors = Policy::read(text).expect_err(text);
    assert!(errors.iter().all(|error| error.field == "oidc_policy"));
    errors.into_iter().map(|error| error.message).collect()
}

fn claims(value: &serde_json::Value) -> &Map<String, Claim> {
    value.as_object().unwrap()
}

const EXAMPLE: &str = "\
# Releases first.
- iss: https://token.actions.githubusercontent.com
  scopes: [write_packages, delete_packages]
  claims:
    repository: example/app
    ref:
      matches: ['refs/tags/v*', refs/heads/release-?]
      not_equals: refs/tags/v0
- iss: https://token.actions.githubusercontent.com
  claims:
    repository: { in: [example/app, example/lib] }
    run_attempt: 1
    fork: false
";

#[test]
fn the_first_statement_that_matches_decides() {
    let policy = Policy::read(EXAMPLE).unwrap();
    let github = "https://token.actions.githubusercontent.com";
    let release =
        json!({ "repository": "example/app", "ref": "refs/tags/v1", "run_attempt": 1, "fork": false });
    let grant = policy.decide(github, claims(&release)).unwrap();
    assert_eq!(
        (grant.statement, grant.scopes),
        (1, &[Scope::WritePackages, Scope::DeletePackages][..])
    );
    let build =
        json!({ "repository": "example/app", "ref": "refs/heads/main", "run_attempt": 1, "fork": false });
    let grant = policy.decide(github, claims(&build)).unwrap();
    assert_eq!((grant.statement, grant.scopes), (2, &DEFAULT_SCOPES[..]));
    for (issuer, token) in [
        (
            github,
            json!({ "repository": "example/app", "ref": "refs/tags/v0", "fork": false }),
        ),
        (
            github,
            json!({ "repository": "example/app", "run_attempt": "1", "fork": false }),
        ),
        (
            github,
            json!({ "repository": ["example/app"], "run_attempt": 1, "fork": false }),
        ),
        (github, json!({})),
        ("https://token.actions.githubusercontent.com/", release.clone()),
    ] {
        assert_eq!(policy.decide(issuer, claims(&token)), None, "{token}");
    }
    assert!(policy.names_issuer(github));
    assert!(!policy.names_issuer("https://token.actions.githubusercontent.com.evil.example"));
}

#[test]
fn negations_do_not_hold_for_other_types() {
    for rule in ["not_equals: 7", "not_in: [7]", "not_equals: true", "matches: '*'"] {
        let policy = Policy::read(&format!(
            "- iss: https://a.example\n  claims: {{ c: {{ {rule} }} }}\n"
        ))
        .unwrap();
        for claim in [json!(["x"]), json!(null), json!({}), json!(7.5), json!(u64::MAX)] {
            let token = json!({ "c": claim });
            assert_eq!(
                policy.decide("https://a.example", claims(&token)),
                None,
                "{rule} {token}"
            );
        }
    }
    let policy = Policy::read("- iss: https://a.example\n  claims: { c: { not_equals: 7 } }").unwrap();
    assert_eq!(
        policy.decide("https://a.example", claims(&json!({ "c": "7" }))),
        None
    );
    assert!(
        policy
            .decide("https://a.example", claims(&json!({ "c": 8 })))
            .is_some()
    );
}

#[test]
fn json_and_yaml_are_the_same_policy() {
    let yaml = "- iss: https://a.example\n  claims:\n    c: { in: [\"\u{1f600}\", 7, true] }\n";
    for json in [
        r#"[{"iss":"https://a.example","claims":{"c":{"in":["\ud83d\ude00",7,true]}}}]"#,
        "[\n\t{\n\t\t\"iss\": \"https://a.example\",\n\t\t\"scopes\": null,\n\t\t\"claims\": {\"c\": {\"in\": [\"\u{1f600}\", 7, true]}}\n\t}\n]\n",
    ] {
        assert_eq!(Policy::read(json), Policy::read(yaml), "{json}");
        assert!(Policy::read(json).is_ok());
    }
}

#[test]
fn empty_policies_match_nothing() {
    for text in ["", "\n", "# nothing\n", "null", "~", "[]", "---\n...\n"] {
        assert_eq!(Policy::read(text), Ok(Policy::default()), "{text:?}");
    }
}

#[test]
fn mistakes_name_statement_and_line() {
    let text = "\
- iss: https://a.example
  clams: {}
- claims: {}
- iss: https://a.example
  claims:
    ref: [main]
- iss: https://a.example
";
    insta::assert_snapshot!(mistakes(text).join("\n"), @"
    Statement 1, line 2: `clams` is not a key of a statement. Its keys are `iss`, `scopes` and `claims`; rules for claims stand under `claims`.
    Statement 2, line 3: `iss` is missing. Add the issuer's address, as its tokens have it.
    Statement 3, line 6: The rule for `ref` is a list. Write it as `in: […]`.
    ");
}

#[test]
fn unusable_statements_are_refused() {
    let statements = [
        "iss: 7",
        "iss: a.example",
        "iss: ftp://a.example",
        "iss: https://user@a.example",
        "iss: https://a.example?x=1",
        "iss: https://a.example#x",
        "scopes: read_packages",
        "scopes: []",
        "scopes: [read_registries]",
        "scopes: [READ_PACKAGES]",
        "scopes: [7]",
        "claims: [ref]",
        "claims: main",
        "claims: { ref: }",
        "claims: { ref: null }",
        "claims: { ref: {} }",
        "claims: { ref: { begins_with: main } }",
        "claims: { ref: { equals: [main] } }",
        "claims: { ref: { in: main } }",
        "claims: { ref: { in: [] } }",
        "claims: { ref: { not_in: [] } }",
        "claims: { ref: { in: [[main]] } }",
        "claims: { ref: { matches: [] } }",
        "claims: { ref: { matches: 7 } }",
        "claims: { ref: { matches: true } }",
        "claims: { ref: { matches: [main, 7] } }",
        "claims: { ref: { matches: { a: b } } }",
        "claims: { exp: { matches: '*' } }",
        "claims: { ref: 1.10 }",
        "claims: { ref: 0x1f }",
        "claims: { ref: 12e4567 }",
        "claims: { ref: 007 }",
        "claims: { ref: .inf }",
        "claims: { ref: 99999999999999999999 }",
    ];
    for statement in statements {
        let iss = if statement.starts_with("iss") {
            ""
        } else {
            "  iss: https://a.example\n"
        };
        let found = mistakes(&format!("- {statement}\n{iss}"));
        assert!(
            found.len() == 1 && found[0].starts_with("Statement 1, line 1: "),
            "{statement}: {found:?}"
        );
    }
    for text in ["iss: https://a.example", "text", "- text", "- [iss]", "7"] {
        assert_eq!(mistakes(text).len(), 1, "{text}");
    }
}

#[test]
fn yaml_beyond_the_simple_is_refused() {
    for (text, expected) in [
        ("- &a\n  iss: https://a.example\n", "Anchors"),
        ("- iss: &a https://a.example\n", "Anchors"),
        ("- iss: &a https://a.example\n- iss: *a\n", "Anchors"),
        (
            "- iss: https://a.example\n  claims: { <<: *a }\n",
            "not valid YAML",
        ),
        ("- iss: !!str https://a.example\n", "Tags"),
        ("- !ruby/object:Gem::Version\n  iss: https://a.example\n", "Tags"),
        ("- !<tag:example.com,2000:x> [a]\n", "Tags"),
        ("- iss: https://a.example\n  iss: https://b.example\n", "twice"),
        (
            "[{\"iss\": \"https://a.example\", \"iss\": \"https://b.example\"}]",
            "twice",
        ),
        ("- iss: https://a.example\n  claims: { a: 1, 'a': 2 }\n", "twice"),
        ("- ? [a]\n  : b\n", "cannot be a key"),
        ("[]\n---\n[]\n", "one YAML document"),
        ("- iss: 'https://a.example\n", "not valid YAML"),
        ("- [[[[[[[[[]]]]]]]]]\n", "levels"),
    ] {
        let found = mistakes(text);
        assert!(
            found[0].starts_with("Line ") && found[0].contains(expected),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn sizes_are_bounded() {
    let statement = "- iss: https://a.example\n";
    assert!(Policy::read(&statement.repeat(MAX_STATEMENTS)).is_ok());
    assert!(mistakes(&statement.repeat(MAX_STATEMENTS + 1))[0].contains("50 statements"));
    assert!(mistakes(&" ".repeat(MAX_POLICY_BYTES + 1))[0].contains("16384 bytes"));
    assert!(
        mistakes(&format!("{statement}  claims: {{ a: {} }}", "x".repeat(1025)))[0].contains("1024 bytes")
    );
    assert_eq!(mistakes(&"- {}\n".repeat(MAX_STATEMENTS)).len(), MAX_MISTAKES);
    for hostile in [
        "[".repeat(MAX_POLICY_BYTES),
        "{a: ".repeat(4000),
        "- ".repeat(8000),
        "? ".repeat(8000),
    ] {
        assert_eq!(mistakes(&hostile).len(), 1);
    }
}
