//! Every threshold of the fold: named, with its unit, its default and why it is what it is.

use milepost_domain::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};

/// A tenant's thresholds. Plain values: [`Rules::new`] checks them. What is missing in a saved form has its default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// A fix that claims to be no better than this is marked and not used, metres. Default 200: farther off than a
    /// block of houses a fix tells nothing about trips or fences.
    pub max_accuracy_m: f64,
    /// Faster is no vehicle, km/h. Default 250.
    pub max_speed_kmh: f64,
    /// A fix that would need more acceleration than this to get there is a jump, m/s². Default 4: a fast car's.
    pub max_acceleration_mps2: f64,
    /// So far a fix may be off without being a jump, metres, its accuracy not counted. Default 100.
    pub jump_slack_m: f64,
    /// So many fixes in a row that agree with each other at the new place make a jump a relocation. Default 3.
    pub relocate_fixes: u32,
    /// And for so long, seconds. Default 60.
    pub relocate_after_s: u32,

    /// A receiver's noise (one standard deviation along each axis) until it was seen standing, metres; more if it
    /// claims to be worse. Default 10.
    pub noise_m: f64,
    /// Whoever stays within a circle of four times the noise stands; the circle's radius is not less than this,
    /// metres. Default 30.
    pub still_radius_min_m: f64,
    /// And not more, metres. Default 100.
    pub still_radius_max_m: f64,
    /// Who stays in that circle for so long stands, seconds. Default 45: shorter than a red light is driving.
    pub still_after_s: u32,
    /// A parked vehicle has set off once it is so far from where it stood, metres. Default 100: white noise of σ 15 m
    /// does not get farther than 75 m in a day of fixes a second.
    pub depart_m: f64,
    /// A way is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
    pub step_m: f64,
    /// Told speeds from this on are driving, km/h. Default 10.
    pub moving_kmh: f64,
    /// Standing for so long ends the trip, at the time when it came to stand, seconds. Default 300.
    pub stop_after_s: u32,
    /// A silence of more than this is a gap: the trip goes on behind it only if the way between was driven, seconds.
    /// Default 300.
    pub gap_after_s: u32,
    /// After a silence of more than this no trip goes on, seconds. Default 1800.
    pub gap_max_s: u32,
    /// Slower than this, on average over a gap, was standing rather than driving, km/h. Default 5.
    pub gap_speed_kmh: f64,
    /// A running trip is told again after so much time of the track, seconds. Default 30.
    pub progress_s: u32,
    /// Or after so much way, metres. Default 1000.
    pub progress_m: f64,

    /// So deep inside (or far outside) of a fence as the receiver's noise, one fix is enough; but held within half and
    /// five times of this, metres. Shallower, the next fix decides. Default 10.
    pub edge_margin_m: f64,
    /// Between fixes farther apart in time than this no crossing is looked for, seconds. Default 300.
    pub segment_max_s: u32,
    /// Or farther apart in space, metres. Default 20000.
    pub segment_max_m: f64,

    /// Speed limit of a vehicle that has none of its own, km/h. Default 80.
    pub speed_limit_kmh: f64,
    /// Over the limit for at least so long is a violation, seconds. Default 5: longer than a receiver's slip.
    pub speeding_for_s: u32,
    /// A violation ends so much below the limit, km/h. Default 3.
    pub speeding_hysteresis_kmh: f64,

    /// Braking harder than this is harsh, m/s². Default 4.
    pub braking_mps2: f64,
    /// Accelerating harder than this is harsh, m/s². Default 3.5.
    pub acceleration_mps2: f64,
    /// Lateral acceleration above this is harsh cornering, m/s². Default 4.
    pub cornering_mps2: f64,
    /// Fixes farther apart than this tell nothing of how it was driven, seconds. Default 3.
    pub manoeuvre_s: u32,
    /// Slower than this nothing is harsh, km/h. Default 15.
    pub manoeuvre_kmh: f64,

    /// A tank that loses so much while the vehicle stands was robbed, litres. Default 10.
    pub theft_l: f64,
    /// Or so much of what was in it, percent, if it is at least three times `fuel_noise_l`. Default 15.
    pub theft_percent: f64,
    /// A rise of so much is refuelling, litres. Default 10.
    pub refuel_l: f64,
    /// A level sensor's noise, litres. Default 1.5.
    pub fuel_noise_l: f64,
    /// What an engine burns while idling, litres an hour; not theft unless the ignition is known to be off. Default 3.
    pub idle_l_per_h: f64,

    /// Without a fix for so long a vehicle is offline, seconds. Default 600.
    pub offline_after_s: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            max_accuracy_m: 200.0,
            max_speed_kmh: 250.0,
            max_acceleration_mps2: 4.0,
            jump_slack_m: 100.0,
            relocate_fixes: 3,
            relocate_after_s: 60,
            noise_m: 10.0,
            still_radius_min_m: 30.0,
            still_radius_max_m: 100.0,
            still_after_s: 45,
            depart_m: 100.0,
            step_m: 15.0,
            moving_kmh: 10.0,
            stop_after_s: 300,
            gap_after_s: 300,
            gap_max_s: 1_800,
            gap_speed_kmh: 5.0,
            progress_s: 30,
            progress_m: 1_000.0,
            edge_margin_m: 10.0,
            segment_max_s: 300,
            segment_max_m: 20_000.0,
            speed_limit_kmh: 80.0,
            speeding_for_s: 5,
            speeding_hysteresis_kmh: 3.0,
            braking_mps2: 4.0,
            acceleration_mps2: 3.5,
            cornering_mps2: 4.0,
            manoeuvre_s: 3,
            manoeuvre_kmh: 15.0,
            theft_l: 10.0,
            theft_percent: 15.0,
            refuel_l: 10.0,
            fuel_noise_l: 1.5,
            idle_l_per_h: 3.0,
            offline_after_s: 600,
        }
    }
}

