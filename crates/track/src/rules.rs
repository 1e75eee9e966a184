//! Every threshold of the fold: its name, unit and default, and the reason for that.

mod check;

use milepost_domain::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};

/// A tenant's thresholds. Plain values: [`Rules::new`] checks them. A field that is missing in a stored form has its
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// A fix with a claimed accuracy worse than this is an outlier, metres. Default 200: a fix that is off by more than a
    /// block of houses is useless for trips and fences.
    pub max_accuracy_m: f64,
    /// The highest speed of any vehicle, km/h. Default 250.
    pub max_speed_kmh: f64,
    /// The highest acceleration of any vehicle, m/s²: a fix that needs more is a jump. Default 4: a fast car's.
    pub max_acceleration_mps2: f64,
    /// A fix may be off by this much, beside its noise, without being a jump, metres. Default 100.
    pub jump_slack_m: f64,
    /// This many jumps in a row that agree with each other are a relocation. Default 3.
    pub relocate_fixes: u32,
    /// Doubtful fixes have to agree with each other for this long beside that, seconds. Default 60.
    pub relocate_after_s: u32,

    /// A receiver's noise (one standard deviation along each axis) until its vehicle has stood, metres; more if it claims
    /// to be worse. Default 10.
    pub noise_m: f64,
    /// A vehicle that stays within a circle of four times the noise stands. Least radius of that circle, metres.
    /// Default 30.
    pub still_radius_min_m: f64,
    /// Largest radius of that circle, metres. Default 100.
    pub still_radius_max_m: f64,
    /// A vehicle stands when it has stayed in that circle for this long, seconds. Default 45: a red light is driving.
    pub still_after_s: u32,
    /// A parked vehicle is on a trip when it is this far from where it stood, metres. Default 100: white noise of σ 15 m
    /// stays within 75 m in a day of one fix a second.
    pub depart_m: f64,
    /// Distance is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
    pub step_m: f64,
    /// A reported speed of this or more is driving, km/h. Default 10.
    pub moving_kmh: f64,
    /// Standing for this long ends the trip, seconds. It ends when the vehicle came to stand. Default 300.
    pub stop_after_s: u32,
    /// A longer silence is a gap, seconds. The trip goes on after it only if the distance was driven. Default 300.
    pub gap_after_s: u32,
    /// After a longer silence no trip goes on, seconds. Default 1800.
    pub gap_max_s: u32,
    /// A gap with a lower average speed was standing, not driving, km/h. Default 5.
    pub gap_speed_kmh: f64,
    /// A running trip is reported again after this much time of the track, seconds … Default 30.
    pub progress_s: u32,
    /// … or after this distance, metres. Default 1000.
    pub progress_m: f64,

    /// One fix decides that a vehicle is inside or outside a fence, if it is as far from the edge as the receiver's noise:
    /// at least half and at most five times this, metres. Nearer to the edge, the next fix decides. Default 10.
    pub edge_margin_m: f64,
    /// The line between two fixes is checked for fences if they are at most this far apart in time, seconds … Default 300.
    pub segment_max_s: u32,
    /// … and in space, metres. Default 20000.
    pub segment_max_m: f64,

    /// Speed limit of a vehicle that has none of its own, km/h. Default 80.
    pub speed_limit_kmh: f64,
    /// A speed above the limit for this long is a violation, seconds. Default 5: errors of a receiver are shorter.
    pub speeding_for_s: u32,
    /// A violation ends this far below the limit, km/h. Default 3.
    pub speeding_hysteresis_kmh: f64,

    /// Braking harder than this is harsh, m/s². Default 4.
    pub braking_mps2: f64,
    /// Accelerating harder than this is harsh, m/s². Default 3.5.
    pub acceleration_mps2: f64,
    /// Lateral acceleration above this is harsh cornering, m/s². Default 4.
    pub cornering_mps2: f64,
    /// Manoeuvres are measured between fixes that are at most this far apart, seconds. Default 3.
    pub manoeuvre_s: u32,
    /// Below this speed no manoeuvre is harsh, km/h. Default 15.
    pub manoeuvre_kmh: f64,

    /// A loss of this much while the vehicle stands is theft, litres … Default 10.
    pub theft_l: f64,
    /// … or of this part of the tank's content, percent, if that is at least three times `fuel_noise_l`. Default 15.
    pub theft_percent: f64,
    /// A rise of this much is refuelling, litres. Default 10.
    pub refuel_l: f64,
    /// Noise of the level sensor, litres. Default 1.5.
    pub fuel_noise_l: f64,
    /// Consumption of an idling engine, litres an hour: not theft, unless the ignition is known to be off. Default 3.
    pub idle_l_per_h: f64,

    /// A vehicle without a position for this long is offline, seconds; later if its device usually reports less often. Default 600.
    pub offline_after_s: u32,
}

impl Thresholds {
    /// The defaults that the fields' documentation gives.
    pub const DEFAULT: Self = Self {
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
    };
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the fold knows of the vehicle itself. By default nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VehicleRules {
    /// Its own speed limit, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// Consumption, litres for 100 km. Without it, and without a level sensor, trips have no fuel.
    pub fuel_l_per_100km: Option<f64>,
    /// Odometer reading at which the next service is due, km.
    pub service_due_km: Option<f64>,
    /// When the next service is due.
    pub service_due_at: Option<Timestamp>,
    /// Odometer reading when the vehicle was entered, km. Added to the length of its trips if it reports no odometer.
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
        check::metres(&thresholds)?;
        check::speeds(&thresholds)?;
        check::fuel(&thresholds)?;
        check::times(&thresholds)?;
        check::vehicle(&vehicle)?;
        Ok(Self { thresholds, vehicle })
    }

    /// The tenant's thresholds.
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The vehicle's own rules.
    pub const fn vehicle(&self) -> &VehicleRules {
        &self.vehicle
    }
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
    fn an_invalid_threshold_is_refused_by_name() {
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
