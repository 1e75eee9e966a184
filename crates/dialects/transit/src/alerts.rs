//! From late vehicles, and from alerts that staff addressed to passengers, to alerts of GTFS-Realtime.

use crate::alert_wire::{
    Alert, AlertData, CAUSES, EFFECTS, EntitySelector, Passengers, SIGNIFICANT_DELAYS, TimeRange, TranslatedString,
    UNKNOWN_CAUSE, UNKNOWN_EFFECT, number_of,
};
use crate::convert::{empty_feed, trip_descriptor, unix_seconds};
use crate::situation::{Running, Situation};
use crate::wire::{FeedEntity, FeedMessage, TripDescriptor};
use milepost_timetable::Timetable;

/// A vehicle that is as late as this on its trip is worth an alert, seconds.
const LATE_S: f64 = 600.0;
/// The language of the texts that are made here.
const ENGLISH: Option<&str> = Some("en");

/// What passengers should know.
pub(crate) fn alerts(situation: &Situation) -> FeedMessage {
    let timetable = situation.timetable.as_deref();
    let told = situation.alerts.list.iter().filter_map(|alert| of_staff(alert, timetable));
    let late = timetable
        .into_iter()
        .flat_map(|timetable| situation.running.iter().filter_map(move |running| of_delay(running, timetable)));
    FeedMessage { entity: told.chain(late).collect(), ..empty_feed(situation.at) }
}

fn entity(id: String, alert: Alert) -> FeedEntity {
    FeedEntity { id, alert: Some(alert), trip_update: None, vehicle: None }
}

/// `None` if it concerns nothing that the timetable knows.
fn of_staff(alert: &milepost_domain::Alert, timetable: Option<&Timetable>) -> Option<FeedEntity> {
    let data: AlertData = serde_json::from_str(alert.data.as_ref()?.as_str()).ok()?;
    let passengers = data.passengers?;
    let informed_entity = concerned(&passengers, timetable?);
    if informed_entity.is_empty() {
        return None;
    }
    let language = passengers.language.as_deref();
    let text = |text: &str| TranslatedString::new(text.to_owned(), language);
    let shown = Alert {
        active_period: vec![TimeRange { start: unix_seconds(alert.at), end: unix_seconds(alert.expires_at) }],
        informed_entity,
        cause: number_of(&CAUSES, passengers.cause.as_deref(), UNKNOWN_CAUSE),
        effect: number_of(&EFFECTS, passengers.effect.as_deref(), UNKNOWN_EFFECT),
        url: passengers.url.as_deref().filter(|url| is_page(url)).map(text),
        header_text: text(alert.title.as_str()),
        description_text: text(alert.message.as_str()),
    };
    Some(entity(format!("alert:{}", alert.id.as_str()), shown))
}

/// What planners may link to: nothing that runs in a page.
fn is_page(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme))
}

/// What of it the timetable knows; everything of its agencies if nothing is named.
fn concerned(passengers: &Passengers, timetable: &Timetable) -> Vec<EntitySelector> {
    let Passengers { routes, stops, trips, .. } = passengers;
    let selector = EntitySelector::default;
    if routes.is_empty() && stops.is_empty() && trips.is_empty() {
        let agency = |id: &String| EntitySelector { agency_id: Some(id.clone()), ..selector() };
        return timetable.agencies.iter().map(agency).collect();
    }
    let of_routes = timetable
        .routes
        .iter()
        .filter(|route| routes.iter().any(|name| route.is_called(name)))
        .map(|route| EntitySelector { route_id: Some(route.id.clone()), ..selector() });
    let of_stops = stops
        .iter()
        .filter(|id| timetable.stops.iter().any(|stop| stop.id == **id))
        .map(|id| EntitySelector { stop_id: Some(id.clone()), ..selector() });
    let of_trips = trips.iter().filter(|id| !timetable.trips_named(id).is_empty()).map(|id| {
        let trip = TripDescriptor { trip_id: id.clone(), ..TripDescriptor::default() };
        EntitySelector { trip: Some(trip), ..selector() }
    });
    of_routes.chain(of_stops).chain(of_trips).collect()
}

fn of_delay(running: &Running, timetable: &Timetable) -> Option<FeedEntity> {
    let on = running.on.filter(|on| on.delay_s >= LATE_S)?;
    let trip = &timetable.trips[on.trip];
    let pattern = &timetable.patterns[trip.pattern];
    let route = &timetable.routes[pattern.route];
    let line = [&route.short_name, &route.long_name, &route.id].into_iter().find(|name| !name.is_empty())?;
    let end = pattern.calls.last().map(|call| timetable.stops[call.stop].name.as_str()).filter(|name| !name.is_empty());
    let towards = end.map_or_else(String::new, |end| format!(" to {end}"));
    let minutes = (on.delay_s / 60.0).round();
    let start_s = trip.start_s() % 86_400;
    let text = |text: String| TranslatedString::new(text, ENGLISH);
    let shown = Alert {
        active_period: Vec::new(),
        informed_entity: vec![EntitySelector {
            trip: Some(trip_descriptor(timetable, &on)),
            ..EntitySelector::default()
        }],
        cause: UNKNOWN_CAUSE,
        effect: SIGNIFICANT_DELAYS,
        url: None,
        header_text: text(format!("{line}{towards}: about {minutes} minutes late")),
        description_text: text(format!(
            "The {:02}:{:02} of line {line}{towards} is about {minutes} minutes late.",
            start_s / 3_600,
            start_s / 60 % 60
        )),
    };
    Some(entity(format!("late:{}", running.vehicle.vehicle.id.as_str()), shown))
}
