//! The log: what `docs/LOGGING.md` says of it, and what an operator learns from it.
//!
//! That each failure of storage names its call of AWS is asserted where the faults are, in `faults/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::fault::Fault;
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::gem::Gem;
use crate::support::log::{assert_explained, lines_of};
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;
use packages_api_local::StackOptions;

/// More than a call takes whose storage answers.
const PATIENT: Duration = Duration::from_secs(25);

#[tokio::test]
async fn warnings_carry_the_request_and_the_package() {
    let (app, proxy) = TestApp::behind_proxy(PATIENT).await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    proxy.inject("DeleteObject", Fault::Refuse, ALWAYS);
    let answer = app.user.delete(&id).await;
    assert_eq!(answer.status, 200);
    let lines = lines_of(&answer);
    let warning = lines.first().expect("a warning");
    assert_eq!(warning["level"], "WARN");
    assert_eq!(warning["message"], "a file is left to the sweep");
    assert_eq!(warning["package_id"], id.as_str());
    let cause = warning["cause"].as_str().expect("a cause");
    assert!(
        cause.starts_with("S3 DeleteObject (package), attempt 1"),
        "{cause}"
    );
    let last = lines.last().expect("the call's own line");
    assert_eq!(
        (&last["level"], &last["message"]),
        (&"INFO".into(), &"answered".into())
    );
}

#[tokio::test]
async fn attempts_by_us_and_the_sdk_are_counted() {
    let (app, proxy) = TestApp::behind_proxy(PATIENT).await;
    let gem = Gem::banana().build();
    for (operation, fault, attempts) in [
        ("BatchGetItem", Fault::Unprocessed, 6),
        ("PutObject", Fault::Fail, 3),
    ] {
        proxy.inject(operation, fault, ALWAYS);
        let answer = app.user.publish(&gem).await;
        proxy.clear();
        assert_explained(&answer, operation);
        let cause = lines_of(&answer).pop().expect("a line")["cause"].to_string();
        assert!(cause.contains(&format!("), attempt {attempts}")), "{cause}");
    }
}

#[tokio::test]
async fn transactions_of_one_call_are_counted_together() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(4)).await;
    proxy.inject("TransactWriteItems", Fault::Fail, 2);
    proxy.inject("TransactWriteItems", Fault::Hang, 1);
    let answer = app.user.publish(&Gem::banana().build()).await;
    assert_eq!(answer.status, 503);
    let line = lines_of(&answer).pop().expect("a line");
    let expected = "the call's time was up during \
                    DynamoDB TransactWriteItems (package, name, release, change, audit event), attempt 3";
    assert_eq!(line["cause"], expected);
}

