//! Writes the rows of a report into a file, as they come.

use crate::cell::Cell;
use crate::column::{Column, ColumnForm, TIMEZONE};
use crate::report::Report;
use jiff::civil::{Date, DateTime};
use milepost_domain::{Language, ReportFormat, ReportKind};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Rows of one report. One with more fails: a workbook holds 1,048,576, and people read fewer.
pub const MAX_ROWS: usize = 500_000;
/// Rows that a report in JSON shows. It says how many there are.
pub const MAX_JSON_ROWS: usize = 2_000;
/// Characters of a text in a workbook.
const MAX_XLSX_CHARS: usize = 32_767;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// There are too many rows.
    #[error(
        "the report has more than {MAX_ROWS} rows: choose a shorter time, fewer vehicles, or sums by vehicle or day"
    )]
    TooLong,
    /// The disk refused.
    #[error("the file could not be written: {0}")]
    Disk(#[from] io::Error),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] XlsxError),
}

/// A file that is being written.
pub struct TableFile {
    file: BufWriter<File>,
    form: Form,
    rows: usize,
    columns: Vec<&'static Column>,
}

enum Form {
    Json(Vec<Value>),
    Csv,
    Xlsx(Box<Book>),
}

/// A workbook, whose rows go into a temporary file.
struct Book {
    workbook: Workbook,
    next_row: u32,
    language: Language,
    bold: Format,
    time: Format,
    day: Format,
    length: Format,
}

