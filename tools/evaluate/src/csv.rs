//! Rows of a CSV file by the names of its columns. Recordings have no quoted fields that matter here.

use anyhow::{Context as _, Result};
use milepost_geo::Point;
use std::str::FromStr;

/// A file with a header line.
pub(crate) struct Csv<'a> {
    text: &'a str,
    columns: Vec<&'a str>,
}

/// One line of it.
pub(crate) struct Row<'a> {
    columns: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl<'a> Csv<'a> {
    /// Reads the header line.
    pub(crate) fn new(text: &'a str, required: &[&str]) -> Result<Self> {
        let (head, text) = text.split_once('\n').context("the file is empty")?;
        let columns: Vec<&str> = head.split(',').map(str::trim).collect();
        for name in required {
            columns.iter().find(|column| *column == name).with_context(|| format!("the file has no column {name}"))?;
        }
        Ok(Self { text, columns })
    }

    /// The lines below the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.text.lines().map(|line| Row { columns: &self.columns, fields: line.split(',').map(str::trim).collect() })
    }
}

impl<'a> Row<'a> {
    /// The text in a column; `None` if there is no such column or the line ends before it.
    pub(crate) fn get(&self, column: &str) -> Option<&'a str> {
        self.fields.get(self.columns.iter().position(|name| *name == column)?).copied()
    }

    /// The value in a column, if it can be read.
    pub(crate) fn parse<T: FromStr>(&self, column: &str) -> Option<T> {
        self.get(column)?.parse().ok()
    }

    /// The place in two columns, if it is one.
    pub(crate) fn point(&self, latitude: &str, longitude: &str) -> Option<Point> {
        Point::from_degrees(self.parse(latitude)?, self.parse(longitude)?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn fields_are_found_by_the_names_of_their_columns() {
        let csv = Csv::new("vid, lat,lon\nb,40.5,-74.1\nshort\n", &["lat", "lon"]).unwrap();
        let rows: Vec<Row<'_>> = csv.rows().collect();
        assert_eq!((rows[0].get("vid"), rows[0].parse("lat")), (Some("b"), Some(40.5)));
        assert!(rows[0].point("lat", "lon").is_some() && rows[1].point("lat", "lon").is_none());
    }

    #[test]
    fn a_missing_column_is_named() {
        let error = Csv::new("vehicle_id,timestamp\n", &["timestamp", "trip_id"]).err().unwrap();
        assert!(error.to_string().contains("no column trip_id"), "{error}");
    }
}
