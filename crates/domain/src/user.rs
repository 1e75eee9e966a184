//! A person with a login.

use crate::precis::prepare_username;
use crate::{Contact, Invalid, Role, TenantId, UserId, VehicleId};
use std::fmt;

/// 1 to 150 letters with their marks, digits and ASCII signs but for `/`, and spaces inside, in the form by which names are
/// compared (RFC 8265, UsernameCasePreserved). Unique in its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// The length of the longest name, in characters.
    pub const MAX_CHARS: usize = 150;

    /// The name of a new user. It has no `/`, which stands between a tenant and a name at a login.
    ///
    /// # Errors
    /// [`Invalid`] when empty, too long, or with other characters.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        Self::typed(name).filter(|name| !name.0.contains('/')).ok_or_else(|| {
            Invalid::new(
                "username",
                "must be 1 to 150 letters, digits and ASCII signs other than /, and spaces only inside",
            )
        })
    }

    /// A name as somebody types it at a login. It may have a `/`: older versions took such names. `None` if no user can have
    /// it.
    pub fn typed(name: &str) -> Option<Self> {
        prepare_username(name).filter(|name| (1..=Self::MAX_CHARS).contains(&name.chars().count())).map(Self)
    }

    /// A stored name, possibly accepted by rules that allowed more.
    ///
    /// # Errors
    /// [`Invalid`] when empty, too long, or with control characters.
    pub fn stored(name: &str) -> Result<Self, Invalid> {
        let fits = (1..=Self::MAX_CHARS).contains(&name.chars().count());
        if fits && name.trim() == name && !name.chars().any(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(Invalid::new("username", "must be 1 to 150 characters without control characters"))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user as stored, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique over all tenants.
    pub id: UserId,
    /// Login name, unique in the tenant.
    pub username: Username,
    /// What it may do.
    pub role: Role,
    /// The tenant in which it acts.
    pub tenant: TenantId,
    /// An administrator has admitted it.
    pub approved: bool,
    /// Not locked out.
    pub active: bool,
    /// For cadets: the number of its own records.
    pub cadet_id: Option<i64>,
    /// For parents: the vehicles it may see.
    pub vehicle_ids: Vec<VehicleId>,
    /// How it is reached.
    pub contact: Contact,
    /// Counts up with each change.
    pub version: i64,
}

impl User {
    /// May it log in?
    pub const fn may_enter(&self) -> bool {
        self.approved && self.active
    }
}