impl TableFile {
    /// Begins a file for a report. Temporary files lie in `folder`.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn begin(
        file: File,
        folder: &Path,
        format: ReportFormat,
        language: Language,
        report: &Report,
    ) -> Result<Self, TableError> {
        let columns = report.columns();
        let mut file = BufWriter::new(file);
        let form = match format {
            ReportFormat::Json => Form::Json(Vec::new()),
            ReportFormat::Csv => {
                let names = columns.iter().map(|column| column.key).chain([TIMEZONE.key]);
                writeln(&mut file, names.map(str::to_owned))?;
                Form::Csv
            }
            ReportFormat::Xlsx => Form::Xlsx(Box::new(Book::begin(folder, language, report, &columns)?)),
        };
        Ok(Self { file, form, rows: 0, columns })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn add(&mut self, rows: &[Vec<Cell>], report: &Report) -> Result<(), TableError> {
        self.rows += rows.len();
        if self.rows > MAX_ROWS {
            return Err(TableError::TooLong);
        }
        for row in rows {
            match &mut self.form {
                Form::Json(shown) if shown.len() < MAX_JSON_ROWS => shown.push(row.iter().map(json_of).collect()),
                Form::Json(_) => {}
                Form::Csv => {
                    let zone = report.plan().days.zone_name().to_owned();
                    writeln(&mut self.file, row.iter().map(|cell| csv_of(cell, report)).chain([zone]))?;
                }
                Form::Xlsx(book) => book.row(row, report, false)?,
            }
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn end(mut self, report: &Report) -> Result<(), TableError> {
        match self.form {
            Form::Json(rows) => {
                serde_json::to_writer(&mut self.file, &document(report, &self.columns, rows, self.rows))
                    .map_err(io::Error::from)?
            }
            Form::Csv => {}
            Form::Xlsx(mut book) => {
                book.totals(report, &self.columns)?;
                book.workbook.save_to_writer(&mut self.file)?;
            }
        }
        self.file.flush()?;
        Ok(())
    }
}

fn document(report: &Report, columns: &[&Column], rows: Vec<Value>, row_count: usize) -> Value {
    let plan = report.plan();
    let columns: Vec<Value> =
        columns.iter().map(|column| json!({ "key": column.key, "form": column.form.as_str() })).collect();
    let totals: Map<String, Value> =
        report.totals().into_iter().map(|(column, cell)| (column.key.to_owned(), json_of(&cell))).collect();
    let (column, points) = report.chart();
    let points: Vec<Value> =
        points.iter().map(|(day, value)| json!({ "day": json_of(day), "value": json_of(value) })).collect();
    json!({
        "kind": plan.kind.as_str(), "group_by": plan.group.as_str(), "timezone": plan.days.zone_name(),
        "from": plan.days.from().to_string(), "to": plan.days.to().to_string(), "made_at": plan.now.to_string(),
        "columns": columns, "row_count": row_count, "is_cut": row_count > rows.len(), "rows": rows, "totals": totals,
        "chart": { "key": column.key, "form": column.form.as_str(), "points": points },
    })
}

fn json_of(cell: &Cell) -> Value {
    match cell {
        Cell::Blank => Value::Null,
        Cell::Text(text) => json!(**text),
        #[expect(clippy::cast_possible_truncation, reason = "a count is whole and small")]
        Cell::Number(value, 0) if value.abs() < 9e15 => json!(*value as i64),
        Cell::Number(value, _) => json!(value),
        Cell::Seconds(seconds) => json!(seconds),
        Cell::Time(at) => json!(at.to_string()),
        Cell::Day(date) => json!(date.to_string()),
    }
}

fn csv_of(cell: &Cell, report: &Report) -> String {
    match cell {
        Cell::Blank => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Number(value, decimals) => format!("{value:.*}", usize::from(*decimals)),
        Cell::Seconds(seconds) => seconds.to_string(),
        Cell::Time(at) => report.plan().days.written(*at),
        Cell::Day(date) => date.to_string(),
    }
}

/// Office programs compute what begins like a formula. An apostrophe says that it is a text.
fn harmless(text: &str) -> String {
    let begins_formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
            || text.starts_with(['\t', '\r', '\n']);
    if begins_formula { format!("'{text}") } else { text.to_owned() }
}

/// A line as RFC 4180 has it.
fn writeln(file: &mut impl Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            file.write_all(b",")?;
        }
        if field.contains(['"', ',', '\r', '\n', ';']) {
            write!(file, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            file.write_all(field.as_bytes())?;
        }
    }
    file.write_all(b"\r\n")
}

impl Book {
    fn begin(folder: &Path, language: Language, report: &Report, columns: &[&Column]) -> Result<Self, TableError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        let bold = Format::new().set_bold();
        let plan = report.plan();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        let is_indonesian = language == Language::Indonesian;
        let labels = if is_indonesian { ["Laporan", "Waktu", "Zona waktu"] } else { ["Report", "Time", "Time zone"] };
        let time = format!("{} – {}", plan.days.written(plan.days.from()), plan.days.written(plan.days.to()));
        let values = [title(plan.kind, language).to_owned(), time, plan.days.zone_name().to_owned()];
        sheet.set_name(title(plan.kind, language))?;
        for (column, form) in (0_u16..).zip(columns) {
            let width = match form.form {
                ColumnForm::Text | ColumnForm::Time => 20,
                ColumnForm::Number | ColumnForm::Seconds | ColumnForm::Day => 14,
            };
            sheet.set_column_width(column, width)?;
        }
        // Three rows of the head, an empty one, and the labels stay in sight.
        sheet.set_freeze_panes(5, 0)?;
        for (row, (label, value)) in (0..).zip(labels.iter().zip(values)) {
            sheet.write_string_with_format(row, 0, *label, &bold)?;
            sheet.write_string(row, 1, value)?;
        }
        for (column, label) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(4, column, label.label(language), &bold)?;
        }
        Ok(Self {
            workbook,
            next_row: 5,
            language,
            bold,
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            length: Format::new().set_num_format("[h]:mm:ss"),
        })
    }

    fn row(&mut self, cells: &[Cell], report: &Report, is_bold: bool) -> Result<(), XlsxError> {
        let row = self.next_row;
        self.next_row += 1;
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Blank => {}
                Cell::Text(text) => {
                    let text: String = text.chars().take(MAX_XLSX_CHARS).collect();
                    if is_bold {
                        sheet.write_string_with_format(row, column, text, &self.bold)?;
                    } else {
                        sheet.write_string(row, column, text)?;
                    }
                }
                Cell::Number(value, _) if is_bold => {
                    sheet.write_number_with_format(row, column, *value, &self.bold)?;
                }
                Cell::Number(value, _) => {
                    sheet.write_number(row, column, *value)?;
                }
                #[expect(clippy::cast_precision_loss, reason = "exact up to 285 million years")]
                Cell::Seconds(seconds) => {
                    sheet.write_number_with_format(row, column, *seconds as f64 / 86_400.0, &self.length)?;
                }
                Cell::Time(at) => {
                    let serial = serial(report.plan().days.local(*at));
                    sheet.write_number_with_format(row, column, serial, &self.time)?;
                }
                Cell::Day(date) => {
                    sheet.write_number_with_format(
                        row,
                        column,
                        serial(date.to_datetime(jiff::civil::Time::midnight())),
                        &self.day,
                    )?;
                }
            }
        }
        Ok(())
    }

    /// A last row with the sums, under the columns that have them.
    fn totals(&mut self, report: &Report, columns: &[&Column]) -> Result<(), XlsxError> {
        let totals = report.totals();
        let of = |column: &&Column| {
            totals.iter().find(|(total, _)| total.key == column.key).map_or(Cell::Blank, |(_, cell)| cell.clone())
        };
        let mut cells: Vec<Cell> = columns.iter().map(of).collect();
        if let Some(first) = cells.first_mut() {
            *first = Cell::text(if self.language == Language::Indonesian { "Jumlah" } else { "Total" });
        }
        self.row(&cells, report, true)
    }
}

