//! How the delivery dialect refuses and closes sockets.

use milepost_http::Problem;
use milepost_live::{Close, ConnectionPolicy, Origins};

const INVALID_TOKEN: Close<'static> = Close::new(1008, "Invalid token");
const NOT_FOUND: Close<'static> = Close::new(1008, "Tracking not found");
/// The session has expired.
pub(crate) const EXPIRED: Close<'static> = Close::new(1008, "Session expired");

/// Every page may open a socket, because the link is public.
pub(crate) static POLICY: ConnectionPolicy = ConnectionPolicy {
    origins: Origins::Any,
    refusal,
    revoked: INVALID_TOKEN,
    expired: INVALID_TOKEN,
    ..ConnectionPolicy::SOCKET
};

const fn refusal(problem: &Problem) -> Option<Close<'_>> {
    match problem.status {
        401 | 403 => Some(INVALID_TOKEN),
        404 => Some(NOT_FOUND),
        410 => Some(EXPIRED),
        _ => None,
    }
}
