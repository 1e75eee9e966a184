//! The vehicles that a viewer may see, and the part of them that it asked for.

use crate::channel::{bus_key, presence_key, route_key};
use milepost_domain::{Caller, TenantId, VehicleScope};
use milepost_hub::{Interest, Key};
use milepost_live::Live;
use milepost_service::{Among, LiveVehicle, ServiceError, vehicles};
use std::collections::HashSet;

/// The vehicles that a viewer may see.
pub(crate) struct View {
    pub(crate) live: Live,
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantId,
    pub(crate) scope: VehicleScope,
    pub(crate) wants_presence: bool,
}

/// The buses and routes that a viewer asked for. If both are empty, the viewer gets everything.
#[derive(Default)]
pub(crate) struct Filter {
    pub(crate) buses: HashSet<String>,
    pub(crate) routes: HashSet<String>,
}

impl View {
    /// The buses that the viewer may see now.
    pub(crate) async fn visible(&self) -> Result<Vec<LiveVehicle>, ServiceError> {
        vehicles::watched_vehicles(&self.live.use_cases().vehicles, &self.tenant, &self.scope).await
    }

    /// The buses that the viewer may see, and what `begin` makes of the interest in those of `filter`: both at one moment, so
    /// that every later change arrives as a live message, and no earlier one.
    pub(crate) async fn cut<T>(
        &self,
        filter: &Filter,
        begin: impl FnOnce(Interest) -> T + Send,
    ) -> Result<(Vec<LiveVehicle>, T), ServiceError> {
        let begin = |visible: &[LiveVehicle]| begin(self.interest(filter, visible));
        let vehicles = &self.live.use_cases().vehicles;
        vehicles::watch_vehicles(vehicles, &self.tenant, &self.scope, &Among::All, |_| true, begin).await
    }

    /// The part of the channel that the viewer may see and asked for.
    fn interest(&self, filter: &Filter, visible: &[LiveVehicle]) -> Interest {
        let wanted = if filter.is_empty() {
            Interest::all()
        } else {
            let buses = filter.buses.iter().map(|id| Key::new("bus", id));
            Interest::keys(buses.chain(filter.routes.iter().map(|route| route_key(route))))
        };
        let allowed = match &self.scope {
            VehicleScope::All => wanted,
            VehicleScope::Nothing => Interest::keys([]),
            // A listed bus counts before it exists. A driver's bus counts only once it exists: a new driver has to
            // reconnect.
            VehicleScope::Some { listed, .. } => {
                let seen = visible.iter().map(|live| &live.vehicle.id);
                wanted.within(listed.iter().chain(seen).map(bus_key))
            }
        };
        if self.wants_presence { allowed.with_topics([presence_key()]) } else { allowed }
    }
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.buses.is_empty() && self.routes.is_empty()
    }

    pub(crate) fn holds(&self, live: &LiveVehicle) -> bool {
        self.is_empty()
            || self.buses.contains(live.vehicle.id.as_str())
            || live.vehicle.route.as_ref().is_some_and(|route| self.routes.contains(route.as_str()))
    }
}
