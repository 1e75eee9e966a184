//! How the records dialect refuses and closes sockets.

use milepost_http::Problem;
use milepost_live::{Close, ConnectionPolicy};

const FAILED: Close<'static> = Close::new(4000, "internal error");

pub(crate) static POLICY: ConnectionPolicy = ConnectionPolicy {
    refusal,
    revoked: Close::new(4001, "access was withdrawn"),
    expired: Close::new(4001, "token expired"),
    failed: FAILED,
    ..ConnectionPolicy::SOCKET
};

fn refusal(problem: &Problem) -> Option<Close<'_>> {
    Some(if problem.status >= 500 { FAILED } else { Close::new(4001, &problem.detail) })
}
