//! Decides what follows from a try: delivered, tried again at a time, or given up.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use milepost_domain::{Target, Timestamp};
use milepost_store::{CallOutcome, DueCall};
use std::time::Duration;

/// The longest pause that a receiver may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// The longest pause between two tries of a mail.
const MAIL_MAX_DELAY: Duration = Duration::from_secs(120);
/// The tries that every call gets regardless of its age: it may have been made due again by hand, or have waited while no
/// server ran.
const MIN_TRIES: u32 = 4;

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The receiver answered.
    Answered { status: u16, retry_after: Option<Duration> },
    /// There was no answer. The reason has no secrets in it.
    Unanswered(String),
    /// The mail server refused the receiver or the message.
    MailRefused { code: u16, error: String },
    /// The call was not sent and will not be, for this reason.
    Unsent(&'static str),
}

impl Ending {
    /// Whether the host is failing, so that more calls at once would make it worse.
    pub(crate) fn asks_for_less(&self) -> bool {
        match self {
            Self::Answered { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::Unanswered(_) => true,
            Self::MailRefused { .. } | Self::Unsent(_) => false,
        }
    }

    /// How long nothing is to go to this receiver. `Retry-After` speaks of the receiver with 503 (RFC 9110, 10.2.3) and
    /// of its client with 429 (RFC 6585, 4). With 3xx it is about the redirected request, which is not made, with 413
    /// about a request of that size, and with others undefined: there it holds for the one call.
    pub(crate) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Answered { status: 429 | 503, retry_after: Some(asked) } if !asked.is_zero() => {
                Some((*asked).min(MAX_RETRY_AFTER))
            }
            _ => None,
        }
    }
}

/// How long and how often calls are tried.
pub(crate) struct RetryPolicy {
    pub(crate) first_delay: Duration,
    pub(crate) max_delay: Duration,
    pub(crate) give_up_after: Duration,
}

impl RetryPolicy {
    /// The outcome of a try of `call` that ended `now`, for the store.
    pub(crate) fn outcome(
        &self,
        call: &DueCall,
        ending: &Ending,
        now: Timestamp,
        random: &dyn Fn(u64) -> u64,
    ) -> CallOutcome {
        let (status, error, asked) = match ending {
            Ending::Answered { status: status @ 200..=299, .. } => return CallOutcome::Delivered { status: *status },
            Ending::Answered { status: status @ 300..=399, .. } => {
                (Some(*status), format!("answered {status}; redirects are not followed"), None)
            }
            Ending::Answered { status, retry_after } => (Some(*status), format!("answered {status}"), *retry_after),
            Ending::Unanswered(error) => (None, error.clone(), None),
            Ending::MailRefused { code, error } => (Some(*code), error.clone(), None),
            Ending::Unsent(why) => return CallOutcome::Dead { status: None, error: (*why).to_owned() },
        };
        // A second refusal for good ends the address (RFC 5321, section 4.2.1, calls the 5xx permanent).
        if let (Ending::MailRefused { code: status @ 500..=599, .. }, Some(mail)) = (ending, &call.mail)
            && mail.was_refused
        {
            return CallOutcome::AddressRefused { status: *status, error };
        }
        // With 410 a webhook's receiver says that it wants no more calls.
        if let (Some(status @ 410), Target::Webhook(_)) = (status, call.target) {
            return CallOutcome::Unwanted { status, error };
        }
        // The browser has ended its subscription, or no longer exists.
        if matches!(status, Some(404 | 410)) && matches!(call.target, Target::Push(_)) {
            return CallOutcome::Gone;
        }
        let age_ms = now.ms_since(call.created_at);
        if call.attempts.saturating_add(1) >= MIN_TRIES && age_ms >= ms(self.give_up_after) {
            return CallOutcome::Dead { status, error };
        }
        // Servers that don't know a sender yet take its mail after some minutes, and people wait for it.
        let most = if call.mail.is_some() { self.max_delay.min(MAIL_MAX_DELAY) } else { self.max_delay };
        let pause_ms =
            self.pause_ms(call.attempts, most, random).max(ms(asked.unwrap_or_default().min(MAX_RETRY_AFTER)));
        CallOutcome::Retry { at: now.plus_ms(pause_ms), status, error }
    }

