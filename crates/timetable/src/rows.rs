//! The tables of a feed: CSV files in a ZIP archive.

use std::io::{Read, Seek};
use zip::ZipArchive;
use zip::result::ZipError;

/// Inflated bytes of one table.
const MAX_TABLE_BYTES: u64 = 1 << 30;

/// Why a feed can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFeed {
    /// It is no ZIP archive.
    #[error("it is no ZIP archive: {0}")]
    NoArchive(#[from] ZipError),
    /// A table that every feed has is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A table lacks a column.
    #[error("{table}: the column {column} is missing")]
    NoColumn {
        /// The file.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A row can't be read.
    #[error("{table} line {line}: {problem}")]
    Row {
        /// The file.
        table: &'static str,
        /// Counted from 1, the header included.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A table is larger than a timetable may be.
    #[error("{table} is too large: {limit}")]
    TooLarge {
        /// The file.
        table: &'static str,
        /// The bound.
        limit: String,
    },
}

/// A row whose fields are found by the names of their columns.
pub(crate) struct Row<'a> {
    pub(crate) table: &'static str,
    pub(crate) line: u64,
    fields: &'a csv::StringRecord,
    columns: &'a [Option<usize>],
}

impl<'a> Row<'a> {
    /// The field of the column with this place among the wanted ones; empty if there is none.
    pub(crate) fn field(&self, wanted: usize) -> &'a str {
        self.columns[wanted].and_then(|column| self.fields.get(column)).unwrap_or_default()
    }

    pub(crate) fn bad(&self, problem: impl Into<String>) -> BadFeed {
        BadFeed::Row { table: self.table, line: self.line, problem: problem.into() }
    }
}

/// A column that is read.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Needed(&'static str),
    Optional(&'static str),
}

/// Reads a table row by row. `Ok(false)` if it is not in the archive.
pub(crate) fn read_rows<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    table: &'static str,
    wanted: &[Column],
    max_rows: u64,
    mut visit: impl FnMut(&Row<'_>) -> Result<(), BadFeed>,
) -> Result<bool, BadFeed> {
    // Some producers put their tables into a folder.
    let mut names = archive.file_names().filter_map(Result::ok);
    let name = names.find(|name| name.rsplit('/').next() == Some(table)).map(std::borrow::Cow::into_owned);
    drop(names);
    let Some(name) = name else { return Ok(false) };
    let file = archive.by_name(&name)?.take(MAX_TABLE_BYTES);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let bad = |line, error: &csv::Error| BadFeed::Row { table, line, problem: error.to_string() };
    let header = reader.headers().map_err(|error| bad(1, &error))?.clone();
    let position = |column: &str| header.iter().position(|name| name.trim_start_matches('\u{feff}') == column);
    let mut columns = Vec::with_capacity(wanted.len());
    for column in wanted {
        columns.push(match *column {
            Column::Needed(name) => Some(position(name).ok_or(BadFeed::NoColumn { table, column: name })?),
            Column::Optional(name) => position(name),
        });
    }
    let mut fields = csv::StringRecord::new();
    let mut rows = 0;
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut fields).map_err(|error| bad(line, &error))? {
            return if reader.get_ref().limit() == 0 {
                Err(BadFeed::TooLarge { table, limit: format!("more than {MAX_TABLE_BYTES} bytes") })
            } else {
                Ok(true)
            };
        }
        rows += 1;
        if rows > max_rows {
            return Err(BadFeed::TooLarge { table, limit: format!("more than {max_rows} rows") });
        }
        visit(&Row { table, line, fields: &fields, columns: &columns })?;
    }
}
