//! Who a client is, and what it may see.

use crate::topic::LogViewer;
use milepost_domain::{Action, Caller, FleetViewer, RecordViewer, TenantId, TrackingId, VehicleScope};
use milepost_http::Problem;
use milepost_live::{Handshake, Reader};
use milepost_service::{ServiceError, deliveries};

/// A client of a connection.
#[derive(Clone)]
pub(crate) struct Who {
    /// `None` for a visitor of a delivery's public link.
    pub(crate) caller: Option<Caller>,
    /// The one delivery that a visitor follows.
    pub(crate) link: Option<TrackingId>,
    pub(crate) tenant: TenantId,
    pub(crate) scope: VehicleScope,
    pub(crate) log: LogViewer,
    pub(crate) reader: Reader,
}

impl Who {
    /// A caller that follows its own tenant, or a superadmin that follows another.
    pub(crate) fn caller(caller: Caller, tenant: TenantId) -> Self {
        Self {
            scope: VehicleScope::of(&caller, Action::SeeVehicle, &tenant),
            log: LogViewer { fleet: FleetViewer::of(&caller, &tenant), records: RecordViewer::of(&caller, &tenant) },
            reader: Reader::of(&caller),
            link: None,
            tenant,
            caller: Some(caller),
        }
    }

    /// A visitor of a delivery's public link.
    pub(crate) async fn visitor(
        handshake: &Handshake,
        live: &milepost_live::Live,
        link: &str,
    ) -> Result<Self, Problem> {
        let unknown = || Problem::not_found("tracking session");
        let link = TrackingId::new(link).map_err(|_| unknown())?;
        let found = deliveries::find_delivery(&live.use_cases().deliveries, &link, live.now()).await;
        let delivery = found.map_err(|error: ServiceError| Problem::from(error))?.delivery;
        Ok(Self {
            caller: None,
            scope: VehicleScope::Nothing,
            log: LogViewer {
                fleet: FleetViewer { company: false, user: None, driver: None },
                records: RecordViewer { staff: false, cadet: None, user: None },
            },
            reader: Reader::anonymous(handshake.client_address()),
            tenant: delivery.tenant,
            link: Some(link),
        })
    }
}
