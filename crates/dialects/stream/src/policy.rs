//! How the dialect refuses and closes sockets: each close frame says whether and when to come back, and so does the message
//! before it.

use crate::convert::render;
use crate::wire::ByeJson;
use milepost_http::Problem;
use milepost_live::{Close, ConnectionPolicy, TokenInQuery};

/// No credential, a bad or expired one, or one that was withdrawn: come back with another.
const TOKEN: u16 = 4001;
/// Not allowed, or not there: the same request would be refused again.
const REFUSED: u16 = 4003;
/// The link of a delivery, or what else the request names, is not there.
const NOT_FOUND: u16 = 4004;
/// It was there.
const GONE: u16 = 4010;
/// The first message can't be read, or has a version that is not spoken.
const PROTOCOL: u16 = 4000;
/// Too many connections: come back later.
const BUSY: u16 = 4100;

/// No first message came.
pub(crate) const LATE: Close<'static> = Close::new(4002, "no hello came in time");
/// The first message is none.
pub(crate) const BAD_HELLO: Close<'static> = Close::new(PROTOCOL, "the first message must be a hello");
/// The client speaks a version that is not known yet.
pub(crate) const BAD_VERSION: Close<'static> = Close::new(PROTOCOL, "this server speaks version 1");

pub(crate) static POLICY: ConnectionPolicy = ConnectionPolicy {
    token: TokenInQuery::Ignored,
    refusal,
    farewell: Some(farewell),
    revoked: Close::new(TOKEN, "access was withdrawn"),
    expired: Close::new(TOKEN, "token expired"),
    ..ConnectionPolicy::SOCKET
};

fn refusal(problem: &Problem) -> Option<Close<'_>> {
    let code = match problem.status {
        401 => TOKEN,
        429 => BUSY,
        404 => NOT_FOUND,
        410 => GONE,
        400..=499 => REFUSED,
        _ => 1013,
    };
    Some(Close::new(code, &problem.detail))
}

/// Writes `bye`.
fn farewell(code: u16, reason: &str) -> String {
    let (why, retry_ms) = match code {
        TOKEN => ("token", None),
        NOT_FOUND => ("not_found", None),
        GONE => ("gone", None),
        4000..=4099 => ("refused", None),
        BUSY => ("busy", Some([30_000, 60_000])),
        1012 if reason.starts_with("access") => ("access_changed", Some([0, 1_000])),
        1012 => ("restart", Some(restart_window(reason))),
        1013 => ("unavailable", Some([1_000, 5_000])),
        1008 => ("rate", Some([10_000, 30_000])),
        1009 => ("too_large", None),
        1000 | 1001 => ("closed", Some([0, 1_000])),
        1011 => ("unavailable", Some([1_000, 10_000])),
        _ => ("protocol", None),
    };
    render(&ByeJson { op: "bye", why, message: reason, retry_ms })
}

/// The time of this client within the drain, and a little after it. The clients are spread evenly already.
fn restart_window(reason: &str) -> [u64; 2] {
    let after = reason.rsplit_once(" in ").and_then(|(_, rest)| rest.strip_suffix('s')?.parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
    let after_ms = after.map_or(1_000, |seconds| (seconds.clamp(0.0, 600.0) * 1_000.0) as u64);
    [after_ms, after_ms + 1_000]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_farewell_says_whether_and_when_to_come_back() {
        let check = |code, reason: &str, expected: &str| assert_eq!(farewell(code, reason), expected);
        check(
            1012,
            "restarting; reconnect in 3.2s",
            r#"{"op":"bye","why":"restart","message":"restarting; reconnect in 3.2s","retry_ms":[3200,4200]}"#,
        );
        check(4001, "token expired", r#"{"op":"bye","why":"token","message":"token expired","retry_ms":null}"#);
        check(4010, "it has expired", r#"{"op":"bye","why":"gone","message":"it has expired","retry_ms":null}"#);
    }
}
