//! A tenant's thresholds, read from where they are stored.

use milepost_domain::FleetRules;
use milepost_track::{Rules, Thresholds, VehicleRules};

/// The thresholds that apply to a tenant: its own, and the defaults of those that it did not set. Thresholds are checked when
/// they are stored; if they can't be used all the same, the defaults apply and the log says so.
pub fn read_thresholds(own: Option<&FleetRules>) -> Thresholds {
    let Some(own) = own else { return Thresholds::default() };
    read(own.values.as_str()).unwrap_or_else(|refusal| {
        tracing::error!("a tenant's thresholds can't be used, the defaults apply: {refusal}");
        Thresholds::default()
    })
}

fn read(json: &str) -> Result<Thresholds, String> {
    let thresholds: Thresholds = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Rules::new(thresholds, VehicleRules::default()).map_err(|refusal| refusal.to_string())?;
    Ok(thresholds)
}
