//! What happened, as told to whoever may know.

use crate::{
    Alert, AlertId, Attendance, CadetId, DeliveryStatus, DeviceId, DrivingEvent, FenceCrossing, GeofenceId, GradeGiven,
    GradeId, Invalid, JsonObject, Notice, NoticeId, OrderId, ParcelId, ParcelStatus, RiderId, ScoreChange, Scores,
    ServiceDue, Standing, Timestamp, TrackingId, TrainingDayId, TripUpdate, UserId, VehicleId, Zone,
};

/// A change that is stored with an event id, in the same transaction as the rows it changed.
/// Positions are facts too, but live in a table of their own and carry no event id.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A vehicle was added.
    VehicleAdded {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A vehicle's description or status changed.
    VehicleChanged {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A vehicle was removed with its positions and devices.
    VehicleRemoved {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A user was added, changed, approved, locked out or removed: whoever holds a copy reads it again.
    UserChanged {
        /// Which.
        user_id: UserId,
    },
    /// A user logged out of one of its sessions.
    SessionEnded {
        /// Whose it was.
        user_id: UserId,
    },
    /// A device was removed, and its key with it.
    DeviceRemoved {
        /// Which.
        device_id: DeviceId,
    },
    /// A delivery was started.
    DeliveryStarted {
        /// Which.
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// Who brings it.
        rider_id: RiderId,
    },
    /// A delivery's status moved forward.
    DeliveryAdvanced {
        /// Which.
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// How far it is now.
        status: DeliveryStatus,
    },
    /// A parcel was entered.
    ParcelAdded {
        /// Which.
        parcel_id: ParcelId,
        /// Whose it is.
        client_id: UserId,
    },
    /// A parcel's status or driver changed.
    ParcelChanged {
        /// Which.
        parcel_id: ParcelId,
        /// How far it is now.
        status: ParcelStatus,
        /// Who brings it now.
        driver_id: Option<UserId>,
    },
    /// A parcel's driver came to one of its places, or left it.
    ParcelZoneCrossed {
        /// Which.
        parcel_id: ParcelId,
        /// Which place.
        zone: Zone,
        /// Came, or left.
        entered: bool,
    },
    /// A cadet was entered.
    CadetAdded {
        /// Which.
        cadet_id: CadetId,
    },
    /// A merit or demerit was given or taken back.
    GradeUpdated(Box<GradeUpdate>),
    /// A cadet's attendance of a training day was entered or changed.
    AttendanceUpdated(Box<AttendanceUpdate>),
    /// Scores of a cadet were entered, changed or taken back.
    ScoresUpdated(Box<ScoresUpdate>),
    /// A user got a notification or message.
    NoticeSent(Box<Notice>),
    /// A user marked one read.
    NoticeRead {
        /// Which.
        notice_id: NoticeId,
        /// Whose.
        user_id: UserId,
        /// A message, not a notification.
        is_message: bool,
        /// When.
        read_at: Timestamp,
    },
    /// Whatever another program told by hand.
    ManualEvent(Box<ManualEvent>),
    /// A geofence was added, changed or removed: whoever holds a copy reads it again.
    GeofenceChanged {
        /// Which.
        geofence_id: GeofenceId,
    },
    /// A tenant's thresholds changed: whoever holds a copy reads them again.
    RulesChanged {
        /// The version that they have now.
        version: i64,
    },
    /// A trip started, went on, ended, or was mended.
    TripChanged(Box<TripUpdate>),
    /// A vehicle crossed a geofence's edge, or stayed inside.
    FenceCrossed(Box<FenceCrossing>),
    /// Somebody drove harshly or too fast.
    DrivingNoted(Box<DrivingEvent>),
    /// A vehicle is due for service.
    ServiceDue(Box<ServiceDue>),
    /// An alert was raised.
    AlertRaised(Box<Alert>),
    /// An alert was marked read.
    AlertRead {
        /// Which.
        alert_id: AlertId,
        /// Whom it was for; everybody who sees the whole fleet if none.
        user_id: Option<UserId>,
        /// Who read it, if its issuer numbers its users.
        read_by: Option<UserId>,
        /// When.
        read_at: Timestamp,
    },
    /// An alert was deleted.
    AlertDeleted {
        /// Which.
        alert_id: AlertId,
        /// Whom it was for; everybody who sees the whole fleet if none.
        user_id: Option<UserId>,
    },
    /// Something that this version does not know, written by a newer one beside it: nobody acts on it.
    Unknown {
        /// What the newer version calls it.
        kind: String,
        /// JSON.
        payload: String,
    },
}

/// A fact with its place in its tenant's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Counts up by one in each tenant, in the order of commit, from 1.
    pub id: i64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// A grade that was given or taken back, with what the cadet's records come to since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeUpdate {
    /// Whose.
    pub cadet_id: CadetId,
    /// Which grade.
    pub grade_id: GradeId,
    /// What it says.
    pub given: GradeGiven,
    /// It was taken back.
    pub removed: bool,
    /// What all records come to now.
    pub standing: Standing,
}

/// A training day's attendance as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttendanceUpdate {
    /// Whose.
    pub cadet_id: CadetId,
    /// Of which day.
    pub training_day_id: TrainingDayId,
    /// How it attended.
    pub attendance: Attendance,
    /// Training days at which the cadet was present, this one included if it was.
    pub attendance_present: i64,
}

/// Scores as they are now, and which of them changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoresUpdate {
    /// Whose.
    pub cadet_id: CadetId,
    /// All three now.
    pub scores: Scores,
    /// Only what changed.
    pub changed: ScoreChange,
}

/// An event that another program tells by hand; to a cadet and staff, or to staff alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualEvent {
    /// What it is called: the `type` of its message.
    pub event_type: EventType,
    /// Whom it concerns.
    pub cadet_id: Option<CadetId>,
    /// The `data` of its message.
    pub payload: JsonObject,
}

/// The name of a manual event: 1 to 64 letters, digits, `_`, `.` or `-`; none of the words of the protocol itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventType(String);

impl EventType {
    /// What only the server itself says.
    pub const RESERVED: [&str; 8] = [
        "connection_established",
        "error",
        "pong",
        "replay_complete",
        "notification",
        "notification_read",
        "message",
        "message_read",
    ];

    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !fits {
            return Err(Invalid::new("event_type", "must be 1 to 64 letters, digits, _ . or -"));
        }
        if Self::RESERVED.contains(&name) {
            return Err(Invalid::new("event_type", "must not be a type that only the server itself sends"));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
