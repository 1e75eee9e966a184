//! Tenants and users.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TenantJson {
    /// Short id.
    #[schema(example = "acme")]
    pub id: String,
    /// Name for people.
    #[schema(example = "Acme Coaches")]
    pub name: String,
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUserJson {
    /// Login name, unique over all tenants.
    pub username: String,
    /// Without one the user can only come with another issuer's token.
    pub password: Option<String>,
    /// superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff.
    pub role: String,
    /// The caller's own if absent.
    pub tenant: Option<String>,
    /// True if absent.
    pub approved: Option<bool>,
    /// True if absent.
    pub active: Option<bool>,
    /// For cadets: whose records are its own.
    pub cadet_id: Option<i64>,
    /// For parents: the vehicles it may see.
    pub vehicle_ids: Option<Vec<String>>,
}

/// What to change of a user; absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ChangeUserJson {
    /// Login name.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// New password; open sessions end.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub password: Option<String>,
    /// Role.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// Not approved: its connections close within a second.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub approved: Option<bool>,
    /// Not active: its connections close within a second.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Null takes it away.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub cadet_id: Option<Option<i64>>,
    /// The vehicles it may see.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub vehicle_ids: Option<Vec<String>>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserJson {
    /// Number.
    pub id: i64,
    /// Login name.
    pub username: String,
    /// Role.
    pub role: String,
    /// Tenant.
    pub tenant: String,
    /// Approved flag.
    pub approved: bool,
    /// Active flag.
    pub active: bool,
    /// Cadet.
    pub cadet_id: Option<i64>,
    /// Vehicles it may see.
    pub vehicle_ids: Vec<String>,
}
