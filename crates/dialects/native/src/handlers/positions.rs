//! `/positions`: one, or up to 10,000 at once. Each is accepted or rejected on its own.

use crate::convert::position_from_json;
use crate::wire::position::{NewPositionJson, RecordedJson, RejectedJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Principal, Timestamp};
use milepost_http::{FieldError, ForTenant, HttpContext, Problem, RawBody, TenantQuery, parse_json, parse_object};
use milepost_service::{PositionReport, ServiceError, positions};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::Arc;

/// Positions in one request; more are answered 413.
pub(crate) const MAX_POSITIONS: usize = 10_000;
/// A larger body takes milliseconds to parse. That is shared out, and done beside the threads that serve everybody.
const LARGE_BODY_BYTES: usize = 64 * 1024;
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
) -> Result<(StatusCode, Json<RecordedJson>), Problem> {
    let now = request.now;
    let mut parsed = if raw.len() <= LARGE_BODY_BYTES {
        parse_positions(&raw, &request.caller.principal, now)?
    } else {
        let _permit = context.use_cases.large_bodies.permit_in_time(&tenant, &request.caller).await?;
        let principal = request.caller.principal.clone();
        let parse = move || parse_positions(&raw, &principal, now);
        tokio::task::spawn_blocking(parse).await.map_err(|_| ServiceError::Internal)??
    };
    parsed.refuse_times_that_nobody_knows();
    let recorded = positions::record_positions(&context.use_cases.positions, &request, &tenant, parsed.reports).await?;

    let mut rejected = parsed.rejected;
    rejected.extend(
        recorded.rejected.into_iter().map(|rejected| RejectedJson { index: rejected.index, detail: rejected.detail }),
    );
    rejected.sort_by_key(|rejected| rejected.index);
    if recorded.accepted + recorded.duplicates == 0 && !rejected.is_empty() {
        let errors = rejected
            .into_iter()
            .map(|rejected| FieldError { field: rejected.index.to_string(), message: rejected.detail });
        return Err(Problem::invalid_fields(errors.collect()).explained("no position was acceptable"));
    }
    let answer = RecordedJson { accepted: recorded.accepted, duplicates: recorded.duplicates, rejected };
    Ok((StatusCode::CREATED, Json(answer)))
}

struct Parsed {
    reports: Vec<PositionReport>,
    rejected: Vec<RejectedJson>,
    /// The indexes of positions without a timestamp, which are of now.
    of_now: Vec<usize>,
}

impl Parsed {
    /// A vehicle can't be at several places now. The last one is taken; when it was at the others nobody knows.
    fn refuse_times_that_nobody_knows(&mut self) {
        if self.of_now.len() < 2 {
            return;
        }
        let mut seen = HashSet::new();
        let mut refused = HashSet::new();
        for report in self.reports.iter().rev().filter(|report| self.of_now.binary_search(&report.index).is_ok()) {
            if !seen.insert(report.position.vehicle_id.clone()) {
                refused.insert(report.index);
            }
        }
        self.reports.retain(|report| !refused.contains(&report.index));
        let detail = "timestamp is required: a later position of this vehicle has none either";
        self.rejected.extend(refused.into_iter().map(|index| RejectedJson { index, detail: detail.to_owned() }));
    }
}

/// Parses the whole array at once if every element fits. If some do not, parses each by itself to give a reason.
fn parse_positions(raw: &[u8], sender: &Principal, now: Timestamp) -> Result<Parsed, Problem> {
    let mut parsed = Parsed { reports: Vec::new(), rejected: Vec::new(), of_now: Vec::new() };
    let mut judge = |index: usize, json: Result<NewPositionJson, String>| {
        let has_no_time =
            json.as_ref().is_ok_and(|json| json.timestamp.as_ref().is_none_or(serde_json::Value::is_null));
        if has_no_time {
            parsed.of_now.push(index);
        }
        let position =
            json.and_then(|json| position_from_json(&json, sender, now).map_err(|invalid| invalid.to_string()));
        match position {
            Ok(position) => parsed.reports.push(PositionReport { index, position }),
            Err(detail) => parsed.rejected.push(RejectedJson { index, detail }),
        }
    };
    if raw.trim_ascii_start().first() != Some(&b'[') {
        // A body that is not JSON fails the request, not a position.
        parse_json::<&RawValue>(raw)?;
        judge(0, parse_one(raw));
        return Ok(parsed);
    }
    // serde would also read an array as a position, field by field.
    let only_objects = !raw.trim_ascii_start()[1..].contains(&b'[');
    if let Some(array) = only_objects.then(|| serde_json::from_slice::<Vec<NewPositionJson>>(raw).ok()).flatten() {
        check_count(array.len())?;
        for (index, json) in array.into_iter().enumerate() {
            judge(index, Ok(json));
        }
        return Ok(parsed);
    }
    let array: Vec<&RawValue> = parse_json(raw)?;
    check_count(array.len())?;
    for (index, element) in array.into_iter().enumerate() {
        judge(index, parse_one(element.get().as_bytes()));
    }
    Ok(parsed)
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
        let mut parsed = parse_positions(raw.as_bytes(), &admin(), now()).unwrap();
        parsed.refuse_times_that_nobody_knows();
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
