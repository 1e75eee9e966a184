//! Workbooks of texts alone, with a sheet for each of several tables.

use crate::table_file::TableError;
use rust_xlsxwriter::Workbook;

/// Characters of a sheet's name.
const MAX_NAME: usize = 31;
/// Rows of a sheet. Further ones are left out.
const MAX_SHEET_ROWS: usize = 1_000_000;

/// A sheet of texts.
pub struct PlainSheet {
    /// Its name. What a name may not hold is replaced, and two of one name are numbered.
    pub name: String,
    /// Labels and values above the table.
    pub head: Vec<(&'static str, String)>,
    /// The labels of the columns.
    pub columns: Vec<&'static str>,
    /// The rows. An empty text is no cell.
    pub rows: Vec<Vec<String>>,
}

/// Writes a workbook. One without sheets gets an empty one of this name.
///
/// # Errors
/// [`TableError`].
pub fn write_plain_workbook(sheets: &[PlainSheet], name_if_empty: &str) -> Result<Vec<u8>, TableError> {
    let mut workbook = Workbook::new();
    let mut names: Vec<String> = Vec::new();
    for sheet in sheets {
        let name = sheet_name(&sheet.name, &names);
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(&name)?;
        names.push(name);
        let mut row = 0;
        for (label, value) in &sheet.head {
            worksheet.write_string(row, 0, *label)?;
            worksheet.write_string(row, 1, value)?;
            row += 1;
        }
        for (column, label) in (0_u16..).zip(&sheet.columns) {
            worksheet.write_string(row, column, *label)?;
        }
        for cells in sheet.rows.iter().take(MAX_SHEET_ROWS) {
            row += 1;
            for (column, value) in (0_u16..).zip(cells).filter(|(_, value)| !value.is_empty()) {
                worksheet.write_string(row, column, value)?;
            }
        }
    }
    if sheets.is_empty() {
        workbook.add_worksheet().set_name(name_if_empty)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// A name that a sheet may have and that no other of the book has.
fn sheet_name(name: &str, taken: &[String]) -> String {
    let plain: String = name.chars().map(|c| if "[]:*?/\\'".contains(c) || c.is_control() { '_' } else { c }).collect();
    let plain = if plain.trim().is_empty() { "Sheet".to_owned() } else { plain };
    let cut = |end: &str| format!("{}{end}", plain.chars().take(MAX_NAME - end.chars().count()).collect::<String>());
    let first = cut("");
    let is_free = |name: &String| !taken.iter().any(|known| known.to_lowercase() == name.to_lowercase());
    std::iter::once(first).chain((2..).map(|number| cut(&format!(" {number}")))).find(is_free).unwrap_or_default()
}
