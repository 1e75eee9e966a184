//! How a reader understands its file, for the person who must see whether it is right.

use crate::Format;
use crate::columns::Columns;
use crate::field::{ClockName, Field, Qualifier};
use std::fmt;

/// How a file is understood, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understanding {
    /// Its format.
    pub format: Format,
    /// Its encoding.
    pub encoding: &'static str,
    /// CSV: its separator.
    pub delimiter: Option<char>,
    /// The columns or properties that are read.
    pub columns: Vec<UnderstoodColumn>,
    /// The columns or properties that are not.
    pub other_columns: Vec<String>,
    /// What a person should know beside that, in whole sentences.
    pub notes: Vec<String>,
}

/// A column that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderstoodColumn {
    /// What it holds, by the names of [`ColumnMap`](crate::ColumnMap).
    pub value: &'static str,
    /// Its name in the file.
    pub column: String,
    /// The unit or zone that its name says.
    pub unit: Option<String>,
}

impl Understanding {
    pub(crate) fn new(format: Format, encoding: &'static str) -> Self {
        Self { format, encoding, delimiter: None, columns: Vec::new(), other_columns: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn add_columns(&mut self, columns: &Columns, names: &[String]) {
        for field in Field::ALL {
            let Some(index) = columns.index(field) else { continue };
            let column = names.get(index).cloned().unwrap_or_else(|| format!("#{}", index + 1));
            let unit = columns.qualifier(field).map(|qualifier| match qualifier {
                Qualifier::Unit(unit) => unit.name.to_owned(),
                Qualifier::Clock(ClockName::Zone(zone)) => zone.name(),
                Qualifier::Clock(ClockName::Local) => "local time".to_owned(),
                Qualifier::Clock(ClockName::Unix | ClockName::UnixUnit(_)) => "Unix time".to_owned(),
                Qualifier::Clock(ClockName::Excel) => "Excel's days".to_owned(),
            });
            self.columns.push(UnderstoodColumn { value: field.name(), column, unit });
        }
        let read = |index: usize| Field::ALL.iter().any(|field| columns.index(*field) == Some(index));
        let others = names.iter().enumerate().filter(|(index, name)| !read(*index) && !name.is_empty());
        self.other_columns.extend(others.map(|(_, name)| name.clone()));
    }
}

impl fmt::Display for Understanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.format.as_str(), self.encoding)?;
        if let Some(delimiter) = self.delimiter {
            write!(
                f,
                ", separated by {}",
                if delimiter == '\t' { "tabs".to_owned() } else { format!("{delimiter:?}") }
            )?;
        }
        let columns = self.columns.iter().map(|UnderstoodColumn { value, column, unit }| match unit {
            Some(unit) => format!("{value} of {column:?} ({unit})"),
            None => format!("{value} of {column:?}"),
        });
        let columns: Vec<String> = columns.collect();
        if !columns.is_empty() {
            write!(f, "\n  read: {}", columns.join(", "))?;
        }
        if !self.other_columns.is_empty() {
            write!(f, "\n  not read: {}", self.other_columns.join(", "))?;
        }
        Ok(())
    }
}
