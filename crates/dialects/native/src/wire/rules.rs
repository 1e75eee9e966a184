//! A tenant's thresholds, by the names that the fold gives them.

use super::fleet::present;
use milepost_service::{RuleChange, Thresholds};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

/// Writes the same list of names twice: as they apply, and as they may be changed.
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

        /// Which thresholds to change: absent ones stay, null takes one back to its default.
        #[derive(Default, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        #[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
        pub(crate) struct ChangeRulesJson {
            $(
                $(#[$doc])*
                #[serde(deserialize_with = "present")]
                #[schema(value_type = Option<$kind>)]
                pub $name: Option<Option<$kind>>,
            )*
        }

        impl ChangeRulesJson {
            /// Those that are named.
            pub(crate) fn changes(&self) -> Vec<RuleChange> {
                let named = [$((stringify!($name), self.$name.map(|value| value.and_then(number))),)*];
                named.into_iter().filter_map(|(name, change)| Some((name, change?))).collect()
            }
        }
    };
}

thresholds! {
    /// A fix that claims to be no better than this is marked and not used, metres. Default 200: farther off
    /// than a block of houses a fix tells nothing about trips or fences.
    max_accuracy_m: f64,
    /// Faster is no vehicle, km/h. Default 250.
    max_speed_kmh: f64,
    /// A fix that would need more acceleration than this to get there is a jump, m/s². Default 4: a fast
    /// car's.
    max_acceleration_mps2: f64,
    /// So far a fix may be off without being a jump, metres, its accuracy not counted. Default 100.
    jump_slack_m: f64,
    /// So many fixes in a row that agree with each other at the new place make a jump a relocation. Default
    /// 3.
    relocate_fixes: u32,
    /// And for so long, seconds. Default 60.
    relocate_after_s: u32,
    /// A receiver's noise (one standard deviation along each axis) until it was seen standing, metres; more
    /// if it claims to be worse. Default 10.
    noise_m: f64,
    /// Whoever stays within a circle of four times the noise stands; the circle's radius is not less than
    /// this, metres. Default 30.
    still_radius_min_m: f64,
    /// And not more, metres. Default 100.
    still_radius_max_m: f64,
    /// Who stays in that circle for so long stands, seconds. Default 45: shorter than a red light is driving.
    still_after_s: u32,
    /// A parked vehicle has set off once it is so far from where it stood, metres. Default 100: white noise
    /// of σ 15 m does not get farther than 75 m in a day of fixes a second.
    depart_m: f64,
    /// A way is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
    step_m: f64,
    /// Told speeds from this on are driving, km/h. Default 10.
    moving_kmh: f64,
    /// Standing for so long ends the trip, at the time when it came to stand, seconds. Default 300.
    stop_after_s: u32,
    /// A silence of more than this is a gap: the trip goes on behind it only if the way between was driven,
    /// seconds. Default 300.
    gap_after_s: u32,
    /// After a silence of more than this no trip goes on, seconds. Default 1800.
    gap_max_s: u32,
    /// Slower than this, on average over a gap, was standing rather than driving, km/h. Default 5.
    gap_speed_kmh: f64,
    /// A running trip is told again after so much time of the track, seconds. Default 30.
    progress_s: u32,
    /// Or after so much way, metres. Default 1000.
    progress_m: f64,
    /// So deep inside (or far outside) of a fence as the receiver's noise, one fix is enough; but held within
    /// half and five times of this, metres. Shallower, the next fix decides. Default 10.
    edge_margin_m: f64,
    /// Between fixes farther apart in time than this no passage is looked for, seconds. Default 300.
    segment_max_s: u32,
    /// Or farther apart in space, metres. Default 20000.
    segment_max_m: f64,
    /// Speed limit of a vehicle that has none of its own, km/h. Default 80.
    speed_limit_kmh: f64,
    /// Over the limit for at least so long is a violation, seconds. Default 5: longer than a receiver's slip.
    speeding_for_s: u32,
    /// A violation ends so much below the limit, km/h. Default 3.
    speeding_hysteresis_kmh: f64,
    /// Braking harder than this is harsh, m/s². Default 4.
    braking_mps2: f64,
    /// Accelerating harder than this is harsh, m/s². Default 3.5.
    acceleration_mps2: f64,
    /// Lateral acceleration above this is harsh cornering, m/s². Default 4.
    cornering_mps2: f64,
    /// Fixes farther apart than this tell nothing of how it was driven, seconds. Default 3.
    manoeuvre_s: u32,
    /// Slower than this nothing is harsh, km/h. Default 15.
    manoeuvre_kmh: f64,
    /// A tank that loses so much while the vehicle stands was robbed, litres. Default 10.
    theft_l: f64,
    /// Or so much of what was in it, percent, if it is at least three times `fuel_noise_l`. Default 15.
    theft_percent: f64,
    /// A rise of so much is refuelling, litres. Default 10.
    refuel_l: f64,
    /// A level sensor's noise, litres. Default 1.5.
    fuel_noise_l: f64,
    /// What an engine burns while idling, litres an hour; not theft unless the ignition is known to be off.
    /// Default 3.
    idle_l_per_h: f64,
    /// Without a fix for so long a vehicle is offline, seconds. Default 600.
    offline_after_s: u32,
}

/// `None` for what no JSON is: NaN and the infinities.
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
    /// Those that the tenant set itself.
    #[schema(value_type = Object)]
    pub own: Map<String, Value>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_of_the_fold_has_its_name_here() {
        let of_the_fold = serde_json::to_value(Thresholds::default()).unwrap();
        let here = serde_json::to_value(ThresholdsJson::from(&Thresholds::default())).unwrap();
        assert_eq!(here, of_the_fold);
    }

    #[test]
    fn absent_null_and_a_number_are_three_things() {
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
