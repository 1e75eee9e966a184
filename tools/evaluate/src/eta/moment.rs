//! Replays one rider fix by fix and compares the predicted with the real arrival.

use super::rider::Rider;
use milepost_geo::distance_m;
use milepost_track::{ArrivalModel, Estimate, Fix, History, Leg, Pace, estimate_eta, straight_line_eta_s};

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

/// Predicts at every fix of every leg of the riders of one tenant, in the order of time. Later fixes only show the real
/// arrival.
pub(super) fn replay_riders(riders: &[&Rider]) -> Vec<Moment> {
    let mut order: Vec<(usize, usize)> =
        riders.iter().enumerate().flat_map(|(rider, all)| (0..all.fixes.len()).map(move |fix| (rider, fix))).collect();
    order.sort_by_key(|&(rider, fix)| (riders[rider].fixes[fix].at(), rider));
    let mut replays: Vec<Replay<'_>> = riders.iter().filter_map(|rider| Replay::of(rider)).collect();
    let mut model = ArrivalModel::default();
    let mut moments = Vec::new();
    for (rider, fix) in order {
        moments.extend(replays[rider].step(fix, &mut model));
    }
    moments
}

/// A rider under way.
struct Replay<'a> {
    rider: &'a Rider,
    pace: Pace,
    history: History,
    next_leg: usize,
    begun: Option<(Leg, usize, usize)>,
}

impl<'a> Replay<'a> {
    fn of(rider: &'a Rider) -> Option<Self> {
        let first = *rider.fixes.first()?;
        Some(Self { rider, pace: Pace::start(first), history: History::default(), next_leg: 0, begun: None })
    }

    fn step(&mut self, index: usize, model: &mut ArrivalModel) -> Option<Moment> {
        let fix = self.rider.fixes[index];
        self.pace.note(fix);
        if let Some((leg, start, end)) = self.begun.take_if(|(_, _, end)| *end == index) {
            model.learn(&self.rider.fixes[start..=end], fix.point(), &self.history);
            self.history.learn(&leg, &self.pace);
        }
        if let Some(&(start, end)) = self.rider.legs.get(self.next_leg)
            && start == index
        {
            self.begun = Some((Leg::start(&self.pace), start, end));
            self.next_leg += 1;
        }
        let (_, _, end) = self.begun.as_ref()?;
        predict(&self.pace, &self.history, model, fix, self.rider.fixes[*end])
    }
}

/// `None` where the rider has nearly arrived, or its last accepted fix is too old for an estimate.
fn predict(pace: &Pace, history: &History, model: &ArrivalModel, fix: Fix, arrival: Fix) -> Option<Moment> {
    let unlearned = ArrivalModel::default();
    let to = arrival.point();
    let straight_m = distance_m(fix.point(), to);
    let estimate = estimate_eta(pace, history, model, to, fix.at()).estimate()?;
    let unknown = estimate_eta(&Pace::start(fix), &History::default(), &unlearned, to, fix.at()).estimate()?;
    let paced = estimate_eta(pace, &History::default(), &unlearned, to, fix.at()).estimate()?;
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

/// A range of times to go, and how exact a prediction has to be there.
pub(super) struct Time {
    pub(super) name: &'static str,
    range_s: std::ops::Range<f64>,
    /// The arrival may come this long before the predicted time, seconds.
    early_s: f64,
    /// And this long after it.
    late_s: f64,
}

impl Time {
    pub(super) fn has(&self, seconds: f64) -> bool {
        self.range_s.contains(&seconds)
    }
}

/// The bounds are those that operators of public transport use for their predictions of arrival.
pub(super) const TIMES: [Time; 4] = [
    Time { name: "0 to 180", range_s: 0.0..180.0, early_s: 30.0, late_s: 90.0 },
    Time { name: "180 to 360", range_s: 180.0..360.0, early_s: 60.0, late_s: 150.0 },
    Time { name: "360 to 600", range_s: 360.0..600.0, early_s: 60.0, late_s: 210.0 },
    Time { name: "600 to 900", range_s: 600.0..900.0, early_s: 90.0, late_s: 270.0 },
];

/// The share of the moments at which the method that `predicted_s` reads is exact enough.
pub(super) fn accurate(moments: &[Moment], time: &Time, predicted_s: impl Fn(&Moment) -> f64) -> f64 {
    let exact = moments.iter().filter(|moment| {
        let after_s = moment.truth_s - predicted_s(moment);
        (-time.early_s..=time.late_s).contains(&after_s)
    });
    exact.count() as f64 / moments.len() as f64
}

/// The share of the arrivals that lie within their interval.
pub(super) fn covered(moments: &[Moment]) -> f64 {
    let inside = |moment: &&Moment| {
        (f64::from(moment.estimate.low_s)..=f64::from(moment.estimate.high_s)).contains(&moment.truth_s)
    };
    moments.iter().filter(inside).count() as f64 / moments.len() as f64
}
