//! The flags that say how recorded files are to be read.

use clap::Args;
use milepost_formats::{ColumnMap, DateOrder, ReadOptions, SpeedUnit, TextEncoding, TimeFormat, Zone};

#[derive(Args, Clone)]
pub(super) struct ReadArgs {
    /// Columns or properties, such as latitude=lat,timestamp=#3; guessed by their names if absent. `-` for none. A row at
    /// 0,0 is left out only if its column `fix` says that the receiver had none.
    #[arg(long)]
    columns: Option<ColumnMap>,
    /// Unit of recorded speeds whose cell names none: kmh, ms, mph or knots; as the column's name says if absent, else kmh.
    #[arg(long)]
    speed_unit: Option<SpeedUnit>,
    /// Zone of recorded times that name none: UTC, -05:00, America/New_York.
    #[arg(long, allow_hyphen_values = true)]
    zone: Option<Zone>,
    /// Order of dates such as 03/04/2025: dmy, mdy or ymd.
    #[arg(long)]
    date_order: Option<DateOrder>,
    /// What times count that are numbers: unix (seconds or finer) or excel (days).
    #[arg(long)]
    time_format: Option<TimeFormat>,
    /// Encoding, such as latin1 or windows-1251; as the file says if absent, else UTF-8, else Windows-1252.
    #[arg(long)]
    encoding: Option<TextEncoding>,
}

impl ReadArgs {
    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions {
            columns: self.columns.clone().unwrap_or_default(),
            speed_unit: self.speed_unit,
            zone: self.zone.clone(),
            date_order: self.date_order,
            time_format: self.time_format,
            encoding: self.encoding,
            delimiter: None,
        }
    }
}
