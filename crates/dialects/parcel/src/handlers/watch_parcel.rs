//! `/ws/tracking/?parcel_id=…&token=…`: the door to the socket.

use crate::ParcelParts;
use crate::viewer::{View, refuse, watch};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Action, ParcelId, reach};
use milepost_http::{Problem, TokenInQuery, authenticate_parts};
use milepost_transport::{RateLimit, SocketLimits, Upgrade};

/// Seconds after which a viewer over the tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;
/// What a driver's socket may send: the fixes of an hour without network, one every five seconds, all at once. Each is
/// stored before the next is read; more closes with 1008.
const DRIVERS_RATE: RateLimit = RateLimit { frames_per_second: 500, bytes_per_second: 128 * 1024 };

/// What the URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing, or no number.
    NoNumber,
    /// A number that no parcel can have.
    NoParcel,
    /// This one.
    Parcel(ParcelId),
}

/// Opens the socket: whoever may not follow is told so on it. Only what a page of a foreign origin asks, what is no
/// WebSocket, and what is too much is refused by the handshake's answer.
pub async fn watch_parcel(State(parts): State<ParcelParts>, request: Request) -> Response {
    match open(parts, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(parts: ParcelParts, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    if !parts.context.origins.allows(&head.headers) {
        return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
    }
    let asked = asked(&head);
    let proven = match authenticate_parts(&parts.context, &head, TokenInQuery::Taken).await {
        Err(problem) if problem.status != 401 => return Err(problem),
        proven => proven,
    };
    let upgrade = match Upgrade::from_parts(&mut head, &parts.transport) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.response().map(Body::from)),
    };
    let proven = match proven {
        Ok(proven) => proven,
        Err(problem) => {
            let refused = move |socket| async move { refuse(socket, 4001, &problem.detail).await };
            return Ok(upgrade.accept(refused).map(|()| Body::empty()));
        }
    };
    let caller = proven.caller().clone();
    let admission = parts.context.access.admit_connection(proven).map_err(|_| {
        let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
    })?;
    let upgrade = match reach(&caller, Action::BringParcel) {
        Some(_) => {
            let limits = SocketLimits { rate: Some(DRIVERS_RATE), ..upgrade.limits() };
            upgrade.with_limits(limits)
        }
        None => upgrade,
    };
    let view = View { caller, asked };
    Ok(upgrade.accept(move |socket| watch(socket, parts, view, admission)).map(|()| Body::empty()))
}

fn asked(head: &Parts) -> Asked {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&head.uri);
    let pairs = query.map(|query| query.0).unwrap_or_default();
    pairs.iter().find(|(name, _)| name == "parcel_id").map_or(Asked::NoNumber, |(_, text)| asked_by(text))
}

fn asked_by(text: &str) -> Asked {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Asked::NoNumber;
    }
    // Below 1, or longer than any number that was ever given.
    text.parse().ok().and_then(|number| ParcelId::new(number).ok()).map_or(Asked::NoParcel, Asked::Parcel)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_told_from_what_is_no_parcel() {
        for text in ["", "abc", "12abc", "1.5", "1e3", "-", "+1", " 1", "٣", "0x10", "NaN"] {
            assert_eq!(asked_by(text), Asked::NoNumber, "{text}");
        }
        for text in ["0", "-5", "99999999999999999999"] {
            assert_eq!(asked_by(text), Asked::NoParcel, "{text}");
        }
        assert_eq!(asked_by("12"), Asked::Parcel(ParcelId::new(12).unwrap()));
    }
}
