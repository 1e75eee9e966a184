//! Whether somebody entered or left a round zone: a pure function of distances, with hysteresis against noise.

use crate::Invalid;

/// Least distance from the radius of entry to the radius of exit, metres: the noise of a phone that does not move.
const MARGIN_M: f64 = 30.0;
/// The same distance as a part of the radius, which counts in wide zones.
const MARGIN_PART: f64 = 0.2;

/// The radius of a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneRadius(f64);

impl ZoneRadius {
    /// From metres.
    ///
    /// # Errors
    /// [`Invalid`] outside 20 to 5000: from the noise of a phone to the size of a town.
    pub fn new(metres: f64) -> Result<Self, Invalid> {
        if (20.0..=5_000.0).contains(&metres) {
            Ok(Self(metres))
        } else {
            Err(Invalid::new("zone_m", "must be a number from 20 to 5000 (metres)"))
        }
    }

    /// Radius of entry, metres.
    pub const fn enter_m(self) -> f64 {
        self.0
    }

    /// Radius of exit, metres.
    pub const fn exit_m(self) -> f64 {
        self.0 + (self.0 * MARGIN_PART).max(MARGIN_M)
    }
}

impl Default for ZoneRadius {
    /// 150 m.
    fn default() -> Self {
        Self(150.0)
    }
}

/// The movement since the last fix, as seen from a zone's centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Approach {
    /// Its nearest point, metres from the centre; `end_m` if the path is unknown.
    pub nearest_m: f64,
    /// Its end, metres from the centre.
    pub end_m: f64,
}

/// What an approach resulted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// No crossing.
    None,
    /// Entered.
    Entered,
    /// Left.
    Left,
    /// Entered and left between two fixes.
    Passed,
}

impl Crossing {
    /// The crossings to publish, in order: true for entering, false for leaving.
    pub const fn steps(self) -> &'static [bool] {
        match self {
            Self::None => &[],
            Self::Entered => &[true],
            Self::Left => &[false],
            Self::Passed => &[true, false],
        }
    }

    /// Is it inside afterwards?
    pub const fn is_inside_after(self, was_inside: bool) -> bool {
        match self {
            Self::None => was_inside,
            Self::Entered => true,
            Self::Left | Self::Passed => false,
        }
    }
}

/// The crossing that an approach results in.
///
/// | was | nearest | end | |
/// |---|---|---|---|
/// | outside | beyond the radius of entry | | nothing |
/// | outside | within the radius of entry | within the radius of exit | entered |
/// | outside | within the radius of entry | beyond the radius of exit | passed |
/// | inside | | within the radius of exit | nothing |
/// | inside | | beyond the radius of exit | left |
pub fn cross_zone(was_inside: bool, approach: Approach, radius: ZoneRadius) -> Crossing {
    let ends_out = approach.end_m > radius.exit_m();
    match was_inside {
        true if ends_out => Crossing::Left,
        true => Crossing::None,
        false if approach.nearest_m.min(approach.end_m) > radius.enter_m() => Crossing::None,
        false if ends_out => Crossing::Passed,
        false => Crossing::Entered,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_zone_is_left_farther_out_than_it_is_entered() {
        for (radius_m, exit_m) in [(20.0, 50.0), (150.0, 180.0), (1_000.0, 1_200.0), (5_000.0, 6_000.0)] {
            assert_eq!(ZoneRadius::new(radius_m).unwrap().exit_m(), exit_m);
        }
        for refused in [19.9, 5_000.1, f64::NAN, f64::INFINITY, -150.0] {
            assert!(ZoneRadius::new(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn every_row_of_the_transition_table() {
        let check = |was_inside, nearest_m, end_m, expected| {
            let found = cross_zone(was_inside, Approach { nearest_m, end_m }, ZoneRadius::default());
            assert_eq!(found, expected, "{was_inside} {nearest_m} {end_m}");
        };
        check(false, 150.1, 150.1, Crossing::None);
        check(false, 500.0, 900.0, Crossing::None);
        check(false, 150.0, 150.0, Crossing::Entered);
        check(false, 0.0, 0.0, Crossing::Entered);
        check(false, 100.0, 180.0, Crossing::Entered);
        check(false, 100.0, 180.1, Crossing::Passed);
        check(true, 0.0, 0.0, Crossing::None);
        check(true, 100.0, 180.0, Crossing::None);
        check(true, 100.0, 180.1, Crossing::Left);
        check(true, 900.0, 900.0, Crossing::Left);
    }

    fn follow(inside: &mut bool, end_m: f64, radius: ZoneRadius) -> &'static [bool] {
        let crossing = cross_zone(*inside, Approach { nearest_m: end_m, end_m }, radius);
        *inside = crossing.is_inside_after(*inside);
        crossing.steps()
    }

    proptest! {
        #[test]
        fn entering_and_leaving_alternate_and_begin_with_entering(
            radius_m in 20.0..=5_000.0_f64,
            way in prop::collection::vec((0.0..8_000.0_f64, 0.0..8_000.0_f64), 0..60),
        ) {
            let radius = ZoneRadius::new(radius_m).unwrap();
            let (mut inside, mut expected) = (false, true);
            for (a_m, b_m) in way {
                let crossing = cross_zone(inside, Approach { nearest_m: a_m.min(b_m), end_m: b_m }, radius);
                for &entered in crossing.steps() {
                    prop_assert_eq!(entered, expected);
                    expected = !expected;
                }
                inside = crossing.is_inside_after(inside);
                prop_assert_eq!(inside, !expected);
                prop_assert!(!inside || b_m <= radius.exit_m());
                prop_assert!(inside || b_m > radius.enter_m());
            }
        }

        #[test]
        fn jitter_at_the_edge_counts_once_at_most(
            radius_m in 20.0..=5_000.0_f64,
            jitter in prop::collection::vec(-14.9..14.9_f64, 1..200),
        ) {
            let radius = ZoneRadius::new(radius_m).unwrap();
            for centre_m in [radius.enter_m(), radius.exit_m() - 15.0, radius.exit_m()] {
                let mut inside = false;
                let told: usize = jitter.iter().map(|by| follow(&mut inside, (centre_m + by).max(0.0), radius).len()).sum();
                prop_assert!(told <= 1, "{} told around {}", told, centre_m);
            }
        }
    }
}
