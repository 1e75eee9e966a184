//! The fleet dialect's use of the hub: two channels a tenant. One has stored events, which pass each viewer's replay
//! gate. The other has locations and statistics, of which a slow reader needs only the newest.

use crate::convert::{render_dashboard, render_event, render_location, render_progress};
use crate::filter::{Filter, MessageType, vehicle_of};
use milepost_domain::{
    Event, Fact, FleetAudience, FleetViewer, Position, Revision, TenantId, Timestamp, Trip, TripUpdate, Vehicle,
    VehicleId, VehicleScope,
};
use milepost_hub::{Channel, ChannelId, Interest, Key, Message, Recipients};
use milepost_live::DashboardView;
use milepost_service::{FleetDashboard, LiveVehicle};

/// The channel of stored events.
pub(crate) fn event_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("fleet", tenant.as_str())
}

/// The channel of locations and statistics.
pub(crate) fn live_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("fleet_live", tenant.as_str())
}

/// The key of a company's statistics, for viewers that may see them.
pub(crate) fn dashboard_key() -> Key {
    Key::new("dashboard", "")
}

/// The key of messages about a vehicle, or about none.
fn vehicle_key(id: Option<&str>) -> Key {
    Key::new("vehicle", id.unwrap_or_default())
}

/// The key of what `audience` gets: events of one type, or of all types for `None`.
fn audience_key(audience: FleetAudience, kind: Option<MessageType>) -> Key {
    let kind = kind.map_or("", MessageType::as_str);
    match audience {
        FleetAudience::Company => Key::new("company", kind),
        FleetAudience::Driver(driver) => Key::new("driver", &format!("{driver} {kind}")),
        FleetAudience::User(user) => Key::new("user", &format!("{user} {kind}")),
    }
}

/// The events that a viewer may see and asked for. It must agree with [`FleetViewer::may_see`] and
/// [`Filter::wants_fact`].
pub(crate) fn event_interest(viewer: FleetViewer, filter: &Filter) -> Interest {
    let company = viewer.company.then_some(FleetAudience::Company);
    let own = [viewer.driver.map(FleetAudience::Driver), viewer.user.map(FleetAudience::User)];
    let audiences = company.into_iter().chain(own.into_iter().flatten());
    let wanted = audiences.flat_map(|audience| {
        let any = filter.types.is_empty().then(|| audience_key(audience, None));
        any.into_iter().chain(filter.types.iter().map(move |&kind| audience_key(audience, Some(kind))))
    });
    let interest = Interest::keys(wanted);
    if filter.vehicles.is_empty() {
        return interest;
    }
    let named = filter.vehicles.iter().map(|id| vehicle_key(Some(id)));
    interest.within(named.chain([vehicle_key(None)]))
}

/// Renders an event for the viewers that may see it and asked for it; `None` when there are none.
pub(crate) fn event_message(channel: &Channel, tenant: &TenantId, event: &Event) -> Option<Message> {
    let keys = fact_keys(&event.fact)?;
    if !keys.iter().any(|key| channel.has_subscribers_of(key)) {
        return None;
    }
    Some(Message::numbered(render_event(tenant, event, false)?, Recipients::only(keys), event.id))
}

/// Renders a running trip as it is now, for the viewers that get its events; `None` when there are none. It has no number, because
/// it is not stored.
pub(crate) fn progress_message(channel: &Channel, tenant: &TenantId, trip: &Trip, at: Timestamp) -> Option<Message> {
    let update = TripUpdate { trip: trip.clone(), revision: Revision::New };
    let fact = Fact::TripChanged(Box::new(update));
    let keys = fact_keys(&fact)?;
    if !keys.iter().any(|key| channel.has_subscribers_of(key)) {
        return None;
    }
    Some(Message::new(render_progress(tenant, trip, at), Recipients::only(keys)))
}

fn fact_keys(fact: &Fact) -> Option<Vec<Key>> {
    let audience = fact.fleet_audience()?;
    let kind = MessageType::of(fact)?;
    let vehicle = vehicle_of(fact).map(VehicleId::as_str);
    // The company's viewers see the events of its drivers too.
    let company = matches!(audience, FleetAudience::Driver(_)).then_some(FleetAudience::Company);
    let audiences = [audience].into_iter().chain(company);
    let keys = audiences.flat_map(|audience| [audience_key(audience, None), audience_key(audience, Some(kind))]);
    Some(keys.chain([vehicle_key(vehicle)]).collect())
}

/// The locations that a viewer may see and asked for. `visible` are the vehicles in its scope now.
pub(crate) fn live_interest(scope: &VehicleScope, visible: &[LiveVehicle], filter: &Filter) -> Interest {
    let places = if !filter.wants(MessageType::Location) {
        Interest::keys([])
    } else if filter.vehicles.is_empty() {
        Interest::all()
    } else {
        Interest::keys(filter.vehicles.iter().map(|id| vehicle_key(Some(id))))
    };
    match scope {
        VehicleScope::All => places,
        VehicleScope::Nothing => Interest::keys([]),
        // A listed vehicle counts before it exists. A driver's vehicle counts only once it exists: a new driver has to
        // reconnect.
        VehicleScope::Some { listed, .. } => {
            let seen = visible.iter().map(|live| &live.vehicle.id);
            places.within(listed.iter().chain(seen).map(|id| vehicle_key(Some(id.as_str()))))
        }
    }
}

