//! Users as they come and as they log in.

use milepost_domain::{Role, TenantId, User, Username, VehicleId};
use std::fmt;

/// A user to be added; the store gives it its number.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Login name, unique over all tenants.
    pub username: Username,
    /// Hash in PHC form; `None` for a user that can't log in by password.
    pub password_hash: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Where it may do it.
    pub tenant: TenantId,
    /// Let in by somebody with authority.
    pub approved: bool,
    /// Not locked out.
    pub active: bool,
    /// For cadets: whose records are its own.
    pub cadet_id: Option<i64>,
    /// For parents: the vehicles it may see.
    pub vehicle_ids: Vec<VehicleId>,
}

/// A user with what is needed to check its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: User,
    /// Hash in PHC form, if it has a password.
    pub password_hash: Option<String>,
}

// By hand, so that a hash never reaches a log line.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("role", &self.role).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user.id).finish_non_exhaustive()
    }
}
