//! The ranges of thresholds and of a vehicle's rules.

use super::{Thresholds, VehicleRules};
use milepost_domain::Invalid;

type Check = Result<(), Invalid>;

fn within(field: &'static str, value: f64, range: std::ops::RangeInclusive<f64>, message: &'static str) -> Check {
    if range.contains(&value) { Ok(()) } else { Err(Invalid::new(field, message)) }
}

pub(super) fn metres(of: &Thresholds) -> Check {
    let metres = |field, value| within(field, value, 1.0..=10_000.0, "must be a number from 1 to 10000 (metres)");
    metres("max_accuracy_m", of.max_accuracy_m)?;
    metres("jump_slack_m", of.jump_slack_m)?;
    metres("noise_m", of.noise_m)?;
    metres("still_radius_min_m", of.still_radius_min_m)?;
    metres("still_radius_max_m", of.still_radius_max_m)?;
    metres("depart_m", of.depart_m)?;
    metres("step_m", of.step_m)?;
    metres("edge_margin_m", of.edge_margin_m)?;
    if of.still_radius_max_m < of.still_radius_min_m {
        return Err(Invalid::new("still_radius_max_m", "must not be less than still_radius_min_m"));
    }
    let kilometres = "must be a number from 10 to 1000000 (metres)";
    within("progress_m", of.progress_m, 10.0..=1_000_000.0, kilometres)?;
    within("segment_max_m", of.segment_max_m, 10.0..=1_000_000.0, kilometres)
}

pub(super) fn speeds(of: &Thresholds) -> Check {
    let speed = |field, value| within(field, value, 1.0..=1_000.0, "must be a number from 1 to 1000 (km/h)");
    speed("max_speed_kmh", of.max_speed_kmh)?;
    speed("moving_kmh", of.moving_kmh)?;
    speed("gap_speed_kmh", of.gap_speed_kmh)?;
    speed("speed_limit_kmh", of.speed_limit_kmh)?;
    speed("manoeuvre_kmh", of.manoeuvre_kmh)?;
    let hysteresis = "must be a number from 0 to 100 (km/h)";
    within("speeding_hysteresis_kmh", of.speeding_hysteresis_kmh, 0.0..=100.0, hysteresis)?;
    let acceleration = |field, value| within(field, value, 0.5..=12.0, "must be a number from 0.5 to 12 (m/s²)");
    acceleration("max_acceleration_mps2", of.max_acceleration_mps2)?;
    acceleration("braking_mps2", of.braking_mps2)?;
    acceleration("acceleration_mps2", of.acceleration_mps2)?;
    acceleration("cornering_mps2", of.cornering_mps2)
}

pub(super) fn fuel(of: &Thresholds) -> Check {
    let litres = |field, value| within(field, value, 0.1..=10_000.0, "must be a number from 0.1 to 10000 (litres)");
    litres("theft_l", of.theft_l)?;
    litres("refuel_l", of.refuel_l)?;
    litres("fuel_noise_l", of.fuel_noise_l)?;
    within("theft_percent", of.theft_percent, 1.0..=100.0, "must be a number from 1 to 100 (percent)")?;
    within("idle_l_per_h", of.idle_l_per_h, 0.0..=100.0, "must be a number from 0 to 100 (litres an hour)")
}

pub(super) fn times(of: &Thresholds) -> Check {
    let seconds = |field, value: u32| {
        within(field, f64::from(value), 1.0..=86_400.0, "must be a whole number from 1 to 86400 (seconds)")
    };
    seconds("relocate_after_s", of.relocate_after_s)?;
    seconds("still_after_s", of.still_after_s)?;
    seconds("stop_after_s", of.stop_after_s)?;
    seconds("gap_after_s", of.gap_after_s)?;
    seconds("gap_max_s", of.gap_max_s)?;
    seconds("progress_s", of.progress_s)?;
    seconds("segment_max_s", of.segment_max_s)?;
    seconds("speeding_for_s", of.speeding_for_s.max(1))?;
    seconds("manoeuvre_s", of.manoeuvre_s)?;
    seconds("offline_after_s", of.offline_after_s)?;
    within("relocate_fixes", f64::from(of.relocate_fixes), 2.0..=100.0, "must be a whole number from 2 to 100")?;
    if of.stop_after_s < of.still_after_s {
        return Err(Invalid::new("stop_after_s", "must not be less than still_after_s"));
    }
    if of.gap_max_s < of.gap_after_s {
        return Err(Invalid::new("gap_max_s", "must not be less than gap_after_s"));
    }
    Ok(())
}

pub(super) fn vehicle(of: &VehicleRules) -> Check {
    let optional = |field, value: Option<f64>, most, message| {
        value.map_or(Ok(()), |value| within(field, value, 0.0..=most, message))
    };
    optional("speed_limit_kmh", of.speed_limit_kmh, 1_000.0, "must be a number from 0 to 1000 (km/h)")?;
    optional("fuel_l_per_100km", of.fuel_l_per_100km, 1_000.0, "must be a number from 0 to 1000 (litres for 100 km)")?;
    let km = "must be a number from 0 to 100000000 (km)";
    optional("service_due_km", of.service_due_km, 100_000_000.0, km)?;
    within("odometer_km", of.odometer_offset_km, 0.0..=100_000_000.0, km)
}
