//! Replays one rider fix by fix and compares the predicted with the real arrival.

use super::rider::Rider;
use milepost_geo::distance_m;
use milepost_track::{Estimate, Fix, History, Leg, Pace, estimate_eta, straight_line_eta_s};

/// A rider nearer than this has arrived, and no estimate is compared.
pub(super) const ARRIVED_M: f64 = 50.0;

/// The predictions at one fix, and the real arrival.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Seconds until the real arrival.
    pub(super) truth_s: f64,
    /// The straight distance to go.
    pub(super) straight_m: f64,
    /// The documented formula.
    pub(super) line_s: f64,
    /// The estimate for an unknown rider.
    pub(super) average_s: f64,
    /// The estimate from the rider's recent pace, without its finished legs.
    pub(super) pace_s: f64,
    /// The estimate from everything known.
    pub(super) estimate: Estimate,
}

/// Predicts at every fix of every leg. Later fixes only show the real arrival.
pub(super) fn replay_rider(rider: &Rider) -> Vec<Moment> {
    let mut moments = Vec::new();
    let Some((&first, later)) = rider.fixes.split_first() else { return moments };
    let (mut pace, mut history) = (Pace::start(first), History::default());
    let mut legs = rider.legs.iter().copied().peekable();
    let mut begun: Option<(Leg, usize)> = None;
    for (index, &fix) in std::iter::once(&first).chain(later).enumerate() {
        pace.note(fix);
        if let Some((leg, _)) = begun.take_if(|(_, end)| *end == index) {
            history.learn(&leg, &pace);
        }
        if let Some((_, end)) = legs.next_if(|&(start, _)| start == index) {
            begun = Some((Leg::start(&pace), end));
        }
        if let Some((_, end)) = begun {
            moments.extend(predict(&pace, &history, fix, rider.fixes[end]));
        }
    }
    moments
}

/// `None` where the rider has nearly arrived, or its last accepted fix is too old for an estimate.
fn predict(pace: &Pace, history: &History, fix: Fix, arrival: Fix) -> Option<Moment> {
    let to = arrival.point();
    let straight_m = distance_m(fix.point(), to);
    let estimate = estimate_eta(pace, history, to, fix.at()).estimate()?;
    let unknown = estimate_eta(&Pace::start(fix), &History::default(), to, fix.at()).estimate()?;
    let paced = estimate_eta(pace, &History::default(), to, fix.at()).estimate()?;
    (straight_m >= ARRIVED_M).then(|| Moment {
        truth_s: arrival.at().ms_since(fix.at()) as f64 / 1000.0,
        straight_m,
        line_s: f64::from(straight_line_eta_s(fix.point(), to)),
        average_s: f64::from(unknown.seconds),
        pace_s: f64::from(paced.seconds),
        estimate,
    })
}

/// The errors of a method, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Errors {
    pub(super) mean_s: f64,
    pub(super) median_s: f64,
    pub(super) p90_s: f64,
    /// Mean error: positive if the prediction was later than the arrival.
    pub(super) bias_s: f64,
}

/// The errors of the method that `predicted_s` reads.
pub(super) fn errors(moments: &[Moment], predicted_s: impl Fn(&Moment) -> f64) -> Errors {
    let signed = || moments.iter().map(|moment| predicted_s(moment) - moment.truth_s);
    let mut sizes: Vec<f64> = signed().map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let count = sizes.len() as f64;
    let quantile = |part: f64| sizes.get((part * count) as usize).copied().unwrap_or(f64::NAN);
    Errors {
        mean_s: sizes.iter().sum::<f64>() / count,
        median_s: quantile(0.5),
        p90_s: quantile(0.9),
        bias_s: signed().sum::<f64>() / count,
    }
}

/// The errors of the documented formula.
pub(super) fn line(moments: &[Moment]) -> Errors {
    errors(moments, |moment| moment.line_s)
}

/// The errors of the better estimate.
pub(super) fn estimate(moments: &[Moment]) -> Errors {
    errors(moments, |moment| f64::from(moment.estimate.seconds))
}

/// The share of the arrivals that lie within their interval.
pub(super) fn covered(moments: &[Moment]) -> f64 {
    let inside = |moment: &&Moment| {
        (f64::from(moment.estimate.low_s)..=f64::from(moment.estimate.high_s)).contains(&moment.truth_s)
    };
    moments.iter().filter(inside).count() as f64 / moments.len() as f64
}
