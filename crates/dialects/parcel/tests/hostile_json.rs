//! Every message of a viewer is read or refused with a text, and never causes a panic.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_dialect_parcel::{ParcelRequest, read_message};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,9}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = read_message(&text);
    }

    #[test]
    fn any_fields_are_read_or_refused(
        kind in "location_update|subscribe_parcel|unsubscribe_parcel|ping",
        lat in any_json(), lng in any_json(), address in any_json(), parcel in any_json(), time in any_json(),
    ) {
        let message = json!({"type": kind, "lat": lat, "lng": lng, "address": address, "parcel_id": parcel, "timestamp": time});
        if let Err(refusal) = read_message(&message.to_string()) {
            prop_assert!(!refusal.is_empty() && !refusal.contains("f64"), "{}", refusal);
        }
    }

    #[test]
    fn every_place_on_earth_is_accepted(lat in -90.0..=90.0_f64, lng in -180.0..=180.0_f64) {
        let text = json!({"type": "location_update", "lat": lat, "lng": lng}).to_string();
        let ParcelRequest::LocationUpdate(report) = read_message(&text).unwrap() else { panic!("no location") };
        // A number of seventeen digits may lose its last digit, which is less than an atom's width.
        prop_assert!((report.latitude.get() - lat).abs() < 1e-12 && (report.longitude.get() - lng).abs() < 1e-12);
    }
}
