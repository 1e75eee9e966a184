//! How facts are written into the events table: a kind, and a payload in JSON.

use crate::{Result, StoreError};
use milepost_domain::{Fact, UserId, VehicleId};
use serde_json::{Value, json};

/// Kind and payload of a fact.
pub(crate) fn encode(fact: &Fact) -> (&'static str, String) {
    let vehicle = |id: &VehicleId| json!({ "vehicle_id": id.as_str() }).to_string();
    match fact {
        Fact::VehicleAdded { vehicle_id } => ("vehicle_added", vehicle(vehicle_id)),
        Fact::VehicleChanged { vehicle_id } => ("vehicle_changed", vehicle(vehicle_id)),
        Fact::VehicleRemoved { vehicle_id } => ("vehicle_removed", vehicle(vehicle_id)),
        Fact::UserChanged { user_id } => ("user_changed", json!({ "user_id": user_id.get() }).to_string()),
    }
}

/// The fact that was written so.
pub(crate) fn decode(kind: &str, payload: &str) -> Result<Fact> {
    let payload: Value =
        serde_json::from_str(payload).map_err(|error| StoreError::Corrupt(format!("event of kind {kind}: {error}")))?;
    let lacks = || StoreError::Corrupt(format!("event of kind {kind} lacks a field"));
    let vehicle_id = || -> Result<VehicleId> {
        Ok(VehicleId::new(payload.get("vehicle_id").and_then(Value::as_str).ok_or_else(lacks)?)?)
    };
    Ok(match kind {
        "vehicle_added" => Fact::VehicleAdded { vehicle_id: vehicle_id()? },
        "vehicle_changed" => Fact::VehicleChanged { vehicle_id: vehicle_id()? },
        "vehicle_removed" => Fact::VehicleRemoved { vehicle_id: vehicle_id()? },
        "user_changed" => Fact::UserChanged {
            user_id: UserId::new(payload.get("user_id").and_then(Value::as_i64).ok_or_else(lacks)?)?,
        },
        _ => return Err(StoreError::Corrupt(format!("event of unknown kind {kind}"))),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{decode, encode};
    use milepost_domain::{Fact, UserId, VehicleId};

    #[test]
    fn every_fact_comes_back_as_it_was() {
        let vehicle_id = VehicleId::new("MTA NYCT_2782").unwrap();
        for fact in [
            Fact::VehicleAdded { vehicle_id: vehicle_id.clone() },
            Fact::VehicleChanged { vehicle_id: vehicle_id.clone() },
            Fact::VehicleRemoved { vehicle_id },
            Fact::UserChanged { user_id: UserId::new(7).unwrap() },
        ] {
            let (kind, payload) = encode(&fact);
            assert_eq!(decode(kind, &payload).unwrap(), fact);
        }
    }

    #[test]
    fn unknown_or_broken_events_are_refused() {
        for (kind, payload) in
            [("moon_landed", "{}"), ("user_changed", "{}"), ("user_changed", "{"), ("user_changed", r#"{"user_id":0}"#)]
        {
            assert!(decode(kind, payload).is_err(), "{kind} {payload}");
        }
    }
}
