//! Every input is read as values within their ranges or refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_dialect_delivery::wire::{FromFollower, StartTracking, UpdateLocation};
use milepost_dialect_delivery::{new_delivery, parse_delivery_json, update_of};
use proptest::prelude::*;

fn check(bytes: &[u8]) {
    let _ = parse_delivery_json::<FromFollower>(bytes);
    if let Ok(start) = parse_delivery_json::<StartTracking>(bytes)
        && let Ok(new) = new_delivery(&start)
    {
        assert!(new.dropoff.0.get().abs() <= 90.0 && new.dropoff.1.get().abs() <= 180.0);
    }
    if let Ok(location) = parse_delivery_json::<UpdateLocation>(bytes)
        && let Ok(update) = update_of(&location)
    {
        assert!(update.place.is_some() || update.status.is_some());
        let inside = |(lat, lng): (milepost_domain::Latitude, milepost_domain::Longitude)| {
            lat.get().abs() <= 90.0 && lng.get().abs() <= 180.0
        };
        assert!(update.place.is_none_or(inside));
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn any_values_in_the_known_fields(
        lat in "-?[0-9]{1,4}(\\.[0-9]{1,3})?(e[0-9]{1,3})?|NaN|null|\"5\"|-?Infinity",
        lng in "-?[0-9]{1,4}(\\.[0-9]{1,3})?|true|\\[\\]",
        status in "null|\"DELIVERED\"|\"delivered\"|1|\"\\\\\"",
    ) {
        check(format!("{{\"lat\":{lat},\"lng\":{lng},\"status\":{status}}}").as_bytes());
        check(format!(
            "{{\"order_id\":\"o\",\"rider_id\":\"r\",\"dropoff_lat\":{lat},\"dropoff_lng\":{lng},\"phone\":{status}}}"
        ).as_bytes());
    }
}
