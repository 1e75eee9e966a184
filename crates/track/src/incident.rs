//! Incidents: what a tenant may want an alert for.

use crate::saved::{incident_kind, optional_time, point, time};
pub use milepost_domain::IncidentKind;
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// The source of a speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpeedBasis {
    /// The device's own reading.
    #[serde(rename = "Told")]
    Reported,
    /// Distance over time, because the device reports no speed, or one that the distance contradicts.
    Derived,
}

/// One incident, however many positions it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What.
    #[serde(with = "incident_kind")]
    pub kind: IncidentKind,
    /// Time of its first position.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// Time of its last position; `None` while it goes on.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    /// Where it began.
    #[serde(with = "point")]
    pub point: Point,
    /// The peak so far, in the unit of the kind.
    pub value: f64,
    /// The limit that it exceeds, in the unit of the kind.
    pub limit: f64,
    /// For speeds: where they come from.
    pub basis: Option<SpeedBasis>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn a_kind_has_the_name_in_saved_states_that_serde_gave_it() {
        let at = Timestamp::from_unix_ms(0).unwrap();
        let point = Point::from_degrees(1.0, 2.0).unwrap();
        for kind in IncidentKind::ALL {
            let saved = Incident { kind, started_at: at, ended_at: None, point, value: 1.0, limit: 2.0, basis: None };
            let json = serde_json::to_string(&saved).unwrap();
            assert!(json.starts_with(&format!(r#"{{"kind":"{kind:?}","#)), "{json}");
            assert_eq!(serde_json::from_str::<Incident>(&json).unwrap(), saved);
        }
        let place = r#""started_at":0,"ended_at":null,"point":[1.0,2.0]"#;
        let harsh = format!(r#"{{"kind":"HarshBraking",{place},"value":1.0,"limit":2.0,"basis":null}}"#);
        assert_eq!(serde_json::from_str::<Incident>(&harsh).unwrap().kind, IncidentKind::HarshBraking);
    }
}
