//! Prints measurements: aligned tables for people, then one JSON line for programs.

#![forbid(unsafe_code)]

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Write as _;

/// Rows of text under a header row.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this header row and no other row.
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// The lines, each column as wide as its widest cell. The first column is aligned left, the others right.
    pub fn to_text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width_of = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width_of).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                let width = widths[column];
                if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            text += cells.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
            if index == 0 {
                text += &widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>().join("  ");
                text.push('\n');
            }
        }
        text
    }
}

/// The bound that a goal sets for a figure.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Goal {
    fn met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }

    fn to_text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
        }
    }
}

/// Everything that a command measured.
#[derive(Debug)]
pub struct Report {
    command: &'static str,
    settings: Value,
    tables: Vec<Table>,
    goals: Table,
    figures: Map<String, Value>,
}

impl Report {
    /// An empty report; `settings` are the options that the figures depend on.
    ///
    /// # Errors
    /// If `settings` can't be written as JSON.
    pub fn new(command: &'static str, settings: &impl Serialize) -> Result<Self> {
        Ok(Self {
            command,
            settings: serde_json::to_value(settings)?,
            tables: Vec::new(),
            goals: Table::new(["figure", "measured", "goal", "met"]),
            figures: Map::new(),
        })
    }

    /// Adds a table for people.
    pub fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds a figure that only the JSON line has.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// Adds a figure that has a goal.
    pub fn against_goal(&mut self, name: &str, value: f64, goal: Goal) {
        let met = if goal.met_by(value) { "yes" } else { "no" };
        self.goals.row([name.to_owned(), figure_text(value), goal.to_text(), met.to_owned()]);
        self.figures.insert(name.to_owned(), rounded(value));
    }

    /// The tables, then the JSON line.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for table in self.tables.iter().chain((self.goals.rows.len() > 1).then_some(&self.goals)) {
            text += &table.to_text();
            text.push('\n');
        }
        let line = json!({"command": self.command, "settings": self.settings, "figures": self.figures});
        text + &line.to_string() + "\n"
    }

    /// Writes it to standard output.
    ///
    /// # Errors
    /// If standard output is closed.
    pub fn print(&self) -> Result<()> {
        Ok(std::io::stdout().write_all(self.to_text().as_bytes())?)
    }
}

/// Three or four significant digits, and at least all digits before the point: `0.4312`, `5.71`, `203411`.
pub fn figure_text(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        large if large >= 1000.0 => 0,
        medium if medium >= 10.0 => 1,
        small if small >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

/// Six significant digits for the JSON line; null for NaN and infinity.
pub fn rounded(value: f64) -> Value {
    format!("{value:.5e}").parse::<f64>().map_or(Value::Null, Value::from)
}

/// The median of `values`; NaN if there are none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 0) => f64::midpoint(values[middle - 1], values[middle]),
        (middle, _) => values[middle],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_are_aligned_right() {
        let mut table = Table::new(["mode", "µs"]);
        table.row(["one a write".into(), "7".into()]);
        table.row(["gathered".into(), "12345".into()]);
        assert_eq!(table.to_text(), "mode            µs\n-----------  -----\none a write      7\ngathered     12345\n");
    }

    #[test]
    fn the_last_line_is_json_with_every_figure() {
        let mut report = Report::new("fanout", &json!({"sockets": 10})).unwrap();
        report.against_goal("cpu_ratio", 1.2, Goal::AtMost(1.25));
        report.against_goal("flood_ratio", 0.5, Goal::AtLeast(0.65));
        report.figure("rounds", 3);
        let text = report.to_text();
        assert!(text.contains("cpu_ratio        1.20  ≤ 1.25  yes\n"), "{text}");
        assert!(text.contains("flood_ratio    0.5000  ≥ 0.65   no\n"), "{text}");
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let figures = json!({"cpu_ratio": 1.2, "flood_ratio": 0.5, "rounds": 3});
        assert_eq!(last, json!({"command": "fanout", "settings": {"sockets": 10}, "figures": figures}));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn figures_keep_the_digits_that_mean_something() {
        assert_eq!([0.0, 0.4312, 5.714, 41.25, 203_411.4].map(figure_text), ["0", "0.4312", "5.71", "41.2", "203411"]);
        assert_eq!(rounded(1.234_567_89), json!(1.23457));
        assert_eq!(rounded(f64::NAN), Value::Null);
    }
}
