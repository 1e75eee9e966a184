//! A tenant's thresholds, under the names that the fold uses.

use super::fleet::present;
use milepost_service::{RuleChange, Thresholds};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

/// Expands one list of names into two structs: the thresholds as they apply, and the changes of them.
macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident: $kind:ident,)*) => {
        /// All thresholds as they apply.
        #[derive(Serialize, ToSchema)]
        pub(crate) struct ThresholdsJson {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl From<&Thresholds> for ThresholdsJson {
            fn from(thresholds: &Thresholds) -> Self {
                Self { $($name: thresholds.$name,)* }
            }
        }

        /// The changes of thresholds. Absent ones stay, null takes one back to its default.
        #[derive(Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
        pub(crate) struct ChangeRulesJson {
            $(
                $(#[$doc])*
                #[serde(default, deserialize_with = "present")]
                #[schema(value_type = Option<$kind>)]
                pub $name: Option<Option<$kind>>,
            )*
        }

        impl ChangeRulesJson {
            /// The thresholds that the request names.
            pub(crate) fn changes(&self) -> Vec<RuleChange> {
                let named = [$((stringify!($name), self.$name.map(|value| value.and_then(number))),)*];
                named.into_iter().filter_map(|(name, change)| Some((name, change?))).collect()
            }
        }
    };
}

thresholds! {
    /// A fix with a claimed accuracy worse than this is an outlier, metres. Default 200: a fix that is off by
    /// more than a block of houses is useless for trips and fences.
    max_accuracy_m: f64,
    /// The highest speed of any vehicle, km/h. Default 250.
    max_speed_kmh: f64,
    /// The highest acceleration of any vehicle, m/s²: a fix that needs more is a jump. Default 4: a fast car's.
    max_acceleration_mps2: f64,
    /// A fix may be off by this much, beside its noise, without being a jump, metres. Default 100.
    jump_slack_m: f64,
    /// This many jumps in a row that agree with each other make a relocation: the vehicle is there after all.
    /// Default 3.
    relocate_fixes: u32,
    /// Doubtful fixes, which are shown all the same, have to agree with each other for this long beside that,
    /// seconds. Default 60.
    relocate_after_s: u32,
    /// A receiver's noise (one standard deviation along each axis) until its vehicle has stood, metres; more if
    /// it claims to be worse. Default 10.
    noise_m: f64,
    /// A vehicle that stays within a circle of four times the noise stands. Least radius of that circle, metres.
    /// Default 30.
    still_radius_min_m: f64,
    /// Largest radius of that circle, metres. Default 100.
    still_radius_max_m: f64,
    /// A vehicle stands when it has stayed in that circle for this long, seconds. Default 45: a red light is
    /// driving.
    still_after_s: u32,
    /// A parked vehicle is on a trip when it is this far from where it stood, metres. Default 100: white noise of
    /// σ 15 m stays within 75 m in a day of one fix a second.
    depart_m: f64,
    /// Distance is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
    step_m: f64,
    /// A reported speed of this or more is driving, km/h. Default 10.
    moving_kmh: f64,
    /// Standing for this long ends the trip, seconds. It ends when the vehicle came to stand. Default 300.
    stop_after_s: u32,
    /// A longer silence is a gap, seconds. The trip goes on after it only if the distance was driven. Default
    /// 300.
    gap_after_s: u32,
    /// After a longer silence no trip goes on, seconds. Default 1800.
    gap_max_s: u32,
    /// A gap with a lower average speed was standing, not driving, km/h. Default 5.
    gap_speed_kmh: f64,
    /// A running trip is published again after this much time of its track, or after `progress_m`, seconds.
    /// Default 30.
    progress_s: u32,
    /// A running trip is published again after this distance, or after `progress_s`, metres. Default 1000.
    progress_m: f64,
    /// One fix decides that a vehicle is inside or outside a geofence, if it is as far from the edge as the
    /// receiver's noise: at least half and at most five times this, metres. Nearer to the edge, the next fix
    /// decides. Default 10.
    edge_margin_m: f64,
    /// The line between two fixes is checked for geofences if they are at most this far apart in time, seconds.
    /// Default 300.
    segment_max_s: u32,
    /// The line between two fixes is checked for geofences if they are at most this far apart, metres. Default
    /// 20000.
    segment_max_m: f64,
    /// Speed limit of a vehicle that has none of its own, km/h. Default 80.
    speed_limit_kmh: f64,
    /// A speed above the limit for this long is a violation, seconds. Default 5: errors of a receiver are
    /// shorter.
    speeding_for_s: u32,
    /// A violation ends this far below the limit, km/h. Default 3.
    speeding_hysteresis_kmh: f64,
    /// Braking harder than this is harsh, m/s². Default 4.
    braking_mps2: f64,
    /// Accelerating harder than this is harsh, m/s². Default 3.5.
    acceleration_mps2: f64,
    /// Lateral acceleration above this is harsh cornering, m/s². Default 4.
    cornering_mps2: f64,
    /// Manoeuvres are measured between fixes that are at most this far apart, seconds. Default 3.
    manoeuvre_s: u32,
    /// Below this speed no manoeuvre is harsh, km/h. Default 15.
    manoeuvre_kmh: f64,
    /// A loss of this much while the vehicle stands is theft, litres. Default 10.
    theft_l: f64,
    /// A loss of this part of the tank's content while the vehicle stands is theft, percent, if it is at least
    /// three times `fuel_noise_l`. Default 15.
    theft_percent: f64,
    /// A rise of this much is refuelling, litres. Default 10.
    refuel_l: f64,
    /// Noise of the level sensor, litres. Default 1.5.
    fuel_noise_l: f64,
    /// Consumption of an idling engine, litres an hour: not theft, unless the ignition is known to be off.
    /// Default 3.
    idle_l_per_h: f64,
    /// A vehicle without a position for this long is offline, seconds; later if its device usually reports less often. Default 600.
    offline_after_s: u32,
}

/// `None` for a number that JSON does not have: NaN and the infinities.
fn number(value: impl Into<Value>) -> Option<Number> {
    match value.into() {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// A tenant's thresholds.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesJson {
    /// Counts up with each change; 0 before the first.
    pub version: i64,
    /// When they were changed last: RFC 3339, UTC, milliseconds; null before the first time.
    pub changed_at: Option<String>,
    /// All of them, as they apply.
    pub thresholds: ThresholdsJson,
    /// The thresholds that the tenant has set itself.
    #[schema(value_type = Object)]
    pub own: Map<String, Value>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_of_the_fold_can_be_changed_under_its_name() {
        let of_the_fold = serde_json::to_value(Thresholds::default()).unwrap();
        let here = serde_json::to_value(ThresholdsJson::from(&Thresholds::default())).unwrap();
        assert_eq!(here, of_the_fold);
    }

    #[test]
    fn absent_null_and_a_number_are_three_different_changes() {
        let json: ChangeRulesJson =
            serde_json::from_str(r#"{"noise_m":null,"stop_after_s":600,"speed_limit_kmh":50}"#).unwrap();
        let expected =
            [("noise_m", None), ("stop_after_s", Some(Number::from(600))), ("speed_limit_kmh", Number::from_f64(50.0))];
        assert_eq!(json.changes(), expected);
        for wrong in [r#"{"speed_limit":50}"#, r#"{"stop_after_s":1.5}"#, r#"{"noise_m":"5"}"#] {
            assert!(serde_json::from_str::<ChangeRulesJson>(wrong).is_err(), "{wrong}");
        }
    }
}
