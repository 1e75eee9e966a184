//! Reads a company's figures once for all who watch it, every `DASHBOARD_INTERVAL`, and only while somebody does.

use crate::channel::{dashboard_key, dashboard_message, live_channel};
use milepost_domain::TenantId;
use milepost_live::Live;
use milepost_service::{FleetDashboard, ServiceError, fleet};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

/// The companies that are watched on this node: as many as there are sockets at most.
pub(crate) struct Dashboards {
    live: Live,
    interval: Duration,
    /// A std mutex: held for microseconds, never across an await.
    companies: Mutex<HashMap<TenantId, Weak<CompanyDashboard>>>,
}

/// One company's figures, for as long as somebody holds this.
pub(crate) struct CompanyDashboard {
    dashboards: Arc<Dashboards>,
    tenant: TenantId,
    /// What was read last. Held while it is read: who comes meanwhile waits, and shares what the next one reads.
    last: tokio::sync::Mutex<Option<FleetDashboard>>,
    ticking: AbortHandle,
}

impl Dashboards {
    pub(crate) fn new(live: Live, interval: Duration) -> Arc<Self> {
        Arc::new(Self { live, interval, companies: Mutex::default() })
    }

    /// The company's figures are published in its channel until the last viewer has dropped this.
    pub(crate) fn watch(self: &Arc<Self>, tenant: &TenantId) -> Arc<CompanyDashboard> {
        let mut companies = self.lock();
        if let Some(company) = companies.get(tenant).and_then(Weak::upgrade) {
            return company;
        }
        let company = Arc::new_cyclic(|me| CompanyDashboard {
            dashboards: Arc::clone(self),
            tenant: tenant.clone(),
            last: tokio::sync::Mutex::default(),
            ticking: tokio::spawn(keep_publishing(Weak::clone(me), self.interval)).abort_handle(),
        });
        companies.insert(tenant.clone(), Arc::downgrade(&company));
        company
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<CompanyDashboard>>> {
        self.companies.lock().expect("nothing panics while holding it")
    }
}

impl CompanyDashboard {
    /// The figures of now. Many who come at once share a reading, but nobody gets one that began before it asked.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub(crate) async fn read(&self) -> Result<FleetDashboard, ServiceError> {
        let service = self.dashboards.live.service();
        let asked = service.now();
        let mut last = self.last.lock().await;
        if let Some(figures) = *last
            && figures.at > asked
        {
            return Ok(figures);
        }
        let figures = fleet::read_dashboard(&service.fleet, &self.tenant, service.now()).await?;
        *last = Some(figures);
        Ok(figures)
    }

    async fn publish(&self) {
        let Some(channel) = self.dashboards.live.hub.find_channel(&live_channel(&self.tenant)) else { return };
        if !channel.has_subscribers_of(&dashboard_key()) {
            return;
        }
        // A viewer that needs the database learns that it is away; the next round will do.
        if let Ok(figures) = self.read().await {
            channel.publish(dashboard_message(&self.tenant, &figures));
        }
    }
}

impl Drop for CompanyDashboard {
    fn drop(&mut self) {
        self.ticking.abort();
        let mut companies = self.dashboards.lock();
        // Somebody may have come since, and watch with another one.
        if companies.get(&self.tenant).is_some_and(|company| company.strong_count() == 0) {
            companies.remove(&self.tenant);
        }
    }
}

async fn keep_publishing(company: Weak<CompanyDashboard>, interval: Duration) {
    let mut rounds = tokio::time::interval(interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, but the first viewer reads for itself.
    rounds.tick().await;
    loop {
        rounds.tick().await;
        let Some(company) = company.upgrade() else { return };
        company.publish().await;
    }
}