/// Days since 1899-12-30, by which workbooks count.
fn serial(at: DateTime) -> f64 {
    const FIRST: Date = Date::constant(1899, 12, 30);
    let days = at.date().since(FIRST).map_or(0, |span| span.get_days());
    let time = at.time();
    let seconds = f64::from(time.hour()) * 3_600.0 + f64::from(time.minute()) * 60.0 + f64::from(time.second());
    f64::from(days) + seconds / 86_400.0
}

/// What a report is called.
const fn title(kind: ReportKind, language: Language) -> &'static str {
    match (language, kind) {
        (Language::English, ReportKind::Trips) => "Trips",
        (Language::English, ReportKind::Stops) => "Stops",
        (Language::English, ReportKind::Mileage) => "Mileage",
        (Language::English, ReportKind::Utilisation) => "Utilisation",
        (Language::English, ReportKind::Fuel) => "Fuel",
        (Language::English, ReportKind::Geofences) => "Geofence visits",
        (Language::English, ReportKind::Speeding) => "Speeding",
        (Language::Indonesian, ReportKind::Trips) => "Perjalanan",
        (Language::Indonesian, ReportKind::Stops) => "Pemberhentian",
        (Language::Indonesian, ReportKind::Mileage) => "Jarak tempuh",
        (Language::Indonesian, ReportKind::Utilisation) => "Pemanfaatan",
        (Language::Indonesian, ReportKind::Fuel) => "Bahan bakar",
        (Language::Indonesian, ReportKind::Geofences) => "Kunjungan geofence",
        (Language::Indonesian, ReportKind::Speeding) => "Terlalu cepat",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_formula_stays_a_text() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\u{ff1d}1+1", "\r=1"] {
            assert_eq!(harmless(evil), format!("'{evil}"));
        }
        for plain in ["Truck 7", "a=b", "7-Eleven", "'quoted", ""] {
            assert_eq!(harmless(plain), plain);
        }
        let mut line = Vec::new();
        writeln(&mut line, ["a,b", "say \"x\"", "c", "d;e"].map(str::to_owned).into_iter()).expect("memory takes it");
        assert_eq!(line, b"\"a,b\",\"say \"\"x\"\"\",c,\"d;e\"\r\n");
    }

    #[test]
    fn a_workbook_counts_days_from_the_end_of_1899() {
        assert!((serial(jiff::civil::date(2026, 11, 30).at(18, 0, 0, 0)) - 46_356.75).abs() < 1e-9);
    }
}
