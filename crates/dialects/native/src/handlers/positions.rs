//! `/positions`: one, or up to 10,000 at once. Each is accepted or rejected on its own.

use crate::convert::position_from_json;
use crate::wire::position::{NewPositionJson, RecordedJson, RejectedJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use milepost_domain::{Principal, ReportedBy, Timestamp};
use milepost_http::{FieldError, ForTenant, HttpContext, Problem, RawBody, TenantQuery, parse_json, parse_object};
use milepost_service::{LARGE_BODY_BYTES, PositionReport, Recorded, positions};
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Positions in one request; more are answered 413.
pub(crate) const MAX_POSITIONS: usize = 10_000;
/// The answer to a body with more refused positions is made beside the threads that serve everybody.
const MANY_REFUSED: usize = 256;
/// Room for 10,000 positions with every field, and some white space.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Records positions. The answer comes after they are durable.
///
/// One object, or an array of up to 10,000. The same point (vehicle and timestamp) sent again is a duplicate.
#[utoipa::path(post, path = "/positions", tag = "positions", params(TenantQuery), request_body = Vec<NewPositionJson>,
    responses((status = 201, body = RecordedJson), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn record_positions(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    RawBody(raw): RawBody<MAX_BODY_BYTES>,
) -> Result<Response, Problem> {
    let now = request.now;
    let bodies = &context.use_cases.large_bodies;
    let Parsed { reports, rejected } = if raw.len() <= LARGE_BODY_BYTES {
        parse_positions(&raw, &request.caller.principal, now)?
    } else {
        let principal = request.caller.principal.clone();
        bodies.compute(&tenant, &request.caller, move || parse_positions(&raw, &principal, now)).await??
    };
    let recorded =
        positions::record_positions(&context.use_cases.positions, &request, &tenant, ReportedBy::Phone, reports)
            .await?;
    if rejected.len() + recorded.rejected.len() <= MANY_REFUSED {
        return Ok(answer(rejected, recorded).into_response());
    }
    let answer = move || answer(rejected, recorded).into_response();
    Ok(bodies.compute(&tenant, &request.caller, answer).await?)
}

fn answer(mut rejected: Vec<RejectedJson>, recorded: Recorded) -> Result<(StatusCode, Json<RecordedJson>), Problem> {
    rejected.extend(
        recorded.rejected.into_iter().map(|rejected| RejectedJson { index: rejected.index, detail: rejected.detail }),
    );
    rejected.sort_by_key(|rejected| rejected.index);
    if recorded.accepted + recorded.duplicates + recorded.off_duty == 0 && !rejected.is_empty() {
        let errors = rejected
            .into_iter()
            .map(|rejected| FieldError { field: rejected.index.to_string(), message: rejected.detail });
        return Err(Problem::invalid_fields(errors.collect()).explained("no position was acceptable"));
    }
    let Recorded { accepted, duplicates, off_duty, .. } = recorded;
    let answer = RecordedJson { accepted, duplicates, off_duty, rejected };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The positions of a body that can be read, and why others are refused.
struct Parsed {
    reports: Vec<PositionReport>,
    rejected: Vec<RejectedJson>,
}

/// Judges the positions of a body one after the other.
struct Judge<'s> {
    sender: &'s Principal,
    now: Timestamp,
    parsed: Parsed,
    /// The indexes of positions without a timestamp, which are of now.
    of_now: Vec<usize>,
}

impl<'s> Judge<'s> {
    const fn new(sender: &'s Principal, now: Timestamp) -> Self {
        Self { sender, now, parsed: Parsed { reports: Vec::new(), rejected: Vec::new() }, of_now: Vec::new() }
    }

    fn judge(&mut self, index: usize, json: Result<NewPositionJson, String>) {
        if json.as_ref().is_ok_and(|json| json.timestamp.as_ref().is_none_or(serde_json::Value::is_null)) {
            self.of_now.push(index);
        }
        let position = json
            .and_then(|json| position_from_json(&json, self.sender, self.now).map_err(|invalid| invalid.to_string()));
        match position {
            Ok(position) => self.parsed.reports.push(PositionReport { index, position }),
            Err(detail) => self.parsed.rejected.push(RejectedJson { index, detail }),
        }
    }

    /// Refuses times that nobody knows: a vehicle can't be at several places now. The last one is taken; when it was at the
    /// others nobody knows.
    fn end(self) -> Parsed {
        let Self { mut parsed, of_now, .. } = self;
        if of_now.len() < 2 {
            return parsed;
        }
        let mut seen = HashSet::new();
        let mut refused = HashSet::new();
        for report in parsed.reports.iter().rev().filter(|report| of_now.binary_search(&report.index).is_ok()) {
            if !seen.insert(report.position.vehicle_id.clone()) {
                refused.insert(report.index);
            }
        }
        parsed.reports.retain(|report| !refused.contains(&report.index));
        let detail = "timestamp is required: a later position of this vehicle has none either";
        parsed.rejected.extend(refused.into_iter().map(|index| RejectedJson { index, detail: detail.to_owned() }));
        parsed
    }
}

/// Parses the whole array at once if every element fits. If some do not, parses each by itself to give a reason.
fn parse_positions(raw: &[u8], sender: &Principal, now: Timestamp) -> Result<Parsed, Problem> {
    if raw.trim_ascii_start().first() != Some(&b'[') {
        // A body that is not JSON fails the request, not a position.
        parse_json::<&RawValue>(raw)?;
        let mut judge = Judge::new(sender, now);
        judge.judge(0, parse_one(raw));
        return Ok(judge.end());
    }
    // serde would also read an array as a position, field by field.
    let only_objects = !raw.trim_ascii_start()[1..].contains(&b'[');
    if only_objects {
        let mut judge = Judge::new(sender, now);
        let mut json = serde_json::Deserializer::from_slice(raw);
        let read = json.deserialize_seq(Each(|index, json| {
            if index < MAX_POSITIONS {
                judge.judge(index, Ok(json));
            }
        }));
        if let Ok(count) = read.and_then(|count| json.end().map(|()| count)) {
            check_count(count)?;
            return Ok(judge.end());
        }
    }
    let array: Vec<&RawValue> = parse_json(raw)?;
    check_count(array.len())?;
    let mut judge = Judge::new(sender, now);
    for (index, element) in array.into_iter().enumerate() {
        judge.judge(index, parse_one(element.get().as_bytes()));
    }
    Ok(judge.end())
}

/// Hands each element of an array on as soon as it is read. All of them in a list would take megabytes.
struct Each<F>(F);

impl<'de, F: FnMut(usize, NewPositionJson)> Visitor<'de> for Each<F> {
    /// How many there were.
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(json) = elements.next_element()? {
            (self.0)(count, json);
            count += 1;
        }
        Ok(count)
    }
}

fn parse_one(raw: &[u8]) -> Result<NewPositionJson, String> {
    parse_object(raw).map_err(|problem| problem.detail)
}

fn check_count(count: usize) -> Result<(), Problem> {
    if count > MAX_POSITIONS {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "at most 10000 positions in one request"));
    }
    if count == 0 {
        return Err(Problem::invalid("body", "must hold at least one position"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn admin() -> Principal {
        let (subject, role) = ("1".to_owned(), milepost_domain::Role::Admin);
        Principal::User { id: None, subject, role, cadet_id: None, vehicle_ids: Vec::new() }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_ms(1_736_937_045_123).unwrap()
    }

    #[test]
    fn one_bad_position_does_not_spoil_the_others() {
        let raw = r#"[{"vehicle_id":"a","latitude":1,"longitude":2}, {"vehicle_id":"a","latitude":"x","longitude":2},
            {"vehicle_id":"a","latitude":91,"longitude":2}, {"latitude":1,"longitude":2}, 7,
            {"vehicle_id":"a","latitude":1e999,"longitude":2}, {"vehicle_id":"b","latitude":-1,"longitude":2,"timestamp":1736937045}]"#;
        let parsed = parse_positions(raw.as_bytes(), &admin(), now()).unwrap();
        assert_eq!(parsed.reports.iter().map(|report| report.index).collect::<Vec<_>>(), [0, 6]);
        assert_eq!(parsed.rejected.iter().map(|rejected| rejected.index).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(parsed.rejected[1].detail, "latitude must be a number from -90 to 90");
    }

    #[test]
    fn a_position_from_the_future_is_refused() {
        let raw = r#"{"vehicle_id":"a","latitude":1,"longitude":2,"timestamp":1736937400}"#;
        let parsed = parse_positions(raw.as_bytes(), &admin(), now()).unwrap();
        assert_eq!(parsed.rejected.len(), 1);
    }

    #[test]
    fn of_several_positions_without_a_time_the_last_one_is_of_now() {
        let raw = r#"[{"vehicle_id":"a","latitude":1,"longitude":2}, {"vehicle_id":"b","latitude":1,"longitude":2},
            {"vehicle_id":"a","latitude":2,"longitude":2,"timestamp":null}, {"vehicle_id":"a","latitude":3,"longitude":2,"timestamp":1736937045}]"#;
        let parsed = parse_positions(raw.as_bytes(), &admin(), now()).unwrap();
        assert_eq!(parsed.reports.iter().map(|report| report.index).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(parsed.rejected.len(), 1);
        assert!(parsed.rejected[0].index == 0 && parsed.rejected[0].detail.starts_with("timestamp is required"));
    }

    #[test]
    fn more_than_ten_thousand_are_too_many() {
        let one = r#"{"vehicle_id":"a","latitude":1,"longitude":2},"#;
        let raw = format!("[{}", one.repeat(10_001));
        let raw = format!("{}]", raw.trim_end_matches(','));
        assert_eq!(parse_positions(raw.as_bytes(), &admin(), now()).err().unwrap().status, 413);
    }
}
