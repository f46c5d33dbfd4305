//! Many cases at once, which spend their time waiting.

use tokio::task::JoinSet;

/// How many run at once.
const AT_ONCE: usize = 16;

/// Runs every case to its end, and fails where any has.
pub(crate) async fn run_all<C>(cases: impl IntoIterator<Item = C>)
where
    C: Future<Output = ()> + Send + 'static,
{
    run_at_once(AT_ONCE, cases).await;
}

/// Runs every case to its end, this many at once: fewer where they work rather than wait.
pub(crate) async fn run_at_once<C>(count: usize, cases: impl IntoIterator<Item = C>)
where
    C: Future<Output = ()> + Send + 'static,
{
    let mut cases = cases.into_iter();
    let mut running: JoinSet<_> = cases.by_ref().take(count).collect();
    let mut failed = 0;
    while let Some(ended) = running.join_next().await {
        failed += usize::from(ended.is_err());
        if let Some(next) = cases.next() {
            running.spawn(next);
        }
    }
    assert_eq!(failed, 0, "cases have failed");
}
