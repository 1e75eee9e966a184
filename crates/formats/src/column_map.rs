//! The column or property of each value, as a person names it.

use crate::field::Field;
use crate::options_error::OptionsError;
use std::str::FromStr;

/// Names of a CSV file's columns or of GeoJSON properties; for CSV also numbers from 1 (`#3`) when the file has no
/// header. A value that is not named takes the first column with one of the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap([Option<String>; Field::ALL.len()]);

impl ColumnMap {
    /// The column that was named. `-` says that the file has none.
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        self.0[field as usize].as_deref()
    }

    /// Whether the file's names of vehicles are to be passed over.
    pub(crate) fn ignores_vehicles(&self) -> bool {
        self.get(Field::Vehicle) == Some("-")
    }

    /// Whether a column is given by its number: then the file has no header.
    pub(crate) fn is_numbered(&self) -> bool {
        self.0.iter().flatten().any(|column| column.starts_with('#'))
    }
}

/// `vehicle=vid,latitude=lat,longitude=lon,timestamp=#4`.
impl FromStr for ColumnMap {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (name, column) = pair
                .split_once('=')
                .ok_or_else(|| OptionsError::new(format!("column mapping {pair:?} must have the form name=column")))?;
            let (name, column) = (name.trim().to_ascii_lowercase(), column.trim());
            let field = Field::ALL.into_iter().find(|field| field.name() == name).ok_or_else(|| {
                let known: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
                OptionsError::new(format!("column mapping names {name:?}, but must name one of {}", known.join(", ")))
            })?;
            if column.is_empty() {
                return Err(OptionsError::new(format!("column mapping names no column for {name}")));
            }
            map.0[field as usize] = Some(column.to_owned());
        }
        Ok(map)
    }
}
