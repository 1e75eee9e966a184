//! `GET /stats/tracking`: counts the active deliveries.

use super::NO_STORE;
use crate::DeliveryParts;
use crate::wire::{SessionsByRecency, StatusDistribution, TrackingStats};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use milepost_domain::{DeliveryStatus, TenantId};
use milepost_http::{Authenticated, Problem, Query, TenantQuery};
use milepost_service::{DeliveryCount, deliveries};

/// A superadmin gets the counts of all tenants unless it names one. An admin gets those of its own tenant.
pub(crate) async fn count_deliveries(
    State(parts): State<DeliveryParts>,
    Authenticated(request): Authenticated,
    Query(query): Query<TenantQuery>,
) -> Result<Response, Problem> {
    let named = query.tenant.as_deref().map(TenantId::new).transpose()?;
    let (tenant, counts) = deliveries::count_deliveries(&parts.live.use_cases().deliveries, &request, named).await?;
    let sockets = parts.followed.count(tenant.as_ref());
    Ok((NO_STORE, Json(stats_of(&counts, sockets))).into_response())
}

fn stats_of(counts: &[DeliveryCount], sockets: u64) -> TrackingStats {
    let (mut by_status, mut by_recency) = (StatusDistribution::default(), SessionsByRecency::default());
    for count in counts {
        let sessions = match count.status {
            DeliveryStatus::Assigned => &mut by_status.assigned,
            DeliveryStatus::PickedUp => &mut by_status.picked_up,
            DeliveryStatus::InTransit => &mut by_status.in_transit,
            DeliveryStatus::Delivered => &mut by_status.delivered,
        };
        *sessions += count.sessions;
        by_recency.last_5_min += count.last_5_min;
        by_recency.last_hour += count.last_hour;
        by_recency.older += count.sessions.saturating_sub(count.last_5_min + count.last_hour);
    }
    TrackingStats {
        total_active_sessions: counts.iter().map(|count| count.sessions).sum(),
        total_websocket_connections: sockets,
        status_distribution: by_status,
        sessions_by_recency: by_recency,
    }
}
