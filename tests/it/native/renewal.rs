//! Registries that are deleted and made anew while clients install from them.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use packages_api::Digest;
use packages_api::formats::Ecosystem;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::app::{REGISTRY, TestApp, tester};
use crate::support::client::Client;
use crate::support::gem::Gem;
use crate::support::npm::{NPM, npm_user};
use crate::support::pypi::{PYTHON, user_of, wheel};
use crate::support::registry_deeds::RegistryDeeds as _;

/// Registries that follow one another at each address.
const GENERATIONS: usize = 4;

/// State of the registries, as the readers know it.
#[derive(Default)]
struct Progress {
    /// The generation that is there.
    current: AtomicUsize,
    /// Texts by which a generation is recognized: names, digests and ids of its packages.
    marks: Mutex<Vec<(usize, String)>>,
    /// The paths that were read in each generation, from begin to end.
    reads: Mutex<BTreeSet<(usize, String)>>,
}

impl Progress {
    fn mark(&self, generation: usize, text: String) {
        self.marks
            .lock()
            .expect("no reader panics in it")
            .push((generation, text));
    }

    /// Asserts that nothing of an earlier generation is shown.
    fn check(&self, generation: usize, path: &str, shown: &str) {
        for (of, mark) in &*self.marks.lock().expect("no reader panics in it") {
            assert!(
                *of >= generation || !shown.contains(mark.as_str()),
                "{path} in generation {generation} shows `{mark}` of generation {of}: {shown}"
            );
        }
        let read = (generation, path.to_owned());
        self.reads.lock().expect("no reader panics in it").insert(read);
    }

    /// Returns when so many paths were read in this generation, however slow the machine is.
    async fn all_read(&self, generation: usize, paths: usize) {
        let read = || {
            let reads = self.reads.lock().expect("no reader panics in it");
            reads.iter().filter(|(of, _)| *of == generation).count()
        };
        let all_read = async {
            while read() < paths {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let all_read = tokio::time::timeout(Duration::from_mins(1), all_read).await;
        all_read.expect("every reader reads every generation");
    }
}

/// Publishes one package that every generation has, with other bytes, and one of its own. Answers the path of a file.
async fn publish(
    ruby: &Client,
    python: &Client,
    javascript: &Client,
    generation: usize,
    progress: &Progress,
) -> String {
    let text = format!("generation {generation}");
    let own = format!("only-{generation}");
    for gem in [Gem::banana().summary(&text), Gem::new(&own, "1.0.0")] {
        let file = gem.build();
        let id = ruby.publish(&file).await.id();
        progress.mark(generation, id);
        progress.mark(generation, Digest::sha256(&file.bytes).to_string());
    }
    let summary = format!("Summary: {text}\n");
    let mut path = String::new();
    for file in [wheel("banana", "1.0", &summary), wheel(&own, "1.0", "")] {
        let id = python.publish(&file).await.id();
        path = format!("/pypi/files/{id}/{}", file.name);
        progress.mark(generation, id);
        progress.mark(generation, Digest::sha256(&file.bytes).to_string());
    }
    for (name, description) in [("banana", &text), (own.as_str(), &own)] {
        let package = json!({"name": name, "version": "1.0.0", "description": description});
        assert_eq!(javascript.npm_publish(&package, "latest").await.status, 201);
    }
    progress.mark(generation, text);
    progress.mark(generation, own);
    path
}

/// Reads a path again and again, until it is aborted.
async fn read(user: Client, path: String, progress: Arc<Progress>) {
    loop {
        let generation = progress.current.load(Ordering::SeqCst);
        let answer = user.call(Method::GET, &user.native(&path)).await;
        assert!(
            answer.status.as_u16() < 500,
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        let mut shown = answer.header("location").unwrap_or_default().to_owned();
        if path.contains("specs.4.8") && answer.status == 200 {
            let mut text = Vec::new();
            let mut gzip = flate2::read::GzDecoder::new(&*answer.body);
            gzip.read_to_end(&mut text).expect("gzip");
            shown.push_str(&String::from_utf8_lossy(&text));
        } else {
            shown.push_str(answer.text());
        }
        progress.check(generation, &path, &shown);
    }
}

/// Readers of pages, indexes and files.
fn start_readers(
    ruby: &Client,
    python: &Client,
    javascript: &Client,
    progress: &Arc<Progress>,
) -> JoinSet<()> {
    let mut readers = JoinSet::new();
    for (user, path) in [
        (ruby, "/versions"),
        (ruby, "/names"),
        (ruby, "/specs.4.8.gz"),
        (ruby, "/info/banana"),
        (ruby, "/gems/banana-1.0.0.gem"),
        (python, "/pypi/simple/"),
        (python, "/pypi/simple/banana/"),
        (javascript, "/npm/banana"),
        (javascript, "/npm/banana/latest"),
    ] {
        readers.spawn(read(user.clone(), path.to_owned(), Arc::clone(progress)));
    }
    readers
}

/// Deletes every registry and makes it anew.
async fn renew(app: &TestApp) {
    for (registry, ecosystem) in [
        (REGISTRY, Ecosystem::Ruby),
        (PYTHON, Ecosystem::Python),
        (NPM, Ecosystem::Javascript),
    ] {
        let address = format!("{}/{registry}", app.user.organization)
            .parse()
            .expect("an address");
        let old = app.records.registry(&address).await.expect("a registry");
        let deleted = app.records.delete_registry(&old, tester()).await;
        deleted.expect("it was there");
        app.create_registry(registry, ecosystem).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_registries_show_nothing_of_earlier_ones() {
    let app = TestApp::start().await;
    let (python, npm) = (user_of(&app).await, npm_user(&app).await);
    let following_none = |user: &Client| Client {
        http: python.http.clone(),
        ..user.clone()
    };
    let (ruby, javascript) = (following_none(&app.user), following_none(&npm));
    let progress = Arc::new(Progress::default());
    let mut readers = start_readers(&ruby, &python, &javascript, &progress);
    for generation in 0..GENERATIONS {
        let file = publish(&ruby, &python, &javascript, generation, &progress).await;
        let found = python.call(Method::GET, &python.native(&file)).await;
        assert_eq!(found.status, 302, "{file}");
        // The new registry is seen by the very next read.
        let info = ruby.call(Method::GET, &ruby.native("/info/banana")).await;
        assert_eq!(info.status, 200, "{}", info.text());
        let names = ruby.call(Method::GET, &ruby.native("/names")).await;
        assert_eq!(names.text(), format!("---\nbanana\nonly-{generation}\n"));
        progress.all_read(generation, readers.len()).await;
        renew(&app).await;
        progress.current.store(generation + 1, Ordering::SeqCst);
        let lost = python.call(Method::GET, &python.native(&file)).await;
        assert_eq!(lost.status, 404, "{file}");
    }
    assert!(readers.try_join_next().is_none(), "a reader has failed");
    readers.abort_all();
    while let Some(ended) = readers.join_next().await {
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "a reader has failed"
        );
    }
    for (user, path) in [
        (&ruby, "/info/banana"),
        (&ruby, "/gems/banana-1.0.0.gem"),
        (&python, "/pypi/simple/banana/"),
        (&javascript, "/npm/banana"),
    ] {
        assert_eq!(
            user.call(Method::GET, &user.native(path)).await.status,
            404,
            "{path}"
        );
    }
}
