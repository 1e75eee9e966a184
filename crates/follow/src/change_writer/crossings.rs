//! Visits of geofences: their rows, and the crossings that are published.

use super::{ChangeWriter, rows};
use milepost_domain::{Fact, FenceCrossing, FenceEvent, Revision, Timestamp};
use milepost_store::HistoryChange;
use milepost_track::Visit;

impl ChangeWriter<'_> {
    /// Writes a visit's row and the crossing that just happened.
    pub(super) fn write_visit(&mut self, visit: &Visit, event: FenceEvent) {
        self.write_visit_row(visit);
        self.cross(visit, event, Revision::New);
    }

    pub(super) fn write_visit_row(&mut self, visit: &Visit) {
        if let Some(row) = rows::visit(visit) {
            self.changes.push(HistoryChange::Visit(row));
        }
    }

    /// Publishes a crossing, with its alert.
    pub(super) fn cross(&mut self, visit: &Visit, event: FenceEvent, revision: Revision) {
        let corrects = Some(visit.entered_at).filter(|_| revision == Revision::Withdrawn);
        if let Some(crossing) = self.crossing(visit, event, revision, corrects) {
            self.alert_crossing(&crossing, visit.entered_at);
            self.publish_crossing(crossing);
        }
    }

    /// Publishes what a crossing has become, and gives it to its alert, if that is another time, place or visit.
    pub(super) fn correct_crossing(&mut self, old: &Visit, new: &Visit, event: FenceEvent) {
        let crossing = |visit: &Visit| self.crossing(visit, event, Revision::Corrected, Some(old.entered_at));
        let (Some(before), Some(crossing)) = (crossing(old), crossing(new)) else { return };
        if before != crossing {
            if before.driver_id.is_some() && before.driver_id != crossing.driver_id {
                self.publish_crossing(FenceCrossing { revision: Revision::Reassigned, ..before });
            }
            self.correct_crossing_alert(&crossing, new.entered_at);
            self.publish_crossing(crossing);
        }
    }

    fn publish_crossing(&mut self, crossing: FenceCrossing) {
        self.changes.push(HistoryChange::Publish(Box::new(Fact::FenceCrossed(Box::new(crossing)))));
    }

    /// A crossing, if the geofence still exists and asks for this event.
    fn crossing(
        &self,
        visit: &Visit,
        event: FenceEvent,
        revision: Revision,
        corrects: Option<Timestamp>,
    ) -> Option<FenceCrossing> {
        let geofence = self.rules.geofence(visit.fence)?;
        let description = &geofence.description;
        let is_wanted = match event {
            FenceEvent::Enter => description.on.enter,
            FenceEvent::Exit => description.on.exit,
            FenceEvent::Dwell => description.dwell.is_some(),
        };
        let at = self.crossing_time(visit, event);
        let place = if event == FenceEvent::Exit { visit.left.unwrap_or(visit.entered) } else { visit.entered };
        is_wanted.then(|| FenceCrossing {
            vehicle_id: self.vehicle.id.clone(),
            driver_id: self.vehicle.driver_at(at),
            geofence_id: geofence.id,
            geofence_name: description.name.clone(),
            event,
            latitude: place.latitude,
            longitude: place.longitude,
            at,
            revision,
            visit: Some(visit.entered_at),
            corrects,
        })
    }

    /// When a visit's event happened.
    fn crossing_time(&self, visit: &Visit, event: FenceEvent) -> Timestamp {
        match event {
            FenceEvent::Enter => visit.entered_at,
            FenceEvent::Exit => visit.left_at.unwrap_or(visit.entered_at),
            FenceEvent::Dwell => {
                let dwell = self.rules.geofence(visit.fence).and_then(|geofence| geofence.description.dwell);
                visit.entered_at.plus_ms(dwell.map_or(0, |dwell| i64::from(dwell.seconds()) * 1000))
            }
        }
    }
}

/// Did this event of the visit happen?
pub(super) const fn has_happened(visit: &Visit, event: FenceEvent) -> bool {
    match event {
        FenceEvent::Enter => true,
        FenceEvent::Exit => visit.left_at.is_some(),
        FenceEvent::Dwell => visit.dwelt,
    }
}