/// What the fold must know of the vehicle itself. Nothing known is the default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VehicleRules {
    /// Its own speed limit, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// What it burns, litres for 100 km; without it, and without a level sensor, trips have no fuel.
    pub fuel_l_per_100km: Option<f64>,
    /// Odometer reading at which the next service is due, km.
    pub service_due_km: Option<f64>,
    /// When the next service is due.
    pub service_due_at: Option<Timestamp>,
    /// Added to the way that was followed where the vehicle tells no odometer, km: its reading when it was set up.
    pub odometer_offset_km: f64,
}

/// Thresholds and a vehicle's own rules; built means valid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rules {
    thresholds: Thresholds,
    vehicle: VehicleRules,
}

impl Rules {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Invalid`] for the first field that is out of its range, NaN and infinities included.
    pub fn new(thresholds: Thresholds, vehicle: VehicleRules) -> Result<Self, Invalid> {
        check_metres(&thresholds)?;
        check_speeds(&thresholds)?;
        check_fuel(&thresholds)?;
        check_times(&thresholds)?;
        check_vehicle(&vehicle)?;
        Ok(Self { thresholds, vehicle })
    }

    /// The tenant's thresholds.
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The vehicle's own.
    pub const fn vehicle(&self) -> &VehicleRules {
        &self.vehicle
    }
}

type Check = Result<(), Invalid>;

fn within(field: &'static str, value: f64, range: std::ops::RangeInclusive<f64>, message: &'static str) -> Check {
    if range.contains(&value) { Ok(()) } else { Err(Invalid::new(field, message)) }
}

fn check_metres(of: &Thresholds) -> Check {
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

fn check_speeds(of: &Thresholds) -> Check {
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

fn check_fuel(of: &Thresholds) -> Check {
    let litres = |field, value| within(field, value, 0.1..=10_000.0, "must be a number from 0.1 to 10000 (litres)");
    litres("theft_l", of.theft_l)?;
    litres("refuel_l", of.refuel_l)?;
    litres("fuel_noise_l", of.fuel_noise_l)?;
    within("theft_percent", of.theft_percent, 1.0..=100.0, "must be a number from 1 to 100 (percent)")?;
    within("idle_l_per_h", of.idle_l_per_h, 0.0..=100.0, "must be a number from 0 to 100 (litres an hour)")
}

fn check_times(of: &Thresholds) -> Check {
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

fn check_vehicle(of: &VehicleRules) -> Check {
    let optional = |field, value: Option<f64>, most, message| {
        value.map_or(Ok(()), |value| within(field, value, 0.0..=most, message))
    };
    optional("speed_limit_kmh", of.speed_limit_kmh, 1_000.0, "must be a number from 0 to 1000 (km/h)")?;
    optional("fuel_l_per_100km", of.fuel_l_per_100km, 1_000.0, "must be a number from 0 to 1000 (litres for 100 km)")?;
    let km = "must be a number from 0 to 100000000 (km)";
    optional("service_due_km", of.service_due_km, 100_000_000.0, km)?;
    within("odometer_km", of.odometer_offset_km, 0.0..=100_000_000.0, km)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_are_what_is_missing_in_a_saved_form() {
        assert_eq!(Rules::new(Thresholds::default(), VehicleRules::default()), Ok(Rules::default()));
        let saved: Thresholds = serde_json::from_str(r#"{"stop_after_s": 180}"#).unwrap();
        assert_eq!(saved, Thresholds { stop_after_s: 180, ..Thresholds::default() });
    }

    #[test]
    fn what_is_no_threshold_is_refused_by_name() {
        let check = |change: fn(&mut Thresholds), field: &str| {
            let mut thresholds = Thresholds::default();
            change(&mut thresholds);
            assert_eq!(Rules::new(thresholds, VehicleRules::default()).unwrap_err().field, field);
        };
        check(|of| of.noise_m = f64::NAN, "noise_m");
        check(|of| of.depart_m = -1.0, "depart_m");
        check(|of| of.max_speed_kmh = f64::INFINITY, "max_speed_kmh");
        check(|of| of.theft_l = 0.0, "theft_l");
        check(|of| of.offline_after_s = 0, "offline_after_s");
        check(|of| of.stop_after_s = 10, "stop_after_s");
        check(|of| of.gap_max_s = 10, "gap_max_s");
        check(|of| of.still_radius_max_m = 20.0, "still_radius_max_m");
        check(|of| of.relocate_fixes = 0, "relocate_fixes");
        let vehicle = VehicleRules { fuel_l_per_100km: Some(-1.0), ..VehicleRules::default() };
        assert_eq!(Rules::new(Thresholds::default(), vehicle).unwrap_err().field, "fuel_l_per_100km");
    }
}