/// A function whose `LOG_LEVEL` is this, and the lines that a get and a failed get leave.
async fn lines_at(level: &str) -> Vec<Value> {
    let stack = seeded_stack(StackOptions::default()).await;
    let proxy = FaultProxy::start(&stack).await;
    let mut environment = proxy.environment(&stack);
    environment.insert("LOG_LEVEL".to_owned(), level.to_owned());
    let command = [env!("CARGO_BIN_EXE_packages-api").to_owned()];
    let mut function = Function::start(&command, &environment).await;
    let event = std::fs::read("events/rest-get.json").expect("the event is there");
    for fault in [None, Some(Fault::Fail)] {
        if let Some(fault) = fault {
            proxy.inject("BatchGetItem", fault, ALWAYS);
        }
        let answer = function.invoke(event.clone().into()).await;
        answer.expect("an answer");
    }
    // Lines travel on their own way, and may come after the answers.
    for _ in 0..500 {
        if function.log().iter().any(|line| line.contains("\"failed\"")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lines = function.log().into_iter();
    lines
        .map(|line| serde_json::from_str(&line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn log_level_chooses_the_lines() {
    for (level, expected) in [
        ("error", &["failed"][..]),
        ("WARN", &["failed"]),
        ("info", &["answered", "failed"]),
        ("debug", &["answered", "asked AWS", "failed"]),
    ] {
        let lines = lines_at(level).await;
        let messages: BTreeSet<_> = lines.iter().map(|line| line["message"].as_str()).collect();
        let expected: BTreeSet<_> = expected.iter().copied().map(Some).collect();
        assert_eq!(messages, expected, "{level}: {lines:#?}");
        let of_calls = lines.iter().filter(|line| line["operation"] != "GetItem");
        for line in of_calls {
            assert!(line["request_id"].is_string(), "{level}: {line}");
        }
    }
}

/// Every message and field that the source logs, by the file that has it.
fn logged() -> (BTreeMap<String, PathBuf>, BTreeMap<String, PathBuf>) {
    let mut sources = vec![PathBuf::from("src")];
    let (mut messages, mut fields) = (BTreeMap::new(), BTreeMap::new());
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder");
            sources.extend(entries.map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("text");
        for call in text.split("tracing::").skip(1) {
            read_call(call, &path, &mut messages, &mut fields);
        }
        for message in text.split("log!(").skip(1) {
            messages.extend(quoted(message).map(|message| (message, path.clone())));
        }
    }
    (messages, fields)
}

/// Reads one use of a macro of `tracing`, from its name on.
fn read_call(
    call: &str,
    path: &Path,
    messages: &mut BTreeMap<String, PathBuf>,
    fields: &mut BTreeMap<String, PathBuf>,
) {
    let Some((name, rest)) = call.split_once("!(") else {
        return;
    };
    if !["error", "warn", "info", "debug", "error_span", "$level"].contains(&name) {
        return;
    }
    // Its arguments end where its parentheses do.
    let mut depth = 1;
    let end = rest.find(|character| {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    let arguments = &rest[..end.expect("it is closed")];
    let mut depth = 0;
    let split = arguments.split(|character| {
        depth += match character {
            '(' | '{' | '|' => 1,
            ')' | '}' => -1,
            _ => 0,
        };
        character == ',' && depth % 2 == 0
    });
    for argument in split.map(str::trim) {
        if argument.starts_with('"') {
            messages.extend(
                quoted(argument)
                    .filter(|_| name != "error_span")
                    .map(|message| (message, path.to_owned())),
            );
        } else {
            let field = argument
                .split('=')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_start_matches('%');
            if !field.is_empty() && field != "$message" {
                fields.insert(field.to_owned(), path.to_owned());
            }
        }
    }
}

fn quoted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('"')?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The names in the first column of the page's tables, whose cells may hold several.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = std::fs::read_to_string("docs/LOGGING.md").expect("the page");
    let (_, section) = page.split_once(heading).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    // The heading of the table is no row of it.
    let cells = cells.skip(1);
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}

#[test]
fn the_page_has_every_message_and_field() {
    let (messages, fields) = logged();
    let page = documented("## Fields");
    let of_the_line = ["timestamp", "level", "message"].map(str::to_owned);
    let source: BTreeSet<_> = fields.into_keys().chain(of_the_line).collect();
    assert_eq!(page, source, "fields: the page, the source");
    let source: BTreeSet<_> = messages.into_keys().collect();
    assert_eq!(
        documented("## Messages"),
        source,
        "messages: the page, the source"
    );
}

#[tokio::test]
async fn a_call_has_one_line_with_its_names() {
    let app = TestApp::start().await;
    let answer = app.user.publish(&Gem::banana().build()).await;
    let lines = lines_of(&answer);
    let [line] = &lines[..] else {
        panic!("one line: {lines:#?}");
    };
    assert_eq!(line["organization"], ORGANIZATION);
    assert_eq!(line["registry"], REGISTRY);
    assert_eq!(line["package_id"], answer.id().as_str());
    assert_eq!(line["status"], 200);
    assert!(line["cause"].is_null(), "{line}");
}
