//! Steps: the calls of AWS that a call of the API makes, noted while they go on, so that the log can name the
//! one that failed or ran out of time.
//!
//! An interceptor sees every call of both SDK clients, so no place that makes one can forget to be named. Keys
//! are told by their kind: their text may hold a package's name or a token's digest.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Moment;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result};

/// Kinds of the keys that a call of AWS is about, each once.
pub(crate) type KeyKinds = Vec<&'static str>;

/// One call of AWS, with the SDK's own repeats.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Service and operation.
    metadata: Metadata,
    keys: KeyKinds,
    /// Attempts of earlier steps that were this one and failed.
    earlier_attempts: u32,
    /// Attempts of this step.
    attempts: u32,
    begun: Moment,
}

impl Step {
    /// Attempts of this call of the API: ours and the SDK's together.
    fn all_attempts(&self) -> u32 {
        self.earlier_attempts + self.attempts.max(1)
    }

    /// The step where this many attempts were made.
    pub(crate) fn after(self, attempts: u32) -> Self {
        Self {
            earlier_attempts: attempts.saturating_sub(self.attempts),
            ..self
        }
    }

    /// Whether it is the same operation on the same kinds of keys.
    fn is_like(&self, other: &Self) -> bool {
        self.metadata.name() == other.metadata.name() && self.keys == other.keys
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, operation) = (self.metadata.service(), self.metadata.name());
        let (keys, attempts) = (self.keys.join(", "), self.all_attempts());
        write!(f, "{service} {operation} ({keys}), attempt {attempts}")
    }
}

/// The steps of one call of the API.
#[derive(Debug, Clone, Default)]
struct Steps(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    /// Each beside the identity of its execution.
    under_way: Vec<(usize, Step)>,
    /// Steps that failed and were not made good since.
    failed: Vec<Step>,
    last: Option<Step>,
}

impl Steps {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, execution: usize, mut step: Step) {
        let mut noted = self.noted();
        let earlier = noted.failed.iter().find(|failed| failed.is_like(&step));
        step.earlier_attempts = earlier.map_or(0, Step::all_attempts);
        // One that was given up before its end may have had the same place in memory.
        noted.under_way.retain(|(other, _)| *other != execution);
        noted.under_way.push((execution, step));
    }

    fn end(&self, execution: usize, has_failed: bool) -> Option<Step> {
        let mut noted = self.noted();
        let place = noted
            .under_way
            .iter()
            .position(|(other, _)| *other == execution)?;
        let (_, step) = noted.under_way.remove(place);
        noted.failed.retain(|failed| !failed.is_like(&step));
        if has_failed {
            noted.failed.push(step.clone());
        }
        noted.last = Some(step.clone());
        Some(step)
    }
}

impl fmt::Display for Steps {
    /// Completes the sentence "the time was up …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noted = self.noted();
        let under_way: Vec<_> = noted.under_way.iter().map(|(_, step)| step.to_string()).collect();
        match (under_way.is_empty(), &noted.last) {
            (false, _) => write!(f, "during {}", under_way.join("; ")),
            (true, Some(last)) => write!(f, "between calls of AWS, after {last}"),
            (true, None) => f.write_str("before the first call of AWS"),
        }
    }
}

tokio::task_local! {
    /// The steps of the call of the API that this task works for.
    static CALL: Steps;
}

thread_local! {
    /// The step that ended last on this thread. An error of the SDK is turned into ours by whoever called it,
    /// before anything else is polled here, so that it is the error's own.
    static ENDED: RefCell<Option<Step>> = const { RefCell::new(None) };
}

/// Notes the steps of `work`, as one call.
pub(crate) async fn noted<T>(work: impl Future<Output = T>) -> T {
    CALL.scope(Steps::default(), work).await
}

/// Notes the steps of `work`, which runs in a task of its own, among those of the call that begins it.
pub(crate) fn shared<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    CALL.scope(current(), work)
}

/// Notes the steps of `work`, which runs on a thread of its own, among those of the call that begins it.
pub(crate) fn shared_blocking<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let steps = current();
    move || CALL.sync_scope(steps, work)
}

fn current() -> Steps {
    CALL.try_with(Clone::clone).unwrap_or_default()
}

/// The step that has just ended, for the error that it ended with.
pub(crate) fn just_ended() -> Option<Step> {
    ENDED.take()
}

/// Ends `work` at `end`, in our own 503, whose cause names the step that it was in.
///
/// The work gets memory of its own here: whoever awaits it for one of many calls has room for a pointer, not for the
/// largest of them.
pub(crate) fn in_time<T>(
    end: Instant,
    whose: &'static str,
    work: impl Future<Output = Result<T>>,
) -> impl Future<Output = Result<T>> {
    // Kept until the steps under way have been told: they end with it.
    let mut work = Box::pin(work);
    async move {
        match timeout_at(end, work.as_mut()).await {
            Ok(done) => done,
            Err(_) => Err(Error::Unavailable(format!(
                "the {whose}'s time was up {}",
                current()
            ))),
        }
    }
}

/// Interceptor that notes the steps of one service.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) key_kinds: fn(&Input) -> KeyKinds,
}

/// Identity of an execution: it has one bag, which does not move as long as it lasts.
fn identity(cfg: &ConfigBag) -> usize {
    std::ptr::from_ref(cfg).addr()
}

#[dyn_dispatch_hint]
impl Intercept for Notes {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            let step = Step {
                metadata: metadata.clone(),
                keys: (self.key_kinds)(context.input()),
                earlier_attempts: 0,
                attempts: 0,
                begun: Moment::now(),
            };
            let _ = CALL.try_with(|steps| steps.begin(identity(cfg), step));
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempts = cfg.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        let _ = CALL.try_with(|steps| {
            let mut noted = steps.noted();
            let own = noted
                .under_way
                .iter_mut()
                .find(|(other, _)| *other == identity(cfg));
            if let Some((_, step)) = own {
                step.attempts = attempts;
            }
        });
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let has_failed = !matches!(context.output_or_error(), Some(Ok(_)));
        let ended = CALL.try_with(|steps| steps.end(identity(cfg), has_failed));
        let ended = ended.ok().flatten();
        // To sign an address, nothing is sent.
        if let Some(step) = ended.as_ref().filter(|step| step.attempts > 0) {
            tracing::debug!(
                service = step.metadata.service(),
                operation = step.metadata.name(),
                keys = step.keys.join(", "),
                attempts = step.all_attempts(),
                milliseconds = u64::try_from(step.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                has_failed,
                "asked AWS"
            );
        }
        ENDED.set(ended);
        Ok(())
    }
}

/// The kinds in the order of their first appearance, each once.
pub(crate) fn distinct(kinds: impl Iterator<Item = &'static str>) -> KeyKinds {
    let mut distinct = KeyKinds::new();
    for kind in kinds {
        if !distinct.contains(&kind) {
            distinct.push(kind);
        }
    }
    distinct
}
