//! One value of a table.

use jiff::civil::Date;
use milepost_domain::Timestamp;
use std::sync::Arc;

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// It is not known.
    Blank,
    /// A text, whose author may be anybody.
    Text(Arc<str>),
    /// A number with at most this many decimals.
    Number(f64, u8),
    /// A length of time, in seconds.
    Seconds(i64),
    /// An instant.
    Time(Timestamp),
    /// A day of the report's zone.
    Day(Date),
}

impl Cell {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A number, if it is known.
    pub fn number(value: Option<f64>, decimals: u8) -> Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => Self::Number(rounded(value, decimals), decimals),
            None => Self::Blank,
        }
    }

    /// A number of things, if it is known.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 million million things")]
    pub fn count(value: Option<i64>) -> Self {
        Self::number(value.map(|value| value as f64), 0)
    }

    /// Milliseconds, shown as seconds.
    pub fn seconds_of_ms(value: Option<i64>) -> Self {
        value.map_or(Self::Blank, |ms| Self::Seconds((ms + 500).div_euclid(1_000)))
    }

    /// An instant, if it is known.
    pub fn time(value: Option<Timestamp>) -> Self {
        value.map_or(Self::Blank, Self::Time)
    }
}

fn rounded(value: f64, decimals: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(decimals));
    let rounded = (value * scale).round() / scale;
    // -0 is written as 0.
    if rounded == 0.0 { 0.0 } else { rounded }
}
