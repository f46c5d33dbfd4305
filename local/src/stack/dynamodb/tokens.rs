//! Transactions that must not be applied twice, by their request tokens.
//!
//! Amazon DynamoDB Developer Guide, "Idempotency": a token is valid for ten minutes after its request has finished. The
//! database remembers tokens as well, but looks through all of them at each transaction: the more were applied in the
//! last ten minutes, the longer each would take.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dynoxide::DynoxideError;
use dynoxide::actions::transact_write_items::{TransactWriteItem, TransactWriteItemsResponse};

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_mins(10);
/// The longest token, in bytes; the database refuses longer ones.
pub(super) const MOST_BYTES: usize = 36;

/// The transactions of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    applied: HashMap<Arc<str>, Applied>,
    /// The same tokens, the oldest first.
    in_order: VecDeque<(Instant, Arc<str>)>,
}

#[derive(Debug)]
struct Applied {
    items: Fingerprint,
    answer: TransactWriteItemsResponse,
}

/// Hash of the items of a transaction, the same in whatever order their attributes were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of(items: &[TransactWriteItem]) -> Result<Self, DynoxideError> {
        let items = serde_json::to_value(items)
            .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
        let mut hasher = DefaultHasher::new();
        items.hash(&mut hasher);
        Ok(Self(hasher.finish()))
    }
}

impl Tokens {
    /// Applies a transaction, unless one of this token was: then it is answered as that one, or refused where that had
    /// other items. What fails is not remembered.
    pub(super) fn once(
        &mut self,
        token: &str,
        items: Fingerprint,
        now: Instant,
        apply: impl FnOnce() -> Result<TransactWriteItemsResponse, DynoxideError>,
    ) -> Result<TransactWriteItemsResponse, DynoxideError> {
        self.forget_before(now);
        if let Some(applied) = self.applied.get(token) {
            return if applied.items == items {
                Ok(applied.answer.clone())
            } else {
                Err(DynoxideError::IdempotentParameterMismatchException(
                    "The request token was used for other items within the last ten minutes.".to_owned(),
                ))
            };
        }
        let answer = apply()?;
        let token: Arc<str> = token.into();
        self.in_order.push_back((now, Arc::clone(&token)));
        let applied = Applied {
            items,
            answer: answer.clone(),
        };
        self.applied.insert(token, applied);
        Ok(answer)
    }

    fn forget_before(&mut self, now: Instant) {
        while let Some((applied, _)) = self.in_order.front()
            && now.duration_since(*applied) >= REMEMBERED
            && let Some((_, token)) = self.in_order.pop_front()
        {
            self.applied.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEMS: Fingerprint = Fingerprint(1);

    fn once(tokens: &mut Tokens, token: &str, items: Fingerprint, now: Instant) -> &'static str {
        let mut applied = false;
        let outcome = tokens.once(token, items, now, || {
            applied = true;
            Ok(TransactWriteItemsResponse::default())
        });
        match (outcome, applied) {
            (Ok(_), true) => "applied",
            (Ok(_), false) => "repeated",
            (Err(DynoxideError::IdempotentParameterMismatchException(_)), false) => "mismatch",
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn tokens_are_remembered_for_ten_minutes() {
        let (mut tokens, start) = (Tokens::default(), Instant::now());
        assert_eq!(once(&mut tokens, "a", ITEMS, start), "applied");
        assert_eq!(once(&mut tokens, "b", ITEMS, start + REMEMBERED / 2), "applied");
        let almost = start + REMEMBERED.mul_f64(0.99);
        assert_eq!(once(&mut tokens, "a", ITEMS, almost), "repeated");
        assert_eq!(once(&mut tokens, "a", Fingerprint(2), almost), "mismatch");
        assert_eq!(once(&mut tokens, "a", ITEMS, start + REMEMBERED), "applied");
        assert_eq!(once(&mut tokens, "b", ITEMS, start + REMEMBERED), "repeated");
        assert_eq!(once(&mut tokens, "c", ITEMS, start + REMEMBERED * 3), "applied");
        assert_eq!((tokens.applied.len(), tokens.in_order.len()), (1, 1));
    }

    #[test]
    fn failed_transactions_are_not_remembered() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let failed = || Err(DynoxideError::InternalServerError("failed".to_owned()));
        assert!(tokens.once("a", ITEMS, now, failed).is_err());
        assert_eq!(once(&mut tokens, "a", ITEMS, now), "applied");
    }

    #[test]
    fn fingerprints_ignore_the_order_of_attributes() {
        let of = |json: &str| {
            let items: Vec<TransactWriteItem> = serde_json::from_str(json).unwrap();
            Fingerprint::of(&items).unwrap()
        };
        let put = |item: &str| {
            of(&format!(
                r#"[{{"Put": {{"TableName": "t", "Item": {{{item}}}}}}}]"#
            ))
        };
        let (a, b) = (r#""a": {"S": "1"}"#, r#""b": {"N": "2"}"#);
        assert_eq!(put(&format!("{a}, {b}")), put(&format!("{b}, {a}")));
        assert_ne!(put(&format!("{a}, {b}")), put(a));
        assert_ne!(put(r#""a": {"S": "1"}"#), put(r#""a": {"N": "1"}"#));
    }
}
