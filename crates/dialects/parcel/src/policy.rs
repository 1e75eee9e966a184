//! How the parcel dialect refuses and closes sockets. Its clients show the message that precedes the close frame.

use crate::convert::render;
use crate::wire::ToViewer;
use milepost_http::Problem;
use milepost_live::{Close, ConnectionPolicy};

pub(crate) static POLICY: ConnectionPolicy = ConnectionPolicy {
    refusal,
    announce: Some(|message| render(&ToViewer::Error { message })),
    revoked: Close::new(4001, "access was withdrawn"),
    expired: Close::new(4001, "token expired"),
    ..ConnectionPolicy::SOCKET
};

/// The viewer may not see the parcel any more.
pub(crate) const NOT_YOURS: Close<'static> =
    Close::new(4003, "you are neither this parcel's client nor its assigned driver");

fn refusal(problem: &Problem) -> Option<Close<'_>> {
    let code = match problem.status {
        400 => 4400,
        401 => 4001,
        403 => 4003,
        404 => 4004,
        _ => return None,
    };
    Some(Close::new(code, &problem.detail))
}
