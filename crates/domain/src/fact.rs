//! Facts: what happened, as it is stored and published.

use crate::{
    AccessTokenId, Alert, AlertId, Attendance, CadetId, DeliveryStatus, DeviceId, DrivingEvent, EntryKind,
    FenceCrossing, GeofenceId, GradeGiven, GradeId, Invalid, IssuedCommand, JsonObject, Notice, NoticeId, OffDuty,
    OffDutyRule, OrderId, ParcelId, ParcelStatus, ProofReference, RiderId, RoamingFenceId, ScoreChange, Scores,
    ServiceDue, ShareId, Standing, Timestamp, TrackingId, TrainingDayId, TripUpdate, UserId, VehicleId, Zone,
};

/// A change that is stored with an event id, in the same transaction as the rows it changed.
/// Positions are facts too, but live in a table of their own and carry no event id.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "most fields are the ids of what the variant names")]
pub enum Fact {
    /// A vehicle was added.
    VehicleAdded { vehicle_id: VehicleId },
    /// A vehicle's description or status changed.
    VehicleChanged { vehicle_id: VehicleId },
    /// A vehicle was removed with its positions and devices.
    VehicleRemoved { vehicle_id: VehicleId },
    /// A user was added, changed, approved, locked out or removed. Copies must be read again.
    UserChanged { user_id: UserId },
    /// A user logged out of one of its sessions.
    SessionEnded { user_id: UserId },
    /// A driver went off duty, or came back on duty.
    DutyChanged { user_id: UserId, off_duty: OffDuty },
    /// A tenant keeps more or less of the time in which its drivers are off duty. Copies must be read again.
    OffDutyRuleChanged { rule: OffDutyRule },
    /// A device was moved to another vehicle, or has another name.
    DeviceChanged { device_id: DeviceId },
    /// A device was removed, and its key with it.
    DeviceRemoved { device_id: DeviceId },
    /// An access token was removed, or lost one of its vehicles. Copies must be read again.
    AccessTokenChanged { access_token_id: AccessTokenId },
    /// A share was recalled, or lost one of its vehicles. Copies must be read again.
    ShareChanged { share_id: ShareId },
    /// Entries of the catalogue, or their links, changed. Copies must be read again.
    CatalogueChanged { kind: EntryKind },
    /// A command for a device was queued, sent or answered.
    CommandChanged(Box<IssuedCommand>),
    /// A delivery was started.
    DeliveryStarted {
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// Who brings it.
        rider_id: RiderId,
    },
    /// A delivery's status moved forward.
    DeliveryAdvanced {
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// How far it is now.
        status: DeliveryStatus,
        /// What proves it, if it was delivered.
        proofs: Vec<ProofReference>,
    },
    /// A parcel was entered.
    ParcelAdded { parcel_id: ParcelId, client_id: UserId },
    /// A parcel's status or driver changed.
    ParcelChanged {
        parcel_id: ParcelId,
        /// How far it is now.
        status: ParcelStatus,
        /// Who brings it now.
        driver_id: Option<UserId>,
    },
    /// A parcel's driver came to one of its places, or left it.
    ParcelZoneCrossed {
        parcel_id: ParcelId,
        zone: Zone,
        /// Came, or left.
        entered: bool,
        /// When, by the fix that shows it. Events of version 0.1 don't have it.
        at: Option<Timestamp>,
    },
    /// A cadet was entered.
    CadetAdded { cadet_id: CadetId },
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
        notice_id: NoticeId,
        user_id: UserId,
        /// A message, not a notification.
        is_message: bool,
        read_at: Timestamp,
    },
    /// An event that another program sent.
    ManualEvent(Box<ManualEvent>),
    /// A geofence was added, changed or removed. Copies must be read again.
    GeofenceChanged { geofence_id: GeofenceId },
    /// A roaming fence was added, changed or removed. Copies must be read again.
    RoamingFenceChanged { roaming_fence_id: RoamingFenceId },
    /// A tenant's thresholds changed. Copies must be read again.
    RulesChanged {
        /// The version that they have now.
        version: i64,
    },
    /// A trip started, went on, ended, or was corrected.
    TripChanged(Box<TripUpdate>),
    /// A vehicle crossed a geofence's edge, or stayed inside.
    FenceCrossed(Box<FenceCrossing>),
    /// A driver drove harshly or too fast.
    DrivingNoted(Box<DrivingEvent>),
    /// A vehicle is due for service.
    ServiceDue(Box<ServiceDue>),
    /// An alert was raised.
    AlertRaised(Box<Alert>),
    /// An alert was marked read.
    AlertRead {
        alert_id: AlertId,
        /// Whom it was for; everybody who sees the whole fleet if none.
        user_id: Option<UserId>,
        /// Who read it, if its issuer numbers its users.
        read_by: Option<UserId>,
        read_at: Timestamp,
    },
    /// An alert was deleted.
    AlertDeleted {
        alert_id: AlertId,
        /// Whom it was for; everybody who sees the whole fleet if none.
        user_id: Option<UserId>,
    },
    /// A fact that this version does not know, written by a newer one on the same database. It is ignored.
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
    /// Increases by one in each tenant, in the order of commit, from 1.
    pub id: i64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// A grade that was given or taken back, and the cadet's sums after that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeUpdate {
    /// The cadet concerned.
    pub cadet_id: CadetId,
    /// Which grade.
    pub grade_id: GradeId,
    /// What it says.
    pub given: GradeGiven,
    /// It was taken back.
    pub removed: bool,
    /// The cadet's sums now.
    pub standing: Standing,
}

/// A training day's attendance as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttendanceUpdate {
    /// The cadet concerned.
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
    /// The cadet concerned.
    pub cadet_id: CadetId,
    /// All three now.
    pub scores: Scores,
    /// Only what changed.
    pub changed: ScoreChange,
}

/// An event that another program sends, to a cadet and staff, or to staff alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualEvent {
    /// The `type` of its message.
    pub event_type: EventType,
    /// Whom it concerns.
    pub cadet_id: Option<CadetId>,
    /// The `data` of its message.
    pub payload: JsonObject,
}

/// The name of a manual event: 1 to 64 letters, digits, `_`, `.` or `-`, except for the types of the protocol itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventType(String);

impl EventType {
    /// Types that only the server itself sends.
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
