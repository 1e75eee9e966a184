//! Gathers what differs between the trips of all devices: sums for the terminal, each difference for a file.

use super::compare::{Comparison, Difference, OneTrip, What};
use super::why::Why;
use milepost_domain::{Timestamp, VehicleId};
use milepost_traccar_source::SourceError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Result, Write as _};
use std::path::Path;

/// Differences of one reason that are shown.
const SHOWN: usize = 5;
/// Devices without a report that are named.
const NAMED: usize = 10;
const HEADER: &str =
    "device,name,what,there_started_at,there_ended_at,there_m,here_started_at,here_ended_at,here_m,why";

#[derive(Default)]
pub(super) struct Differences {
    file: Option<BufWriter<File>>,
    there: usize,
    here: usize,
    alike: usize,
    reasons: BTreeMap<Why, Shown>,
    unread: BTreeMap<String, Shown>,
    was_given_up: bool,
}

#[derive(Default)]
struct Shown {
    count: usize,
    texts: Vec<String>,
}

impl Shown {
    fn add(&mut self, most: usize, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.texts.len() < most {
            self.texts.push(text());
        }
    }
}

impl Differences {
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let mut file = path.map(File::create).transpose()?.map(BufWriter::new);
        if let Some(file) = &mut file {
            writeln!(file, "{HEADER}")?;
        }
        Ok(Self { file, ..Self::default() })
    }

    pub(super) fn take(&mut self, id: &VehicleId, name: &str, comparison: Comparison) -> Result<()> {
        self.there += comparison.there;
        self.here += comparison.here;
        self.alike += comparison.alike;
        for difference in comparison.differences {
            if let Some(file) = &mut self.file {
                writeln!(file, "{}", row(id, name, &difference))?;
            }
            self.reasons.entry(difference.why).or_default().add(SHOWN, || told(name, &difference));
        }
        Ok(())
    }

    pub(super) fn note_unread(&mut self, id: &VehicleId, error: &SourceError) {
        self.unread.entry(error.to_string()).or_default().add(NAMED, || id.to_string());
    }

    pub(super) const fn note_given_up(&mut self) {
        self.was_given_up = true;
    }

    pub(super) fn lines(mut self, days: u32) -> Result<Vec<String>> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        let Self { there, here, alike, .. } = self;
        let mut lines = vec![format!(
            "Trips of each device's last {days} days: {there} there, {here} here; {alike} are the same within 1 % and a minute."
        )];
        let more = |shown: &Shown| match shown.count - shown.texts.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        for (why, shown) in &self.reasons {
            let Shown { count, texts } = shown;
            lines.push(format!("  {count} differ, because {}: {}{}", why.as_str(), texts.join("; "), more(shown)));
        }
        for (why, shown) in &self.unread {
            lines.push(format!("  not compared ({why}): {}{}", shown.texts.join(", "), more(shown)));
        }
        if self.was_given_up {
            lines.push("  The other devices' trips were not compared.".to_owned());
        }
        Ok(lines)
    }
}

/// One difference, in words.
fn told(name: &str, difference: &Difference) -> String {
    let begins = [difference.there.first(), difference.here.first()].into_iter().flatten().map(|trip| trip.started_at);
    let at = begins.min().map(minute).unwrap_or_default();
    let (there, here) = (difference.there.len(), difference.here.len());
    let what = match difference.what {
        What::Start(ms) => format!("begins {} here", late(ms)),
        What::End(ms) => format!("ends {} here", late(ms)),
        What::Distance(metres) => {
            let longer = if metres > 0.0 { "longer" } else { "shorter" };
            let length = difference.there.first().map_or(0.0, |trip| trip.distance_m);
            format!("is {:.0} m {longer} here than the {length:.0} m there", metres.abs())
        }
        What::Count => format!("{there} there, {here} here"),
        What::OnlyThere => "is only there".to_owned(),
        What::OnlyHere => "is only here".to_owned(),
    };
    format!("{name} {at} {what}")
}

fn late(ms: i64) -> String {
    let minutes = ms.abs() as f64 / 60_000.0;
    format!("{minutes:.1} min {}", if ms > 0 { "later" } else { "earlier" })
}

fn minute(at: Timestamp) -> String {
    instant(at).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or_default()
}

fn row(id: &VehicleId, name: &str, difference: &Difference) -> String {
    let what = match difference.what {
        What::Start(_) => "start",
        What::End(_) => "end",
        What::Distance(_) => "distance",
        What::Count => "count",
        What::OnlyThere => "only_there",
        What::OnlyHere => "only_here",
    };
    let [there, here] = [&difference.there, &difference.here].map(|trips| columns(trips));
    let why = difference.why.as_str();
    format!("{},{},{what},{there},{here},{}", quoted(id.as_str()), quoted(name), quoted(why))
}

/// From the first trip's beginning to the last one's end.
fn columns(trips: &[OneTrip]) -> String {
    let (Some(first), Some(last)) = (trips.first(), trips.last()) else { return ",,".to_owned() };
    let metres: f64 = trips.iter().map(|trip| trip.distance_m).sum();
    format!("{},{},{metres:.0}", instant(first.started_at), instant(last.ended_at))
}

/// A cell that no program takes for several, or for a formula.
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
