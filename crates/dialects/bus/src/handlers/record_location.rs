//! `POST /api/v1/kiosks/{device_id}/location/`: stores a kiosk's ping and answers when it is durable.

use crate::BusParts;
use crate::convert::{location_id, position_from_ping};
use crate::wire::{KioskLocation, RecordedLocation};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Position, Principal, ReportedBy};
use milepost_http::{Authenticated, Body, Path, Problem, rfc3339};
use milepost_service::{PositionReport, Request, positions};

/// Stores the ping, which is then sent to everyone who watches the bus.
pub(crate) async fn record_location(
    State(parts): State<BusParts>,
    Path(device_id): Path<String>,
    Authenticated(request): Authenticated,
    Body(mut ping): Body<KioskLocation>,
) -> Result<(StatusCode, Json<RecordedLocation>), Problem> {
    let position = position_of(&request, &device_id, &ping)?;
    let location_id = location_id(&request.caller.tenant, &position);
    // A kiosk that sent no time gets the time that was used.
    ping.timestamp.get_or_insert_with(|| rfc3339(position.at).into());
    let report = vec![PositionReport { index: 0, position }];
    let tenant = &request.caller.tenant;
    // A kiosk is part of its bus.
    let recorded =
        positions::record_positions(&parts.live.use_cases().positions, &request, tenant, ReportedBy::Vehicle, report)
            .await?;
    if let Some(rejected) = recorded.rejected.first() {
        return Err(Problem::forbidden(rejected.detail.clone()));
    }
    Ok((StatusCode::CREATED, Json(RecordedLocation { location_id, location: ping })))
}

/// Parses and answers like the real route, without storing or publishing.
pub(crate) async fn echo_location(
    Path(device_id): Path<String>,
    Authenticated(request): Authenticated,
    Body(ping): Body<KioskLocation>,
) -> Result<(StatusCode, Json<RecordedLocation>), Problem> {
    let position = position_of(&request, &device_id, &ping)?;
    let location_id = location_id(&request.caller.tenant, &position);
    Ok((StatusCode::CREATED, Json(RecordedLocation { location_id, location: ping })))
}

fn position_of(request: &Request, device_id: &str, ping: &KioskLocation) -> Result<Position, Problem> {
    match &request.caller.principal {
        Principal::Device { id, .. } if id.as_str() == device_id => {
            Ok(position_from_ping(ping, &request.caller.principal, request.now)?)
        }
        _ => Err(Problem::forbidden("Not authorized for this kiosk")),
    }
}
