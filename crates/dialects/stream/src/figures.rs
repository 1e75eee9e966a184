//! The fleet's figures, and the number of connections.

use crate::convert::render;
use crate::wire::thing::{DashboardJson, PresenceJson};
use milepost_domain::TenantId;
use milepost_hub::{ChannelId, Interest, Key, Message, Recipients, Subscription};
use milepost_live::{DashboardView, Lane, Live};
use milepost_service::FleetDashboard;
use std::sync::Arc;

/// How the figures are published.
pub(crate) const DASHBOARD: DashboardView = DashboardView {
    channel: dashboard_channel,
    key: dashboard_key,
    message: |_, figures| {
        Message::whole(render_dashboard(figures), Recipients::only([dashboard_key()]), dashboard_key())
    },
};

pub(crate) fn dashboard_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("stream_dashboard", tenant.as_str())
}

pub(crate) fn dashboard_key() -> Key {
    Key::new("dashboard", "")
}

/// Writes the figures.
pub(crate) fn render_dashboard(figures: &FleetDashboard) -> String {
    render(&DashboardJson {
        op: "dashboard",
        active_vehicles: figures.active_vehicles,
        total_trips: figures.total_trips,
        distance_traveled: figures.distance_km,
        fuel_consumed: figures.fuel_l,
        utilization_rate: figures.utilization_percent,
        idle_minutes: figures.idle_min,
        cost_per_km: figures.cost_per_km,
        t: figures.at.unix_ms(),
    })
}

fn presence_key() -> Key {
    Key::new("presence", "")
}

/// Counts a connection of the tenant until dropped. It gets the count once its interest is [`follows_presence`].
pub(crate) fn be_present(live: &Live, lane: &Arc<Lane>, tenant: &TenantId) -> Subscription {
    let channel = live.hub.channel(&ChannelId::new("stream_presence", tenant.as_str()));
    channel
        .announce_presence(presence_key(), |connections| render(&PresenceJson { op: "presence", connections }).into());
    lane.subscribe(&channel, Interest::keys([]))
}

/// The interest of a connection that follows the count, or does not.
pub(crate) fn follows_presence(follows: bool) -> Interest {
    Interest::keys([]).with_topics(follows.then(presence_key))
}
