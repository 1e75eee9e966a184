//! The columns of all reports, with their names in files and their labels in workbooks.

use milepost_domain::Language;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnForm {
    /// Texts.
    Text,
    /// Numbers, in the unit that the column's name ends with.
    Number,
    /// Whole seconds.
    Seconds,
    /// Instants.
    Time,
    /// Days.
    Day,
}

impl ColumnForm {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Seconds => "seconds",
            Self::Time => "time",
            Self::Day => "day",
        }
    }
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name in JSON and CSV.
    pub key: &'static str,
    /// What it holds.
    pub form: ColumnForm,
    english: &'static str,
    indonesian: &'static str,
}

impl Column {
    /// Its label in a workbook.
    pub const fn label(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Indonesian => self.indonesian,
        }
    }
}

macro_rules! columns {
    ($($name:ident: $key:literal, $form:ident, $english:literal, $indonesian:literal;)+) => {
        $(pub(crate) const $name: &Column = &Column { key: $key, form: ColumnForm::$form, english: $english, indonesian: $indonesian };)+
    };
}

columns! {
    DAY: "day", Day, "Day", "Hari";
    VEHICLE_ID: "vehicle_id", Text, "Vehicle number", "Nomor kendaraan";
    VEHICLE: "vehicle", Text, "Vehicle", "Kendaraan";
    DRIVER: "driver", Text, "Driver", "Pengemudi";
    STARTED_AT: "started_at", Time, "Start", "Mulai";
    ENDED_AT: "ended_at", Time, "End", "Selesai";
    DURATION_S: "duration_s", Seconds, "Duration", "Durasi";
    LONGEST_S: "longest_s", Seconds, "Longest", "Terlama";
    DISTANCE_KM: "distance_km", Number, "Distance (km)", "Jarak (km)";
    MOVING_S: "moving_s", Seconds, "Time in motion", "Waktu bergerak";
    IDLE_S: "idle_s", Seconds, "Idle", "Diam";
    MAX_SPEED_KMH: "max_speed_kmh", Number, "Top speed (km/h)", "Kecepatan tertinggi (km/jam)";
    LIMIT_KMH: "limit_kmh", Number, "Limit (km/h)", "Batas (km/jam)";
    OVER_KMH: "over_kmh", Number, "Over the limit (km/h)", "Di atas batas (km/jam)";
    FUEL_L: "fuel_l", Number, "Fuel (l)", "Bahan bakar (l)";
    FUEL_SOURCE: "fuel_source", Text, "Fuel is", "Sumber bahan bakar";
    FUEL_L_PER_100KM: "fuel_l_per_100km", Number, "Fuel (l/100 km)", "Bahan bakar (l/100 km)";
    FUEL_COST: "fuel_cost", Number, "Cost of fuel", "Biaya bahan bakar";
    REFUELLINGS: "refuellings", Number, "Refuellings", "Pengisian";
    REFUELLED_L: "refuelled_l", Number, "Filled up (l)", "Diisi (l)";
    FUEL_THEFTS: "fuel_thefts", Number, "Thefts of fuel", "Pencurian bahan bakar";
    STOLEN_L: "stolen_l", Number, "Stolen (l)", "Dicuri (l)";
    START_LATITUDE: "start_latitude", Number, "Latitude of start", "Lintang awal";
    START_LONGITUDE: "start_longitude", Number, "Longitude of start", "Bujur awal";
    END_LATITUDE: "end_latitude", Number, "Latitude of end", "Lintang akhir";
    END_LONGITUDE: "end_longitude", Number, "Longitude of end", "Bujur akhir";
    LATITUDE: "latitude", Number, "Latitude", "Lintang";
    LONGITUDE: "longitude", Number, "Longitude", "Bujur";
    ORIGIN: "origin", Text, "Found or entered", "Ditemukan atau dimasukkan";
    GEOFENCE: "geofence", Text, "Geofence", "Geofence";
    TRIPS: "trips", Number, "Trips", "Perjalanan";
    STOPS: "stops", Number, "Stops", "Pemberhentian";
    VISITS: "visits", Number, "Visits", "Kunjungan";
    SPEEDINGS: "speedings", Number, "Times too fast", "Kali terlalu cepat";
    UTILISATION_PERCENT: "utilisation_percent", Number, "Utilisation (%)", "Pemanfaatan (%)";
    TIMEZONE: "timezone", Text, "Time zone", "Zona waktu";
}
