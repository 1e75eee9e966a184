//! Alerts: what a tenant or one of its users should look at, until it is read, deleted or expires.

use crate::names::named_values;
use crate::text::short_text;
use crate::{AlertId, JsonObject, NotificationText, TenantId, Timestamp, UserId, VehicleId};

/// The kind of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// A vehicle was too fast.
    SpeedViolation,
    /// A vehicle crossed a geofence.
    GeofenceViolation,
    /// A vehicle is due for service.
    Maintenance,
    /// A tank's level fell while its vehicle stood.
    FuelTheft,
    /// A driver braked, accelerated or cornered harshly.
    DriverEvent,
    /// No position of a vehicle came for too long.
    VehicleOffline,
    /// The server itself has an error, or a device does.
    SystemError,
    /// Raised by a billing system.
    PaymentReceived,
    /// Raised by a billing system.
    InvoiceGenerated,
}

named_values!(AlertKind, "type", "must be speed_violation, geofence_violation, maintenance, fuel_theft, driver_event, vehicle_offline, \
             system_error, payment_received or invoice_generated", {
    SpeedViolation => "speed_violation",
    GeofenceViolation => "geofence_violation",
    Maintenance => "maintenance",
    FuelTheft => "fuel_theft",
    DriverEvent => "driver_event",
    VehicleOffline => "vehicle_offline",
    SystemError => "system_error",
    PaymentReceived => "payment_received",
    InvoiceGenerated => "invoice_generated",
});

impl AlertKind {
    /// The severity of an alert of this kind that is raised without one.
    pub const fn usual_severity(self) -> Severity {
        match self {
            Self::FuelTheft => Severity::Critical,
            Self::SpeedViolation | Self::VehicleOffline | Self::SystemError => Severity::High,
            Self::GeofenceViolation | Self::Maintenance | Self::DriverEvent => Severity::Medium,
            Self::PaymentReceived | Self::InvoiceGenerated => Severity::Low,
        }
    }
}

/// How much an alert matters, in increasing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

named_values!(Severity, "severity", "must be low, medium, high or critical", {
    Low => "low",
    Medium => "medium",
    High => "high",
    Critical => "critical",
});

impl Severity {
    /// Should users be notified at once, even if that costs something, such as the battery of a phone?
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::High | Self::Critical)
    }
}

short_text!(
    /// An alert in a few words.
    AlertTitle,
    "title",
    200,
    "must be 1 to 200 characters without control characters"
);
short_text!(
    /// What an alert concerns: for example `speed:bus-7:1795132800000`, a violation that began then. While an alert
    /// lasts, a second one with the same subject is not raised.
    AlertSubject,
    "subject",
    255,
    "must be 1 to 255 characters without control characters"
);

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// A UUID of version 7.
    pub id: AlertId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// What happened.
    pub kind: AlertKind,
    /// How urgent it is.
    pub severity: Severity,
    /// The only user who sees it; without one, all who see the whole fleet.
    pub user_id: Option<UserId>,
    /// The vehicle concerned; it may have been removed since.
    pub vehicle_id: Option<VehicleId>,
    /// The driver at that time.
    pub driver_id: Option<UserId>,
    /// One line for people.
    pub title: AlertTitle,
    /// The full text for people.
    pub message: NotificationText,
    /// Details for programs.
    pub data: Option<JsonObject>,
    /// What it concerns; without one, it is raised every time.
    pub subject: Option<AlertSubject>,
    /// When it happened.
    pub at: Timestamp,
    /// From then on it is not shown.
    pub expires_at: Timestamp,
    /// Who marked it read first, and when. One user's mark counts for all who see it.
    pub read: Option<AlertRead>,
}

impl Alert {
    /// Only alerts that became known within this time are pushed, milliseconds: a day of positions that is uploaded in the
    /// evening must not ring phones.
    pub const RECENT_MS: i64 = 15 * 60 * 1000;

    /// Is it recent enough for a push? `known_at` is when it could first be known: when it happened, or when a silence had
    /// lasted long enough.
    pub fn is_recent(&self, known_at: Timestamp, now: Timestamp) -> bool {
        now.ms_since(known_at) <= Self::RECENT_MS && self.expires_at > now
    }
}

/// The mark that an alert was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRead {
    /// When it was marked.
    pub at: Timestamp,
    /// The user; `None` if the issuer of its token has no user numbers.
    pub by: Option<UserId>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Alert, AlertKind, AlertTitle, Severity};
    use crate::{AlertId, NotificationText, TenantId, Timestamp};

    #[test]
    fn every_name_comes_back_and_others_are_refused() {
        for kind in AlertKind::ALL {
            assert_eq!(AlertKind::parse(kind.as_str()), Ok(kind));
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Ok(severity));
        }
        assert!(AlertKind::parse("Maintenance").is_err() && Severity::parse("").is_err());
    }

    #[test]
    fn an_alert_is_recent_for_a_quarter_of_an_hour_and_never_after_it_expired() {
        let at = |ms| Timestamp::from_unix_ms(ms).unwrap();
        let alert = |expires_ms| Alert {
            id: AlertId::new("a").unwrap(),
            tenant: TenantId::default_tenant(),
            kind: AlertKind::VehicleOffline,
            severity: Severity::High,
            user_id: None,
            vehicle_id: None,
            driver_id: None,
            title: AlertTitle::new("x").unwrap(),
            message: NotificationText::new("x").unwrap(),
            data: None,
            subject: None,
            at: at(0),
            expires_at: at(expires_ms),
            read: None,
        };
        for (known_ms, now_ms, expires_ms, is_recent) in [
            (0, 0, 1, true),
            (60_000, 0, 1, true),
            (0, 900_000, 900_001, true),
            (0, 900_001, 1_000_000, false),
            (1, 900_001, 1_000_000, true),
            (0, 5, 5, false),
        ] {
            assert_eq!(
                alert(expires_ms).is_recent(at(known_ms), at(now_ms)),
                is_recent,
                "{known_ms} {now_ms} {expires_ms}"
            );
        }
    }
}
