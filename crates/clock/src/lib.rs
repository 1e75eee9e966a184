//! The present time and timers, handed in from `main` so that a test can turn the clock instead of waiting.

#![forbid(unsafe_code)]

use milepost_domain::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A source of the present time and of timers. Clones share one time.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How far the clock was turned ahead of the machine's.
    ahead: watch::Receiver<Duration>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { now: Arc::new(system_time), ahead: watch::channel(Duration::ZERO).1 }
    }

    /// A clock that asks `now` for the time of day. Its timers run at the machine's pace.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), ahead: watch::channel(Duration::ZERO).1 }
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.now)().plus_ms(i64::try_from(self.ahead.borrow().as_millis()).unwrap_or(i64::MAX))
    }

    /// The machine's time of day, without what this clock was turned.
    pub fn unturned(&self) -> Timestamp {
        (self.now)()
    }

    /// Monotonic time: what deadlines and intervals are measured with.
    pub fn instant(&self) -> Instant {
        Instant::now() + *self.ahead.borrow()
    }

    /// How far this clock was turned ahead of the machine's.
    pub fn ahead(&self) -> Duration {
        *self.ahead.borrow()
    }

    /// Waits until [`Self::instant`] has reached `deadline`.
    pub async fn sleep_until(&self, deadline: Instant) {
        let mut ahead = self.ahead.clone();
        loop {
            let turned = *ahead.borrow_and_update();
            let Some(real) = deadline.checked_sub(turned) else { return };
            tokio::select! {
                () = tokio::time::sleep_until(real) => return,
                // An error means that nobody can turn this clock any more: the timer above is right.
                Ok(()) = ahead.changed() => {}
            }
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.instant() + duration).await;
    }

    /// The output of `future`, or `None` if `deadline` came first.
    pub async fn timeout_at<F: Future>(&self, deadline: Instant, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.sleep_until(deadline) => None,
        }
    }

    /// The output of `future`, or `None` if it took longer than `duration`.
    pub async fn timeout<F: Future>(&self, duration: Duration, future: F) -> Option<F::Output> {
        self.timeout_at(self.instant() + duration, future).await
    }
}

/// A clock that runs at the machine's pace and can be turned ahead, for tests.
pub struct TurnableClock {
    ahead: watch::Sender<Duration>,
    clock: Clock,
}

impl TurnableClock {
    /// A clock that shows the machine's time until it is turned.
    #[expect(clippy::new_without_default, reason = "a default clock would hide that it can be turned")]
    pub fn new() -> Self {
        Self::on_wrong_machine(0)
    }

    /// The same on a machine whose time of day is wrong by so much.
    pub fn on_wrong_machine(ahead_ms: i64) -> Self {
        let (ahead, receiver) = watch::channel(Duration::ZERO);
        Self { ahead, clock: Clock { now: Arc::new(move || system_time().plus_ms(ahead_ms)), ahead: receiver } }
    }

    /// The clock, for the code under test.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Turns the clock ahead; timers whose deadline has come by it end at once.
    pub fn turn(&self, duration: Duration) {
        self.ahead.send_modify(|ahead| *ahead += duration);
    }
}

fn system_time() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(0).expect("0 is in range").plus_ms(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn turning_the_clock_ends_a_timer_whose_deadline_has_come() {
        let turnable = TurnableClock::new();
        let clock = turnable.clock();
        let timer = tokio::spawn(async move { clock.sleep(HOUR).await });
        tokio::task::yield_now().await;
        turnable.turn(HOUR / 2);
        tokio::task::yield_now().await;
        assert!(!timer.is_finished(), "half of the time is left");
        let before = Instant::now();
        turnable.turn(HOUR / 2);
        timer.await.expect("the timer does not panic");
        assert_eq!(Instant::now(), before, "no time passed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_ends_by_itself_when_nobody_turns_the_clock() {
        let clock = Clock::system();
        let before = Instant::now();
        clock.sleep(HOUR).await;
        assert_eq!(Instant::now() - before, HOUR);
        assert_eq!(clock.timeout(HOUR, std::future::pending::<()>()).await, None);
        assert_eq!(clock.timeout(HOUR, async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn a_turned_clock_shows_the_later_time_of_day() {
        let turnable = TurnableClock::new();
        let clock = turnable.clock();
        let (before, instant) = (clock.now(), clock.instant());
        turnable.turn(HOUR);
        assert!(clock.now().ms_since(before) >= 3_600_000);
        assert!(clock.instant() - instant >= HOUR);
    }
}
