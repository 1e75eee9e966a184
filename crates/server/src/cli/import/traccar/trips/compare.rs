//! Compares the trips of one device as Traccar reports them with those found here, and says why they differ.

use super::why::{Case, Ground, Why};
use milepost_domain::Timestamp;
use milepost_traccar_source::ForeignTrip;
use milepost_track::Trip;

/// Times that are nearer are the same.
const SAME_MS: i64 = 60_000;
/// Lengths whose difference is a smaller part of the longer one are the same …
const SAME_PART: f64 = 0.01;
/// … or one of fewer metres: two fixes of a receiver differ by as much.
const SAME_M: f64 = 20.0;

/// A trip, wherever it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OneTrip {
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) distance_m: f64,
}

impl From<&ForeignTrip> for OneTrip {
    fn from(trip: &ForeignTrip) -> Self {
        let ForeignTrip { started_at, ended_at, distance_m } = *trip;
        Self { started_at, ended_at, distance_m }
    }
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// The beginning here is later by so many milliseconds.
    Start(i64),
    /// The end here is later by so many milliseconds.
    End(i64),
    /// The length here is greater by so many metres.
    Distance(f64),
    /// One or several there are another number here.
    Count,
    OnlyThere,
    OnlyHere,
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) there: Vec<OneTrip>,
    pub(super) here: Vec<OneTrip>,
    pub(super) what: What,
    pub(super) why: Why,
}

/// The comparison of one device.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comparison {
    pub(super) there: usize,
    pub(super) here: usize,
    /// Pairs without a difference.
    pub(super) alike: usize,
    pub(super) differences: Vec<Difference>,
}

/// Compares. Both lists are in the order of time; trips here that run are none yet.
pub(super) fn compare(there: &[ForeignTrip], here: &[Trip], ground: &Ground<'_>) -> Comparison {
    let theirs: Vec<OneTrip> = there.iter().map(OneTrip::from).collect();
    let ended: Vec<(OneTrip, &Trip)> = here
        .iter()
        .filter_map(|trip| {
            let distance_m = trip.distance_mm as f64 / 1000.0;
            Some((OneTrip { started_at: trip.started_at, ended_at: trip.ended_at?, distance_m }, trip))
        })
        .collect();
    let mut comparison = Comparison { there: theirs.len(), here: ended.len(), ..Comparison::default() };
    let (mut of_them, mut of_us) = (&theirs[..], &ended[..]);
    while !of_them.is_empty() || !of_us.is_empty() {
        let (count_there, count_here) = overlapping(of_them, of_us);
        let (those, these) = (&of_them[..count_there], &of_us[..count_here]);
        (of_them, of_us) = (&of_them[count_there..], &of_us[count_here..]);
        let found = differences(those, these, ground);
        if found.is_empty() {
            comparison.alike += 1;
        }
        comparison.differences.extend(found);
    }
    comparison
}

/// How many trips of each list, from its beginning, overlap each other.
fn overlapping(there: &[OneTrip], here: &[(OneTrip, &Trip)]) -> (usize, usize) {
    let (mut of_them, mut of_us) = (0, 0);
    let first =
        there.first().map(|trip| trip.started_at).into_iter().chain(here.first().map(|(trip, _)| trip.started_at));
    let Some(mut end) = first.min() else { return (0, 0) };
    loop {
        let next = |trip: Option<&OneTrip>, end: Timestamp, is_first: bool| {
            trip.filter(|trip| trip.started_at < end || is_first && trip.started_at == end).map(|trip| trip.ended_at)
        };
        let is_first = of_them + of_us == 0;
        if let Some(ended_at) = next(there.get(of_them), end, is_first) {
            of_them += 1;
            end = end.max(ended_at);
        } else if let Some(ended_at) = next(here.get(of_us).map(|(trip, _)| trip), end, is_first) {
            of_us += 1;
            end = end.max(ended_at);
        } else {
            return (of_them, of_us);
        }
    }
}

fn differences(there: &[OneTrip], here: &[(OneTrip, &Trip)], ground: &Ground<'_>) -> Vec<Difference> {
    let ours: Vec<OneTrip> = here.iter().map(|(trip, _)| *trip).collect();
    let difference = |what: What, why: Why| Difference { there: there.to_vec(), here: ours.clone(), what, why };
    match (there, &ours[..]) {
        ([theirs], [trip]) => {
            let mut found = Vec::new();
            let start_ms = trip.started_at.ms_since(theirs.started_at);
            if start_ms.abs() > SAME_MS {
                let why = ground.why(Case::Time { there: theirs.started_at, here: trip.started_at });
                found.push(difference(What::Start(start_ms), why));
            }
            let end_ms = trip.ended_at.ms_since(theirs.ended_at);
            if end_ms.abs() > SAME_MS {
                let why = ground.why(Case::Time { there: theirs.ended_at, here: trip.ended_at });
                found.push(difference(What::End(end_ms), why));
            }
            if !is_same_length(theirs.distance_m, trip.distance_m) {
                let why = ground.why(Case::Length { there: theirs, here: trip });
                found.push(difference(What::Distance(trip.distance_m - theirs.distance_m), why));
            }
            found
        }
        ([theirs], []) => vec![difference(What::OnlyThere, ground.why(Case::OnlyThere(theirs)))],
        ([], [trip]) => vec![difference(What::OnlyHere, ground.why(Case::OnlyHere(trip)))],
        ([], []) => Vec::new(),
        _ => {
            let stops: Vec<_> = here.iter().map(|(_, trip)| trip.ended_by).collect();
            vec![difference(What::Count, ground.why(Case::Count { there, here: &ours, ended_by: &stops }))]
        }
    }
}

/// Whether two lengths are the same.
pub(super) fn is_same_length(a_m: f64, b_m: f64) -> bool {
    (a_m - b_m).abs() <= (SAME_PART * a_m.max(b_m)).max(SAME_M)
}
