//! Code for the recordings of both evaluations: files, clocks, the format of the delivery vans, and the two parts.

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_track::Fix;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The vans' tracks have no place on Earth. They are placed around this point.
const CENTRE_DEG: (f64, f64) = (40.0, -100.0);

/// Recorded drives by their use in choosing constants and thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// Drives that were not used to choose them
    HeldOut,
    /// Drives that were used to choose them
    Fitted,
    /// Both
    All,
}

impl Part {
    /// Whether the drive with this index belongs to the part. Every `fitted_every`th drive was used for fitting, from the
    /// first on; none for 0.
    pub(crate) const fn has(self, index: usize, fitted_every: usize) -> bool {
        let fitted = fitted_every > 0 && index.is_multiple_of(fitted_every);
        match self {
            Self::HeldOut => !fitted,
            Self::Fitted => fitted,
            Self::All => true,
        }
    }
}

/// The text of a file. A `.zip` is unpacked by the program `unzip`, and gives the texts of all its files.
pub(crate) fn read_text(file: &Path) -> Result<String> {
    let shown = file.display();
    if file.extension().is_some_and(|extension| extension == "zip") {
        let output =
            Command::new("unzip").arg("-p").arg(file).output().context("install unzip to read the recordings")?;
        if !output.status.success() {
            bail!("unzip can't read {shown}");
        }
        return Ok(String::from_utf8(output.stdout)?);
    }
    std::fs::read_to_string(file).with_context(|| format!("{shown} can't be read"))
}

/// New York's traces with labels, in the order of their names. One file is left out: another program guessed its labels.
pub(crate) fn new_york_traces(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|ext| ext == "csv") && !file.ends_with("6603-2014-04-15.csv"));
    files.sort();
    Ok(files)
}

/// A fix of a delivery van.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VanFix {
    /// Where and when.
    pub(crate) fix: Fix,
    /// Whether the label says that the van drives; otherwise its driver is on foot.
    pub(crate) driving: bool,
}

/// The tracks of delivery vans, one after the other, each with a header line: `timestamp,x,y,groundtruth`.
pub(crate) fn read_vans(text: &str) -> Result<Vec<Vec<VanFix>>> {
    let metres_a_degree = distance_m(Point::from_degrees(0.0, 0.0)?, Point::from_degrees(1.0, 0.0)?);
    let east_metres_a_degree = metres_a_degree * CENTRE_DEG.0.to_radians().cos();
    let mut vans: Vec<Vec<VanFix>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("timestamp") {
            vans.push(Vec::new());
            continue;
        }
        let read = || -> Result<VanFix> {
            let mut fields = line.split(',');
            let mut next = || fields.next().context("too few fields");
            // The year is 1964, which `Timestamp` does not reach. Only times of day matter.
            let clock: jiff::civil::DateTime = next()?.replacen("1964", "2004", 1).parse()?;
            let (x_m, y_m): (f64, f64) = (next()?.parse()?, next()?.parse()?);
            let point =
                Point::from_degrees(CENTRE_DEG.0 + y_m / metres_a_degree, CENTRE_DEG.1 + x_m / east_metres_a_degree)?;
            let at = utc(clock).context("the time is out of range")?;
            Ok(VanFix { fix: Fix::new(point, at), driving: next()?.trim() == "Driving" })
        };
        let fix = read().with_context(|| format!("line {}", number + 1))?;
        vans.last_mut().context("the first line must name the columns")?.push(fix);
    }
    Ok(vans)
}

/// Reads Unix seconds, RFC 3339, or a wall clock, which counts as UTC because only differences matter.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Timestamp::from_unix_ms((seconds * 1000.0) as i64);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Timestamp::from_unix_ms(at.as_millisecond());
    }
    // Some rows have other text after the time.
    utc(text.get(..19)?.parse().ok()?)
}

fn utc(clock: jiff::civil::DateTime) -> Option<Timestamp> {
    Timestamp::from_unix_ms(clock.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_every_recording_are_read() {
        let ms = |text| instant(text).map(Timestamp::unix_ms);
        assert_eq!(ms("1771257515"), Some(1_771_257_515_000));
        assert_eq!(ms("2016-12-16T05:34:02-06:00"), Some(1_481_888_042_000));
        assert_eq!(ms("2010-12-02 14:49:35 l"), Some(1_291_301_375_000));
        assert_eq!(ms("soon"), None);
    }

    #[test]
    fn every_drive_is_in_one_part() {
        let fitted: Vec<usize> = (0..5).filter(|&index| Part::Fitted.has(index, 2)).collect();
        assert_eq!(fitted, [0, 2, 4]);
        assert!((0..5).all(|index| Part::HeldOut.has(index, 2) != Part::Fitted.has(index, 2)));
        assert!(Part::HeldOut.has(0, 0) && !Part::Fitted.has(0, 0) && Part::All.has(0, 2));
    }
}