/// A vehicle's location. For a slow reader the newest replaces the unread one.
pub(crate) fn location_message(tenant: &TenantId, vehicle: &Vehicle, position: &Position) -> Message {
    let key = vehicle_key(Some(vehicle.id.as_str()));
    let payload = render_location(tenant, vehicle, position);
    Message::conflated(payload, Recipients::keys([key.clone()]), key)
}

/// How statistics are published.
pub(crate) const DASHBOARD: DashboardView =
    DashboardView { channel: live_channel, key: dashboard_key, message: dashboard_message };

/// A company's statistics. For a slow reader the newest replace the unread ones.
pub(crate) fn dashboard_message(tenant: &TenantId, stats: &FleetDashboard) -> Message {
    let payload = render_dashboard(tenant, stats);
    Message::conflated(payload, Recipients::only([dashboard_key()]), dashboard_key())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::UserId;
    use milepost_domain::{AlertId, DrivingEvent, DrivingKind, NotificationText, ServiceBasis, ServiceDue, Severity};

    fn read(user: Option<i64>) -> Fact {
        let user_id = user.map(|id| UserId::new(id).unwrap());
        let read_at = Timestamp::from_unix_ms(0).unwrap();
        Fact::AlertRead { alert_id: AlertId::new("a").unwrap(), user_id, read_by: None, read_at }
    }

    fn due(vehicle: &str) -> Fact {
        Fact::ServiceDue(Box::new(ServiceDue {
            vehicle_id: VehicleId::new(vehicle).unwrap(),
            basis: ServiceBasis::Date,
            severity: Severity::Low,
            description: NotificationText::new("due").unwrap(),
            at: Timestamp::from_unix_ms(0).unwrap(),
            revision: Revision::New,
            corrects: None,
        }))
    }

    fn braking(driver: i64, revision: Revision) -> Fact {
        Fact::DrivingNoted(Box::new(DrivingEvent {
            vehicle_id: VehicleId::new("v1").unwrap(),
            driver_id: UserId::new(driver).ok(),
            kind: DrivingKind::HarshBraking,
            severity: Severity::Medium,
            description: NotificationText::new("hard").unwrap(),
            at: Timestamp::from_unix_ms(0).unwrap(),
            revision,
            corrects: None,
        }))
    }

    #[test]
    fn the_keys_agree_with_the_permission_rules() {
        let users = [None, UserId::new(1).ok(), UserId::new(2).ok()];
        let types: [&[MessageType]; 5] = [
            &[],
            &[MessageType::AlertRead],
            &[MessageType::Service, MessageType::AlertRead],
            &[MessageType::Alert],
            &[MessageType::Driving],
        ];
        let vehicles: [&[&str]; 3] = [&[], &["v1"], &["v2", "v3", "v4"]];
        let driven = [braking(1, Revision::New), braking(3, Revision::New), braking(1, Revision::Reassigned)];
        let facts: Vec<Fact> =
            [read(None), read(Some(1)), read(Some(2)), due("v1"), due("v2")].into_iter().chain(driven).collect();
        let mut reached = 0;
        for company in [false, true] {
            for (user, driver) in users.into_iter().flat_map(|user| [(user, None), (user, user)]) {
                for types in types {
                    for vehicles in vehicles {
                        let viewer = FleetViewer { company, user, driver };
                        let vehicles = vehicles.iter().map(|&id| id.to_owned()).collect();
                        let filter = Filter { types: types.to_vec(), vehicles };
                        for fact in &facts {
                            let may_see = viewer.may_see(fact.fleet_audience().unwrap());
                            let keys = Recipients::only(fact_keys(fact).unwrap());
                            let wants = event_interest(viewer, &filter).wants(&keys);
                            assert_eq!(wants, may_see && filter.wants_fact(fact), "{viewer:?} {filter:?} {fact:?}");
                            reached += usize::from(wants);
                        }
                    }
                }
            }
        }
        assert!(reached > 50, "{reached}");
    }

    #[test]
    fn locations_reach_only_viewers_in_scope_that_asked_for_them() {
        let places = ["v1", "v2"].map(|id| Recipients::keys([vehicle_key(Some(id))]));
        let check = |scope: &VehicleScope, filter: &Filter, expected: [bool; 2]| {
            let interest = live_interest(scope, &[], filter);
            let wants = places.each_ref().map(|place| interest.wants(place));
            assert_eq!(wants, expected, "{scope:?} {filter:?}");
            assert!(!interest.wants(&Recipients::only([dashboard_key()])));
        };
        let own = VehicleScope::Some { listed: vec![VehicleId::new("v1").unwrap()], driven_by: None };
        let all = Filter::default();
        check(&VehicleScope::All, &all, [true, true]);
        check(&own, &all, [true, false]);
        check(&VehicleScope::Nothing, &all, [false, false]);
        let one = Filter { vehicles: ["v1".to_owned()].into(), ..Filter::default() };
        check(&VehicleScope::All, &one, [true, false]);
        let foreign = Filter { vehicles: ["v2".to_owned()].into(), ..Filter::default() };
        check(&own, &foreign, [false, false]);
        let only = |kind| Filter { types: vec![kind], ..Filter::default() };
        check(&VehicleScope::All, &only(MessageType::Dashboard), [false, false]);
        check(&VehicleScope::All, &only(MessageType::Location), [true, true]);
        check(&own, &only(MessageType::Alert), [false, false]);
    }
}
