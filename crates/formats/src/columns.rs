//! The columns or properties of a file, by the value that they hold.

use crate::column_map::ColumnMap;
use crate::field::{Field, Qualifier};
use crate::limits::MAX_COLUMNS;
use crate::units::key;
use std::borrow::Cow;

/// The column of each field, counted from 0, and what its name says about the values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns([Option<(usize, Option<Qualifier>)>; Field::ALL.len()]);

/// The text of one value, and what the name of its column says about it.
#[derive(Debug, Clone)]
pub(crate) struct Cell<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) qualifier: Option<&'a Qualifier>,
}

impl Columns {
    /// The columns of a header.
    ///
    /// # Errors
    /// The name of a column that `map` names and the file has not.
    pub(crate) fn of_header(names: &[&str], map: &ColumnMap) -> Result<Self, String> {
        let absent = Field::ALL
            .into_iter()
            .filter_map(|field| map.get(field))
            .find(|given| *given != "-" && position_of(given, names).is_none());
        match absent {
            Some(given) => Err(format!("the file has no column {given:?}; it has {}", names.join(", "))),
            None => Ok(Self::of_properties(names, map)),
        }
    }

    /// The properties of a GeoJSON feature, some of which may be absent.
    pub(crate) fn of_properties(names: &[&str], map: &ColumnMap) -> Self {
        let mut columns = Self::default();
        for field in Field::ALL {
            let given = map.get(field).filter(|given| *given != "-");
            if let Some(index) = given.and_then(|given| position_of(given, names)) {
                columns.0[field as usize] = Some((index, field.qualifier_of(names[index])));
            }
        }
        for field in Field::ALL.into_iter().filter(|field| map.get(*field).is_none()) {
            columns.0[field as usize] = columns.best(field, field.usual_names(), names);
        }
        columns.settle_times(names, map);
        columns
    }

    /// The columns of a file without a header.
    ///
    /// # Errors
    /// A column that is no number.
    pub(crate) fn of_numbers(map: &ColumnMap) -> Result<Self, String> {
        let mut columns = Self::default();
        for field in Field::ALL {
            let Some(given) = map.get(field).filter(|given| *given != "-") else { continue };
            let number = given.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
            let number = number
                .filter(|number| (1..=MAX_COLUMNS).contains(number))
                .ok_or_else(|| format!("column {given:?} must be a number such as #1, as the others are"))?;
            columns.0[field as usize] = Some((number - 1, None));
        }
        Ok(columns)
    }

    pub(crate) fn index(&self, field: Field) -> Option<usize> {
        self.0[field as usize].as_ref().map(|(index, _)| *index)
    }

    pub(crate) fn qualifier(&self, field: Field) -> Option<&Qualifier> {
        self.0[field as usize].as_ref().and_then(|(_, qualifier)| qualifier.as_ref())
    }

    pub(crate) fn set(&mut self, field: Field, index: usize) {
        self.0[field as usize] = Some((index, None));
    }

    /// Which of time and place have no column.
    pub(crate) fn missing(&self) -> Option<Field> {
        [Field::Timestamp, Field::Latitude, Field::Longitude].into_iter().find(|field| match field {
            Field::Timestamp => {
                [Field::Timestamp, Field::Date, Field::Time].iter().all(|field| self.index(*field).is_none())
            }
            field => self.index(*field).is_none(),
        })
    }

    fn best(&self, field: Field, usual: &str, names: &[&str]) -> Option<(usize, Option<Qualifier>)> {
        let taken = |index: usize| self.0.iter().flatten().any(|(other, _)| *other == index);
        let fitting = names.iter().enumerate().filter(|(index, _)| !taken(*index)).filter_map(|(index, name)| {
            let (rank, qualifier) = field.fit(name, usual)?;
            let known = !field.needs_unit() || qualifier.is_some();
            known.then_some((rank, index, qualifier))
        });
        fitting.min_by_key(|(rank, index, _)| (*rank, *index)).map(|(_, index, qualifier)| (index, qualifier))
    }

    /// A lone column of dates or times holds the whole time. A second-rate time counts if there is no other.
    fn settle_times(&mut self, names: &[&str], map: &ColumnMap) {
        let has = |field: Field| self.index(field).is_some();
        if has(Field::Timestamp) || (has(Field::Date) && has(Field::Time)) {
            return;
        }
        if map.get(Field::Timestamp).is_some() {
            return;
        }
        let lone = if has(Field::Time) { Field::Time } else { Field::Date };
        if map.get(lone).is_none() {
            let found = self.0[lone as usize].take();
            self.0[Field::Timestamp as usize] =
                found.or_else(|| self.best(Field::Timestamp, Field::SECOND_RATE_TIMES, names));
        }
    }
}

/// By the name as written, else by its letters and digits.
fn position_of(given: &str, names: &[&str]) -> Option<usize> {
    let same = |name: &&str| name.trim().to_lowercase() == given.trim().to_lowercase();
    names
        .iter()
        .position(same)
        .or_else(|| names.iter().position(|name| key(name) == key(given) && !key(given).is_empty()))
}
