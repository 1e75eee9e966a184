//! Reads large bodies, and makes the long answers to them, on threads that give way to all others.
//!
//! Ten thousand positions take milliseconds of a processor. On a thread of the runtime everybody's requests would wait for
//! them; on other threads of the same priority a sender that never pauses would still get as much of the processors as
//! all others together.

use crate::fair_reads::ReadPermit;
use crate::{FairReads, Reader, ServiceError};
use milepost_domain::{Caller, TenantId};
use tokio::runtime::{Builder, Runtime};

/// A larger body is read in its turn, and beside the threads that serve everybody.
pub const LARGE_BODY_BYTES: usize = 64 * 1024;

/// By how much the threads are nicer than the others: beside one other thread they get a tenth of a processor.
#[cfg(target_os = "linux")]
const NICER: i32 = 10;

/// The threads, shared out as large reads are, but apart from them.
pub struct LargeBodies {
    shares: FairReads,
    /// Only its threads for blocking work are used. `None` while it is dropped.
    threads: Option<Runtime>,
}

impl LargeBodies {
    /// Computes something for a caller, in its turn.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] after ten seconds, and [`ServiceError::Internal`] if `work` panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        caller: &Caller,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let permit = self.shares.permit_in_time(tenant, caller).await?;
        self.run(permit, work).await
    }

    /// Computes something for a caller, in its turn, however long others take before it. The caller bounds how much waits.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] if `work` panics.
    pub(crate) async fn compute_in_turn<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        caller: &Caller,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let permit = self.shares.permit(tenant, Some(&Reader::of(caller))).await;
        self.run(permit, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: ReadPermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let threads = self.threads.as_ref().expect("it is taken when this is dropped");
        // The permit goes with the work, which goes on if the caller stops waiting.
        let computed = threads.spawn_blocking(move || {
            let computed = work();
            drop(permit);
            computed
        });
        computed.await.map_err(|error| {
            tracing::error!(%error, "a large body could not be read, or answered");
            ServiceError::Internal
        })
    }

    /// The shares of callers and tenants.
    pub const fn shares(&self) -> &FairReads {
        &self.shares
    }

    /// For pictures, which take much memory: one at a time.
    pub(crate) fn of_pictures() -> Self {
        Self::shared_out(FairReads::of_pictures())
    }

    fn shared_out(shares: FairReads) -> Self {
        let threads = Builder::new_current_thread()
            .thread_name("large-body")
            .max_blocking_threads(crate::fair_reads::PARALLEL_READS)
            .on_thread_start(give_way)
            .build();
        let threads = threads.expect("a runtime without drivers needs nothing of the system");
        Self { shares, threads: Some(threads) }
    }
}

impl Default for LargeBodies {
    fn default() -> Self {
        Self::shared_out(FairReads::of_large_reads())
    }
}

impl Drop for LargeBodies {
    fn drop(&mut self) {
        // Dropping it would wait for its threads, which must not be done on a thread of another runtime.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// Lowers the priority of the current thread. Elsewhere than on Linux the call would be about the process.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::warn!(%error, "large bodies are read with the priority of everything else");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Principal, Role};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn caller(tenant: &str, subject: &str) -> Caller {
        let (subject, role) = (subject.to_owned(), Role::Admin);
        let principal = Principal::User { id: None, subject, role, cadet_id: None, vehicle_ids: Vec::new() };
        Caller { tenant: TenantId::new(tenant).unwrap(), principal, expires_at: None }
    }

    #[tokio::test]
    async fn a_long_computation_keeps_neither_the_runtime_nor_other_callers() {
        let bodies = Arc::new(LargeBodies::default());
        let (release, released) = mpsc::channel::<()>();
        let greedy = caller("greedy", "1");
        let first = tokio::spawn({
            let (bodies, greedy) = (Arc::clone(&bodies), greedy.clone());
            async move { bodies.compute(&greedy.tenant, &greedy, move || released.recv().is_ok()).await }
        });
        while bodies.shares().running() == 0 {
            tokio::task::yield_now().await;
        }
        let own = bodies.compute(&greedy.tenant, &greedy, || ());
        assert!(timeout(Duration::from_millis(50), own).await.is_err(), "a caller's next one waits for its first");
        for other in [caller("greedy", "2"), caller("other", "1")] {
            let computed = timeout(PATIENCE, bodies.compute(&other.tenant, &other, || 7)).await;
            assert_eq!(computed.unwrap().unwrap(), 7);
        }
        release.send(()).unwrap();
        assert!(timeout(PATIENCE, first).await.unwrap().unwrap().unwrap());
        assert_eq!(bodies.shares().running(), 0);
    }

    #[tokio::test]
    async fn a_computation_whose_caller_went_away_still_counts() {
        let bodies = LargeBodies::default();
        let (release, released) = mpsc::channel::<()>();
        let caller = caller("t", "1");
        let left = timeout(
            Duration::from_millis(50),
            bodies.compute(&caller.tenant, &caller, move || released.recv().is_ok()),
        );
        assert!(left.await.is_err());
        assert_eq!(bodies.shares().running(), 1);
        release.send(()).unwrap();
        timeout(PATIENCE, bodies.compute(&caller.tenant, &caller, || ())).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_fault_is_an_error_of_its_caller_alone() {
        let bodies = LargeBodies::default();
        let caller = caller("t", "1");
        let failed = bodies.compute(&caller.tenant, &caller, || panic!("a fault")).await;
        assert!(matches!(failed, Err(ServiceError::Internal)), "{failed:?}");
        assert_eq!(bodies.compute(&caller.tenant, &caller, || 1).await.unwrap(), 1);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn its_threads_give_way_and_no_others_do() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let (before, caller) = (priority(), caller("t", "1"));
        let theirs = LargeBodies::default().compute(&caller.tenant, &caller, priority).await.unwrap();
        assert_eq!((theirs, priority()), ((before + NICER).min(19), before));
    }
}
