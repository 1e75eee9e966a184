//! Reads a company's statistics once for all of a dialect's viewers, every `DASHBOARD_INTERVAL`, while there are any.

use milepost_clock::Clock;
use milepost_domain::{TenantId, Timestamp};
use milepost_hub::{ChannelId, Key, Message};
use milepost_service::{FleetDashboard, ServiceError, fleet};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

use crate::Live;

/// How a dialect publishes statistics.
pub struct DashboardView {
    /// The channel of a tenant's statistics.
    pub channel: fn(&TenantId) -> ChannelId,
    /// The key of those who get them.
    pub key: fn() -> Key,
    /// Writes them.
    pub message: fn(&TenantId, &FleetDashboard) -> Message,
}

/// The watched companies of this node. Their number is bounded by the number of connections.
pub struct Dashboards {
    live: Live,
    interval: Duration,
    view: &'static DashboardView,
    /// A std mutex: held for microseconds, never across an await.
    companies: Mutex<HashMap<TenantId, Weak<CompanyDashboard>>>,
}

/// The statistics of one company, published while a viewer holds this.
pub struct CompanyDashboard {
    dashboards: Arc<Dashboards>,
    tenant: TenantId,
    /// The last statistics. Locked while they are read, so that viewers that come in the meantime share the next
    /// reading, and until they are published, so that a viewer's subscription begins exactly after those that it has read.
    last: tokio::sync::Mutex<Option<FleetDashboard>>,
    ticking: AbortHandle,
}

impl Dashboards {
    /// Reads statistics once in `interval`.
    pub fn new(live: Live, interval: Duration, view: &'static DashboardView) -> Arc<Self> {
        Arc::new(Self { live, interval, view, companies: Mutex::default() })
    }

    /// Publishes the company's statistics in its channel until the last viewer drops the returned value.
    pub fn watch(self: &Arc<Self>, tenant: &TenantId) -> Arc<CompanyDashboard> {
        let mut companies = self.lock();
        if let Some(company) = companies.get(tenant).and_then(Weak::upgrade) {
            return company;
        }
        let company = Arc::new_cyclic(|me| CompanyDashboard {
            dashboards: Arc::clone(self),
            tenant: tenant.clone(),
            last: tokio::sync::Mutex::default(),
            ticking: tokio::spawn(keep_publishing(Weak::clone(me), self.live.context.clock.clone(), self.interval))
                .abort_handle(),
        });
        companies.insert(tenant.clone(), Arc::downgrade(&company));
        company
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<CompanyDashboard>>> {
        self.companies.lock().expect("nothing panics while holding it")
    }
}

impl CompanyDashboard {
    /// Returns current statistics, and what `begin` returns. It is called while none are published: a subscription that it makes
    /// begins exactly after the returned ones. Hold the permission for a large read of the tenant.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the store can't be read.
    pub async fn watch<T>(&self, begin: impl FnOnce() -> T + Send) -> Result<(FleetDashboard, T), ServiceError> {
        let asked = self.dashboards.live.now();
        let mut last = self.last.lock().await;
        let stats = self.read(&mut last, asked).await?;
        Ok((stats, begin()))
    }

    /// Concurrent calls share a reading, but a call never gets one that began before it.
    async fn read(&self, last: &mut Option<FleetDashboard>, asked: Timestamp) -> Result<FleetDashboard, ServiceError> {
        if let Some(stats) = *last
            && stats.at > asked
        {
            return Ok(stats);
        }
        let live = &self.dashboards.live;
        let stats = fleet::read_dashboard(&live.use_cases().fleet, &self.tenant, live.now()).await?;
        *last = Some(stats);
        Ok(stats)
    }

    async fn publish(&self) {
        let Some(channel) = self.dashboards.live.hub.find_channel(&(self.dashboards.view.channel)(&self.tenant)) else {
            return;
        };
        if !channel.has_subscribers_of(&(self.dashboards.view.key)()) {
            return;
        }
        let _permit = self.dashboards.live.read_permit(&self.tenant, None).await;
        let asked = self.dashboards.live.now();
        let mut last = self.last.lock().await;
        // Errors are ignored here: the next round reads again, and viewers notice a missing database by other calls.
        if let Ok(stats) = self.read(&mut last, asked).await {
            channel.publish((self.dashboards.view.message)(&self.tenant, &stats));
        }
    }
}

impl Drop for CompanyDashboard {
    fn drop(&mut self) {
        self.ticking.abort();
        let mut companies = self.dashboards.lock();
        // A new viewer may have registered another value since.
        if companies.get(&self.tenant).is_some_and(|company| company.strong_count() == 0) {
            companies.remove(&self.tenant);
        }
    }
}

/// Publishes once in an interval. Nothing is published at once, because the first viewer reads for itself.
async fn keep_publishing(company: Weak<CompanyDashboard>, clock: Clock, interval: Duration) {
    let mut next = clock.instant() + interval;
    loop {
        clock.sleep_until(next).await;
        // A slow reading does not prolong the interval, and missed rounds are not made up for.
        next = clock.instant() + interval;
        let Some(company) = company.upgrade() else { return };
        // A task of its own: a fault costs this round, and the next one comes.
        let _ = tokio::spawn(async move { company.publish().await }).await;
    }
}
