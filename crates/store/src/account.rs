//! Users as they are added, and as they log in.

use milepost_domain::{Contact, Role, SecondFactors, TenantId, Timestamp, User, Username, VehicleId};
use std::fmt;

/// A user to add. The store gives it its number.
#[derive(Clone, PartialEq, Eq)]
pub struct NewLogin {
    /// The login name, unique in its tenant.
    pub username: Username,
    /// The password's hash in PHC form; `None` for a user that can't log in by password.
    pub password_hash: Option<String>,
    /// The user's role in its tenant.
    pub role: Role,
    /// The user's tenant.
    pub tenant: TenantId,
    /// Whether an authorised user approved it. Without approval it can't log in.
    pub approved: bool,
    /// False for a user that is locked out.
    pub active: bool,
    /// For cadets: the cadet whose records the user may read.
    pub cadet_id: Option<i64>,
    /// For parents: the vehicles that the user may see.
    pub vehicle_ids: Vec<VehicleId>,
    /// How the user is reached.
    pub contact: Contact,
}

/// A user with the hash of its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: User,
    /// The password's hash in PHC form, if it has a password.
    pub password_hash: Option<String>,
    /// The moment of the last lock-out, or of its last logout everywhere. The epoch if there was none. Each moves it on.
    pub tokens_valid_from: Timestamp,
    /// One of these is due at each login.
    pub factors: SecondFactors,
    /// Whether the user's role needs a second factor.
    pub is_factor_demanded: bool,
}

// Written by hand, so that a hash never reaches a log line.
impl fmt::Debug for NewLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLogin").field("role", &self.role).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user.id).finish_non_exhaustive()
    }
}
