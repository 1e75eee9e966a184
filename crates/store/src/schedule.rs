//! Writes schedules into a row: `{"days":["mon","tue"],"from":"07:00:00","to":"16:30:00","utc_offset_minutes":330}`, or with a
//! `timezone` in place of the offset.

use crate::event_payload::field;
use crate::{Result, StoreError};
use milepost_domain::{Invalid, Schedule, ScheduleClock, TimeOfDay, UtcOffset, Weekday, Weekdays, ZoneName};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct ScheduleJson {
    days: Vec<Day>,
    #[serde(with = "field")]
    from: TimeOfDay,
    #[serde(with = "field")]
    to: TimeOfDay,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    utc_offset_minutes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Day(#[serde(with = "field")] Weekday);

impl From<&Schedule> for ScheduleJson {
    fn from(schedule: &Schedule) -> Self {
        let (utc_offset_minutes, timezone) = match &schedule.clock {
            ScheduleClock::Offset(offset) => (Some(i64::from(offset.minutes())), None),
            ScheduleClock::Zone(zone) => (None, Some(zone.as_str().to_owned())),
        };
        Self {
            days: schedule.days.iter().map(Day).collect(),
            from: schedule.from,
            to: schedule.to,
            utc_offset_minutes,
            timezone,
        }
    }
}

impl TryFrom<ScheduleJson> for Schedule {
    type Error = Invalid;

    fn try_from(json: ScheduleJson) -> Result<Self, Invalid> {
        let days: Vec<Weekday> = json.days.iter().map(|Day(day)| *day).collect();
        let clock = match (json.utc_offset_minutes, json.timezone) {
            (Some(minutes), None) => ScheduleClock::Offset(UtcOffset::from_minutes(minutes)?),
            (None, Some(zone)) => ScheduleClock::Zone(ZoneName::new(&zone)?),
            _ => return Err(Invalid::new("schedule", "must have either an offset or a time zone")),
        };
        Ok(Self { days: Weekdays::new(&days)?, from: json.from, to: json.to, clock })
    }
}

pub(crate) fn encode(schedule: &Schedule) -> String {
    serde_json::to_string(&ScheduleJson::from(schedule)).expect("texts and numbers always serialise")
}

pub(crate) fn decode(text: &str) -> Result<Schedule> {
    let broken = |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("the schedule {text}: {error}"));
    let json: ScheduleJson = serde_json::from_str(text).map_err(|error| broken(&error))?;
    Schedule::try_from(json).map_err(|invalid| broken(&invalid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{decode, encode};
    use milepost_domain::{Schedule, ScheduleClock, TimeOfDay, UtcOffset, Weekday, Weekdays, ZoneName};

    #[test]
    fn a_schedule_comes_back_as_it_was() {
        let time = |seconds| TimeOfDay::from_seconds(seconds).unwrap();
        let schedule = |days: &[Weekday], from, to, minutes| Schedule {
            days: Weekdays::new(days).unwrap(),
            from: time(from),
            to: time(to),
            clock: ScheduleClock::Offset(UtcOffset::from_minutes(minutes).unwrap()),
        };
        let shift = schedule(&[Weekday::Tuesday, Weekday::Monday], 7 * 3600, 59_400, 330);
        let written = r#"{"days":["mon","tue"],"from":"07:00:00","to":"16:30:00","utc_offset_minutes":330}"#;
        assert_eq!(encode(&shift), written);
        let zone = ScheduleClock::Zone(ZoneName::new("Europe/Berlin").unwrap());
        let zoned = Schedule { clock: zone, ..shift.clone() };
        assert_eq!(encode(&zoned), written.replace(r#""utc_offset_minutes":330"#, r#""timezone":"Europe/Berlin""#));
        for one in [zoned, shift, schedule(&Weekday::ALL, 86_399, 0, -840), schedule(&[Weekday::Sunday], 1, 1, 0)] {
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
            ("330", "330,\"timezone\":\"Europe/Berlin\""),
            ("\"utc_offset_minutes\":330", "\"timezone\":\"Mars/Olympus Mons\""),
            ("}", ""),
        ] {
            assert!(decode(&whole.replacen(part, wrong, 1)).is_err(), "{wrong} for {part}");
        }
    }
}