    /// Full jitter: a random part of the doubled pause, so that calls that failed together are not retried together.
    fn pause_ms(&self, attempts: u32, most: Duration, random: &dyn Fn(u64) -> u64) -> i64 {
        let doubled = ms(self.first_delay).saturating_mul(1_i64.checked_shl(attempts.min(40)).unwrap_or(i64::MAX));
        let most = doubled.min(ms(most)).max(1);
        i64::try_from(random(most.unsigned_abs())).unwrap_or(most)
    }
}

/// Reads a `Retry-After` header: seconds or a date. A date is compared with the answer's own `Date`, if it has one: the
/// receiver's clock may differ from this one.
pub(crate) fn parse_retry_after(value: &str, answered_at: Option<&str>, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a very long pause.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = http_date_ms(value)?;
    let from = answered_at.and_then(http_date_ms).unwrap_or_else(|| now.unix_ms());
    Some(Duration::from_millis(u64::try_from(at.saturating_sub(from)).unwrap_or(0)))
}

/// Reads a date of HTTP in one of the three forms that a recipient must know (RFC 9110, 5.6.7), as Unix milliseconds.
fn http_date_ms(text: &str) -> Option<i64> {
    const OBSOLETE: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let text = text.trim();
    if let Ok(at) = jiff::fmt::rfc2822::parse(text) {
        return Some(at.timestamp().as_millisecond());
    }
    let at = OBSOLETE.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
    TimeZone::UTC.to_timestamp(at).ok().map(jiff::Timestamp::as_millisecond)
}

pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{PushId, TenantId, WebhookId};
    use milepost_store::{CallNo, CallQueue};

    const HOUR_MS: i64 = 3_600_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms).unwrap()
    }

    fn call(target: Target, attempts: u32) -> DueCall {
        DueCall {
            no: CallNo(1),
            queue: CallQueue::new(1, String::new()),
            tenant: TenantId::default_tenant(),
            target,
            webhook: None,
            push: None,
            mail: None,
            path: String::new(),
            body: String::new(),
            key: String::new(),
            created_at: at(0),
            attempts,
            lease_until: at(0),
        }
    }

    fn policy() -> RetryPolicy {
        RetryPolicy {
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(600),
            give_up_after: Duration::from_secs(24 * 3600),
        }
    }

    fn answered(status: u16) -> Ending {
        Ending::Answered { status, retry_after: None }
    }

    fn retried_at(attempts: u32, ending: &Ending, now_ms: i64, random: &dyn Fn(u64) -> u64) -> i64 {
        match policy().outcome(&call(Target::Orders, attempts), ending, at(now_ms), random) {
            CallOutcome::Retry { at, .. } => at.unix_ms() - now_ms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_double_up_to_ten_minutes_with_full_jitter() {
        for (attempts, most_ms) in [(0, 1_000), (1, 2_000), (5, 32_000), (9, 512_000), (10, 600_000), (4_000, 600_000)]
        {
            assert_eq!(retried_at(attempts, &answered(500), 5_000, &|most| most), most_ms);
            assert_eq!(retried_at(attempts, &answered(500), 5_000, &|_| 0), 0);
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause_of_up_to_an_hour() {
        let asks = |seconds| Ending::Answered { status: 503, retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(retried_at(0, &asks(120), 0, &|most| most), 120_000);
        assert_eq!(retried_at(0, &asks(0), 0, &|most| most), 1_000);
        assert_eq!(retried_at(0, &asks(u64::MAX), 0, &|most| most), HOUR_MS);
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_in_any_of_the_three_forms() {
        let check = |value: &str, now_ms, expected: Option<u64>| {
            assert_eq!(parse_retry_after(value, None, at(now_ms)), expected.map(Duration::from_millis), "{value}");
        };
        check(" 7 ", 0, Some(7_000));
        check("0", 0, Some(0));
        check("Thu, 01 Jan 1970 00:01:00 GMT", 1_000, Some(59_000));
        check("Thursday, 01-Jan-70 00:01:00 GMT", 1_000, Some(59_000));
        check("Thu Jan  1 00:01:00 1970", 1_000, Some(59_000));
        check("Thu, 01 Jan 1970 00:01:00 GMT", HOUR_MS, Some(0));
        for unreadable in ["soon", "-1", "1.5", "", "+7", "Thu, 32 Jan 1970 00:01:00 GMT"] {
            check(unreadable, 0, None);
        }
        let endless = parse_retry_after("99999999999999999999999999", None, at(0));
        assert_eq!(endless, Some(Duration::from_secs(u64::MAX)));
        // The receiver's clock is a day behind: it means a minute all the same.
        let behind = |date| parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", Some(date), at(24 * HOUR_MS));
        assert_eq!(behind("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(behind("yesterday"), Some(Duration::ZERO));
    }

    #[test]
    fn only_429_and_503_are_about_the_whole_receiver() {
        let pause = |status, seconds| {
            Ending::Answered { status, retry_after: Some(Duration::from_secs(seconds)) }.pause().map(|it| it.as_secs())
        };
        for status in [429, 503] {
            assert_eq!((pause(status, 60), pause(status, 0), pause(status, u64::MAX)), (Some(60), None, Some(3_600)));
        }
        for status in [200, 301, 307, 400, 404, 413, 500, 502, 504] {
            assert_eq!(pause(status, 60), None, "{status}");
        }
        assert_eq!(answered(429).pause(), None, "nothing was asked for");
    }

    #[test]
    fn a_call_is_given_up_after_a_day_but_never_before_its_fourth_try() {
        let dies = |attempts, now_ms, ending: &Ending| {
            let outcome = policy().outcome(&call(Target::Orders, attempts), ending, at(now_ms), &|most| most);
            matches!(outcome, CallOutcome::Dead { .. })
        };
        assert!(!dies(100, 24 * HOUR_MS - 1, &answered(404)));
        assert!(dies(100, 24 * HOUR_MS, &answered(404)));
        assert!(dies(100, 24 * HOUR_MS, &Ending::Unanswered("no answer".to_owned())));
        assert!(!dies(2, 48 * HOUR_MS, &answered(500)));
        assert!(dies(3, 48 * HOUR_MS, &answered(500)));
    }

    #[test]
    fn gone_disables_a_webhook_but_not_a_service() {
        let outcome = |target| policy().outcome(&call(target, 0), &answered(410), at(0), &|most| most);
        assert!(matches!(outcome(Target::Webhook(WebhookId(1))), CallOutcome::Unwanted { status: 410, .. }));
        assert!(matches!(outcome(Target::Orders), CallOutcome::Retry { status: Some(410), .. }));
    }

    #[test]
    fn gone_or_not_found_ends_a_browsers_subscription() {
        let push = Target::Push(PushId::new(1).unwrap());
        let outcome = |target, status| policy().outcome(&call(target, 0), &answered(status), at(0), &|most| most);
        for status in [404, 410] {
            assert_eq!(outcome(push, status), CallOutcome::Gone);
        }
        for status in [400, 401, 403, 413, 429, 500] {
            assert!(matches!(outcome(push, status), CallOutcome::Retry { .. }), "{status}");
        }
        assert!(matches!(outcome(Target::Webhook(WebhookId(1)), 404), CallOutcome::Retry { .. }));
    }

    #[test]
    fn only_a_2xx_answer_is_a_success() {
        for status in [200, 201, 202, 204, 299] {
            let outcome = policy().outcome(&call(Target::Orders, 0), &answered(status), at(0), &|most| most);
            assert_eq!(outcome, CallOutcome::Delivered { status });
        }
        for status in [101, 300, 301, 304, 400, 404, 409, 422, 500, 599] {
            assert!(retried_at(0, &answered(status), 0, &|most| most) > 0, "{status}");
        }
    }
}
