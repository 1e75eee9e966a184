//! Who is asking.

use crate::{
    AccessTokenId, AssignedAt, Device, DeviceId, Invalid, PastAssignments, Role, Scope, ShareId, TenantId, Timestamp,
    UserId, VehicleId,
};
use std::borrow::Cow;

/// The authenticated user, device, program or guest behind a request or a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant in which it acts.
    pub tenant: TenantId,
    /// Which of them.
    pub principal: Principal,
    /// When its credential ends; a socket ends with it.
    pub expires_at: Option<Timestamp>,
}

/// A person, a device, a program or a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A user that Milepost knows, or a user of another issuer, by its signed claims.
    User {
        /// Its number; `None` when a foreign issuer names its users by text.
        id: Option<UserId>,
        /// The token's subject, or the user's number as text.
        subject: String,
        /// Its role.
        role: Role,
        /// For cadets: the number of its own records.
        cadet_id: Option<i64>,
        /// Vehicles that it may see in addition to those of its role.
        vehicle_ids: Vec<VehicleId>,
    },
    /// A device with its key.
    Device {
        /// The device's own id.
        id: DeviceId,
        /// The one vehicle it reports for.
        vehicle_id: VehicleId,
        /// The vehicles that it was in before; `None` for one that was removed since.
        past_vehicles: PastAssignments<Option<VehicleId>>,
    },
    /// A program with an access token.
    Program {
        /// The token's number in its tenant.
        id: AccessTokenId,
        /// The scope by which it was let in. What the request does is judged by this one alone, whatever other scopes the token has.
        scope: Scope,
        /// The vehicles that the token is for; `None` for everything of its tenant.
        vehicle_ids: Option<Vec<VehicleId>>,
    },
    /// A guest with the token of a share.
    Guest {
        /// The share's number in its tenant.
        share: ShareId,
        /// The share's name.
        name: String,
        /// The vehicles that it may follow.
        vehicle_ids: Vec<VehicleId>,
    },
}

impl Principal {
    /// Its name among the callers of its tenant: a user's subject, a device's id, `token:` and a token's number, `share:` and a share's.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::User { subject, .. } => Cow::Borrowed(subject),
            Self::Device { id, .. } => Cow::Borrowed(id.as_str()),
            Self::Program { id, .. } => Cow::Owned(format!("token:{id}")),
            Self::Guest { share, .. } => Cow::Owned(format!("share:{share}")),
        }
    }

    /// The vehicle that a device was in at a time; `None` for others.
    ///
    /// # Errors
    /// [`Invalid`] if that vehicle was removed, or is not known any more.
    pub fn own_vehicle(&self, at: Timestamp) -> Result<Option<&VehicleId>, Invalid> {
        let Self::Device { vehicle_id, past_vehicles, .. } = self else { return Ok(None) };
        let then = match past_vehicles.at(at) {
            AssignedAt::Present => Some(vehicle_id),
            AssignedAt::Past(before) => before.as_ref(),
            AssignedAt::Unknown => None,
        };
        then.map(Some)
            .ok_or(Invalid::new("timestamp", "is of a time in which the device was in a vehicle that is not known"))
    }
}

impl Caller {
    /// A device that showed who it is.
    pub fn of_device(device: Device) -> Self {
        let Device { id, vehicle_id, past_vehicles, tenant, .. } = device;
        Self { tenant, principal: Principal::Device { id, vehicle_id, past_vehicles }, expires_at: None }
    }

    /// Its role, if it is a person.
    pub const fn role(&self) -> Option<Role> {
        match &self.principal {
            Principal::User { role, .. } => Some(*role),
            Principal::Device { .. } | Principal::Program { .. } | Principal::Guest { .. } => None,
        }
    }

    /// Its number, if it is a person with one.
    pub const fn user_id(&self) -> Option<UserId> {
        match &self.principal {
            Principal::User { id, .. } => *id,
            Principal::Device { .. } | Principal::Program { .. } | Principal::Guest { .. } => None,
        }
    }

    /// May it act in every tenant?
    pub fn is_superadmin(&self) -> bool {
        self.role() == Some(Role::Superadmin)
    }

    /// A short name for log lines: no person's name, no credential.
    pub fn log_name(&self) -> String {
        match &self.principal {
            Principal::User { id: Some(id), .. } => format!("user:{id}"),
            Principal::User { id: None, .. } => "user:foreign".to_owned(),
            Principal::Device { id, .. } => format!("device:{id}"),
            Principal::Program { id, .. } => format!("token:{id}"),
            Principal::Guest { share, .. } => format!("share:{share}"),
        }
    }
}
