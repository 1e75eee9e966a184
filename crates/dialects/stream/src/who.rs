//! Who a client is, and what it may see.

use crate::StreamParts;
use crate::topic::LogViewer;
use milepost_domain::{Action, Caller, FleetViewer, RecordViewer, TenantId, TrackingId, VehicleScope};
use milepost_http::Problem;
use milepost_http::logins::is_guest;
use milepost_live::{Credential, Entry, Handshake, LaneForm, Reader};
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
    /// How it takes places.
    pub(crate) form: LaneForm,
}

impl Who {
    /// A caller that follows its own tenant, or a superadmin that follows another.
    pub(crate) fn caller(caller: Caller, tenant: TenantId) -> Self {
        Self {
            scope: VehicleScope::of(&caller, Action::SeeVehicle, &tenant),
            log: LogViewer { fleet: FleetViewer::of(&caller, &tenant), records: RecordViewer::of(&caller, &tenant) },
            reader: Reader::of(&caller),
            link: None,
            form: LaneForm::default(),
            tenant,
            caller: Some(caller),
        }
    }

    /// Whether the client may see the rider of a delivery of this tenant.
    pub(crate) fn sees_rider(&self, tenant: &TenantId) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.tenant == *tenant || caller.is_superadmin())
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
            form: LaneForm::default(),
            tenant: delivery.tenant,
            link: Some(link),
        })
    }
}

/// Lets in a caller that follows its own tenant, or as a superadmin another; or the visitor of a delivery's public link.
pub(crate) async fn admit(
    parts: &StreamParts,
    handshake: &Handshake,
    credential: Option<Credential>,
    link: Option<&str>,
    tenant: Option<&str>,
) -> Result<Entry<Who>, Problem> {
    let Some(credential) = credential else {
        let link = link.ok_or_else(|| Problem::not_authenticated("authentication credentials were not provided"))?;
        let who = Who::visitor(handshake, &parts.live, link).await?;
        let public_link = who.link.as_ref().map(ToString::to_string);
        let tenant = who.tenant.clone();
        return Ok(Entry { tenant, credential: None, public_link, view: who, max_message_bytes: None, rate: None });
    };
    let caller = credential.caller().clone();
    let tenant = match tenant.map(TenantId::new).transpose()? {
        Some(tenant) if tenant != caller.tenant && !caller.is_superadmin() => {
            return Err(Problem::forbidden("only a superadmin may follow another tenant"));
        }
        named => named.unwrap_or_else(|| caller.tenant.clone()),
    };
    let who = Who::caller(caller, tenant);
    let public_link =
        who.caller.as_ref().filter(|caller| is_guest(caller)).map(|guest| guest.principal.name().into_owned());
    // Guests take no places of the tenant's own people.
    Ok(Entry { public_link, ..Entry::new(credential, who) })
}
