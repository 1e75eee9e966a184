//! Reads a whole file and says what is in it, before anything is stored.

use crate::field::Field;
use crate::{Extent, ReadError, ReadOptions, Reader, TrackPoint, Understanding};
use milepost_domain::{Position, Timestamp};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Which rows of a file are wanted.
#[derive(Debug, Clone)]
pub struct RowFilter<'a> {
    /// Only rows of this vehicle, by the file's name for it. `None`: the file must be of one vehicle.
    pub only: Option<&'a str>,
    /// The present: later times are refused.
    pub now: Timestamp,
}

/// What a file holds, as it is understood.
#[derive(Debug, Clone)]
pub struct Survey {
    /// How the file is understood.
    pub understanding: Understanding,
    /// The first rows, at most [`Self::SHOWN_ROWS`].
    pub first: Vec<TrackPoint>,
    /// How many rows can be stored.
    pub taken: u64,
    /// How many rows are of other vehicles.
    pub left_out: u64,
    /// How many rows were refused.
    pub refused: u64,
    /// The first of them, at most [`Self::SHOWN_REFUSALS`].
    pub refusals: Vec<ReadError>,
    /// Where the reading ended before the file did.
    pub broke_off: Option<ReadError>,
    /// Why the file can't be stored at all.
    pub refusal: Option<String>,
    /// The earliest and the latest time.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl RowFilter<'_> {
    /// A row if it is wanted, with the reason if it can't be stored.
    pub fn select(&self, row: Result<TrackPoint, ReadError>) -> Option<Result<TrackPoint, ReadError>> {
        let point = match row {
            Ok(point) => point,
            Err(error) => return Some(Err(error)),
        };
        if self.only.is_some_and(|only| point.vehicle.as_deref() != Some(only)) {
            return None;
        }
        Some(match Position::check_time(point.at, self.now) {
            Ok(()) => Ok(point),
            Err(invalid) => Err(ReadError::row(point.line, invalid.to_string())),
        })
    }
}

impl Survey {
    /// Rows that are kept to be shown.
    pub const SHOWN_ROWS: usize = 5;
    /// Refused rows that are kept to be shown. Further ones are only counted.
    pub const SHOWN_REFUSALS: usize = 10;

    /// Reads `reader` to its end.
    pub fn of(mut reader: Reader, options: &ReadOptions, filter: &RowFilter<'_>) -> Self {
        let mut survey = Self {
            understanding: reader.understanding(),
            first: Vec::new(),
            taken: 0,
            left_out: 0,
            refused: 0,
            refusals: Vec::new(),
            broke_off: None,
            refusal: None,
            span: None,
        };
        let mut names = Names::default();
        let mut values = Values::default();
        for row in reader.by_ref() {
            if let Ok(point) = &row {
                names.add(point.vehicle.as_deref());
            }
            match filter.select(row) {
                None => survey.left_out += 1,
                Some(Ok(point)) => survey.take(point, &mut values),
                Some(Err(error)) => survey.refuse(error),
            }
        }
        survey.understanding = reader.understanding();
        survey.understanding.notes.extend(values.notes());
        let row_names = survey.has_row_names(options);
        survey.refusal = survey.refusal.take().or_else(|| survey.refuse_vehicles(&names, row_names, filter.only));
        if survey.taken == 0 && survey.refusal.is_none() {
            survey.refusal = Some(match (&survey.broke_off, survey.refused) {
                (Some(error), _) => error.to_string(),
                (None, 0) => "it holds no position".to_owned(),
                (None, refused) => format!("it holds no position that can be read: {refused} rows were refused"),
            });
        }
        survey
    }

    /// Whether the file was read to its end and most of its rows can be stored.
    pub fn is_whole(&self) -> bool {
        self.broke_off.is_none() && self.refused <= self.taken
    }

    fn take(&mut self, point: TrackPoint, values: &mut Values) {
        self.taken += 1;
        let (earliest, latest) = self.span.unwrap_or((point.at, point.at));
        self.span = Some((earliest.min(point.at), latest.max(point.at)));
        values.add(&point);
        if self.first.len() < Self::SHOWN_ROWS {
            self.first.push(point);
        }
    }

    fn refuse(&mut self, error: ReadError) {
        match error.extent {
            Extent::Row => {
                self.refused += 1;
                if self.refusals.len() < Self::SHOWN_REFUSALS {
                    self.refusals.push(error);
                }
            }
            Extent::Rest => self.broke_off = Some(error),
            Extent::File => self.refusal = Some(error.to_string()),
        }
    }

    /// Whether the vehicle's column is one that more often numbers or names rows.
    fn has_row_names(&self, options: &ReadOptions) -> bool {
        let vehicle = Field::Vehicle.name();
        let mut columns = self.understanding.columns.iter();
        options.columns.get(Field::Vehicle).is_none()
            && columns.any(|column| column.value == vehicle && Field::is_row_name(&column.column))
    }

    fn refuse_vehicles(&self, names: &Names, row_names: bool, only: Option<&str>) -> Option<String> {
        if let Some(only) = only {
            let none = self.taken == 0 && self.left_out > 0;
            return none.then(|| format!("it holds no row of {only:?}; it names {}", names.shown.join(" and ")));
        }
        let is_one = names.count == 0 || (names.count == 1 && (row_names || !names.some_lack));
        if is_one || (row_names && !names.repeats) {
            return None;
        }
        let unnamed = "rows without a name".to_owned();
        let shown: Vec<String> =
            names.shown.iter().cloned().chain(names.some_lack.then_some(unnamed)).take(2).collect();
        Some(format!(
            "it holds several vehicles ({}): choose one with --only, or say with --columns vehicle=- that these are no vehicles",
            shown.join(" and ")
        ))
    }
}

/// The names of vehicles in a file.
#[derive(Default)]
struct Names {
    /// Digests of the names, so that long names cost no memory.
    seen: HashSet<u64>,
    count: usize,
    shown: Vec<String>,
    /// A name came again.
    repeats: bool,
    some_lack: bool,
}

/// Names of which is known whether they came again. After that many different ones, each counts as new.
const MAX_NAMES: usize = 100_000;

impl Names {
    fn add(&mut self, name: Option<&str>) {
        let Some(name) = name else {
            self.some_lack = true;
            return;
        };
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let digest = hasher.finish();
        if self.seen.contains(&digest) {
            self.repeats = true;
            return;
        }
        self.count += 1;
        if self.seen.len() < MAX_NAMES {
            self.seen.insert(digest);
        }
        if self.shown.len() < 2 {
            self.shown.push(name.to_owned());
        }
    }
}

/// What is worth a word about the values of rows that can be stored.
#[derive(Default)]
struct Values {
    last: Option<Timestamp>,
    same_time: u64,
    /// By the value's name: how many can't be used, and the first.
    unread: BTreeMap<String, (u64, String)>,
}

impl Values {
    fn add(&mut self, point: &TrackPoint) {
        self.same_time += u64::from(self.last == Some(point.at));
        self.last = Some(point.at);
        for value in &point.unread {
            let name = value.split(' ').next().unwrap_or("");
            let entry = self.unread.entry(name.to_owned());
            entry.or_insert_with(|| (0, format!("line {}: {value}", point.line))).0 += 1;
        }
    }

    fn notes(self) -> impl Iterator<Item = String> {
        let same = (self.same_time > 0).then(|| {
            format!("{} rows have the same time as the row before; the first of them is kept.", self.same_time)
        });
        let unread = self
            .unread
            .into_iter()
            .map(|(name, (count, first))| format!("In {count} rows {name} can't be used and is left out ({first})."));
        same.into_iter().chain(unread)
    }
}
