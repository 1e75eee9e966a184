//! The columns of a position, in the order in which all statements write and read them.

/// The columns as SQL text, each with a prefix.
macro_rules! position_columns {
    ($prefix:literal) => {
        concat!(
            $prefix,
            "at_ms, ",
            $prefix,
            "latitude, ",
            $prefix,
            "longitude, ",
            $prefix,
            "speed_kmh, ",
            $prefix,
            "heading_deg, ",
            $prefix,
            "accuracy_m, ",
            $prefix,
            "altitude_m, ",
            $prefix,
            "odometer_km, ",
            $prefix,
            "fuel_level_l, ",
            $prefix,
            "ignition"
        )
    };
}

/// The same with the attributes, in the order in which they are written.
macro_rules! stored_columns {
    () => {
        concat!(position_columns!(""), ", attributes")
    };
}

/// The reasons of marks that say that a position is wrong ([`milepost_track::OutlierReason::is_wrong`]), as SQL text.
macro_rules! wrong_reasons {
    () => {
        "('null_island', 'jump', 'invalid')"
    };
}
