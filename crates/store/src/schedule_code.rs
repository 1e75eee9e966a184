//! How schedules are written into a row:
//! `{"days":["mon","tue"],"from":"07:00:00","to":"16:30:00","utc_offset_minutes":330}`.

use crate::{Result, StoreError};
use milepost_domain::{Schedule, TimeOfDay, UtcOffset, Weekday, Weekdays};
use serde_json::{Value, json};

pub(crate) fn encode(schedule: &Schedule) -> String {
    json!({
        "days": schedule.days.iter().map(Weekday::as_str).collect::<Vec<_>>(),
        "from": schedule.from.to_string(),
        "to": schedule.to.to_string(),
        "utc_offset_minutes": schedule.offset.minutes(),
    })
    .to_string()
}

pub(crate) fn decode(text: &str) -> Result<Schedule> {
    let broken = || StoreError::Corrupt(format!("the schedule {text}"));
    let value: Value = serde_json::from_str(text).map_err(|_| broken())?;
    let field = |name: &str| value.get(name).ok_or_else(broken);
    let time = |name| field(name)?.as_str().and_then(time_of_day).ok_or_else(broken);
    let mut days = Vec::new();
    for day in field("days")?.as_array().ok_or_else(broken)? {
        days.push(Weekday::parse(day.as_str().ok_or_else(broken)?)?);
    }
    Ok(Schedule {
        days: Weekdays::new(&days)?,
        from: time("from")?,
        to: time("to")?,
        offset: UtcOffset::from_minutes(field("utc_offset_minutes")?.as_i64().ok_or_else(broken)?)?,
    })
}

/// From `08:00:00`.
pub(crate) fn time_of_day(text: &str) -> Option<TimeOfDay> {
    let parts: Vec<u32> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let &[hours @ 0..24, minutes @ 0..60, seconds @ 0..60] = parts.as_slice() else { return None };
    TimeOfDay::from_seconds(hours * 3600 + minutes * 60 + seconds).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{decode, encode};
    use milepost_domain::{Schedule, TimeOfDay, UtcOffset, Weekday, Weekdays};

    #[test]
    fn a_schedule_comes_back_as_it_was() {
        let time = |seconds| TimeOfDay::from_seconds(seconds).unwrap();
        let schedule = |days: &[Weekday], from, to, minutes| Schedule {
            days: Weekdays::new(days).unwrap(),
            from: time(from),
            to: time(to),
            offset: UtcOffset::from_minutes(minutes).unwrap(),
        };
        let shift = schedule(&[Weekday::Tuesday, Weekday::Monday], 7 * 3600, 59_400, 330);
        let written = r#"{"days":["mon","tue"],"from":"07:00:00","to":"16:30:00","utc_offset_minutes":330}"#;
        assert_eq!(encode(&shift), written);
        for one in [shift, schedule(&Weekday::ALL, 86_399, 0, -840), schedule(&[Weekday::Sunday], 1, 1, 0)] {
            assert_eq!(decode(&encode(&one)).unwrap(), one);
        }
    }

    #[test]
    fn broken_schedules_are_refused() {
        let whole = r#"{"days":["mon"],"from":"07:00:00","to":"16:30:00","utc_offset_minutes":330}"#;
        assert!(decode(whole).is_ok());
        for (part, wrong) in [
            ("[\"mon\"]", "[]"),
            ("\"mon\"", "\"someday\""),
            ("\"mon\"", "1"),
            ("07:00:00", "24:00:00"),
            ("\"to\"", "\"until\""),
            ("330", "900"),
            ("330", "null"),
            ("}", ""),
        ] {
            assert!(decode(&whole.replacen(part, wrong, 1)).is_err(), "{wrong} for {part}");
        }
    }
}
