//! A company, a school, a platform, a unit.

use crate::{Label, TenantId};

/// The owner of vehicles, users and everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Short id, used in tokens and channel names.
    pub id: TenantId,
    /// Its name for people.
    pub name: Label,
}
