//! The districts that contain a point, against the results of two other methods.

use crate::recordings::read_text;
use anyhow::{Context as _, Result};
use milepost_geo::{Fence, Point};
use milepost_report::{Goal, Report, Table};
use milepost_track::{FenceId, FenceSet, PlacedFence};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// The parts of GeoJSON that district files use.
#[derive(Deserialize)]
struct Districts {
    features: Vec<District>,
}

#[derive(Deserialize)]
struct District {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<[f64; 2]>>),
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
}

/// Adds a comparison for each city whose files are in the folder.
pub(super) fn compare(folder: &Path, report: &mut Report) -> Result<()> {
    let mut table = Table::new(["districts", "fences", "points", "in one", "in several", "in none", "wrong"]);
    for city in ["austin", "washington"] {
        let (shapes, answers) = (folder.join(format!("{city}.geojson")), folder.join(format!("{city}_membership.csv")));
        if !shapes.exists() || !answers.exists() {
            continue;
        }
        let districts: Districts = serde_json::from_str(&read_text(&shapes)?)?;
        let names: Vec<String> = districts.features.iter().map(|district| district.properties.name.clone()).collect();
        let set = fence_set(&districts)?;
        let (mut counts, mut wrong) = ([0_usize; 3], 0);
        for line in read_text(&answers)?.lines().skip(1) {
            let (point, expected) = answer(line).with_context(|| format!("this line can't be read: {line}"))?;
            let mut found = BTreeSet::new();
            set.containing(point, |fence| {
                found.insert(names[fence.0 as usize].as_str());
            });
            counts[expected.len().min(2)] += 1;
            wrong += usize::from(found != expected);
        }
        let [none, one, several] = counts;
        let cells = [names.len(), none + one + several, one, several, none, wrong].map(|count| count.to_string());
        let [fences, points, one, several, none, wrong_text] = cells;
        table.row([city.to_owned(), fences, points, one, several, none, wrong_text]);
        report.against_goal(&format!("membership_wrong_{city}"), wrong as f64, Goal::AtMost(0.0));
    }
    report.table(table);
    Ok(())
}

fn fence_set(districts: &Districts) -> Result<FenceSet> {
    let fences = districts.features.iter().enumerate().map(|(index, district)| {
        let fence = match &district.geometry {
            Geometry::Polygon(rings) => Fence::polygon(&points(rings)?),
            Geometry::MultiPolygon(polygons) => {
                Fence::multi_polygon(&polygons.iter().map(|rings| points(rings)).collect::<Result<Vec<_>>>()?)
            }
        };
        let fence = fence.map_err(|refused| anyhow::anyhow!("{}: {refused}", district.properties.name))?;
        Ok(PlacedFence { id: FenceId(index as u64), fence, dwell_ms: None, speed_limit_kmh: None })
    });
    Ok(FenceSet::new(fences.collect::<Result<Vec<_>>>()?))
}

fn points(rings: &[Vec<[f64; 2]>]) -> Result<Vec<Vec<Point>>> {
    let ring = |ring: &Vec<[f64; 2]>| {
        ring.iter().map(|&[longitude, latitude]| Ok(Point::from_degrees(latitude, longitude)?)).collect()
    };
    rings.iter().map(ring).collect()
}

/// Reads `point_id,lat,lon,polygons_containing`. Several districts are divided by `|` or `;`.
fn answer(line: &str) -> Option<(Point, BTreeSet<&str>)> {
    let mut fields = line.splitn(4, ',').skip(1);
    let point = Point::from_degrees(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?).ok()?;
    let names = fields.next()?.trim().trim_matches('"').split(['|', ';']);
    Some((point, names.map(str::trim).filter(|name| !name.is_empty()).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn an_answer_names_none_one_or_several_districts() {
        let names = |line| answer(line).unwrap().1.into_iter().collect::<Vec<_>>();
        assert_eq!(names("1,30.2,-97.7,"), [""; 0]);
        assert_eq!(names("1,30.2,-97.7,St. Edward's"), ["St. Edward's"]);
        assert_eq!(names("1,30.2,-97.7,B|A"), ["A", "B"]);
    }
}
