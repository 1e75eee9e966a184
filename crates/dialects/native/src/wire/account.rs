//! Tenants and users.

use super::access_token::ProgramTokenJson;
use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TenantJson {
    /// Short id, part of URLs and messages.
    #[schema(example = "acme")]
    pub id: String,
    /// Name for people.
    #[schema(example = "Acme Coaches")]
    pub name: String,
}

/// The changes of a tenant. Absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeTenantJson {
    /// Whether its deliveries end with a proof only.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub proof_required: Option<bool>,
    /// What is left out while one of its drivers is off duty: kept (nothing), phones, or vehicles (their trackers too).
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub off_duty: Option<String>,
}

/// What is set for a tenant.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantSettingsJson {
    pub id: String,
    /// Whether its deliveries end with a proof only.
    pub proof_required: bool,
    /// What is left out while one of its drivers is off duty.
    pub off_duty: &'static str,
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUserJson {
    /// Login name, unique in the tenant. Without `/`.
    pub username: String,
    /// At least 8 characters. A user without a password can only authenticate by a token of another issuer.
    pub password: Option<String>,
    /// superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff.
    pub role: String,
    /// The caller's own tenant if absent.
    pub tenant: Option<String>,
    /// True if absent.
    pub approved: Option<bool>,
    /// True if absent.
    pub active: Option<bool>,
    /// For cadets: the cadet whose records it may see.
    pub cadet_id: Option<i64>,
    /// For parents: the vehicles it may see.
    pub vehicle_ids: Option<Vec<String>>,
    /// Where e-mail goes. An address that is set here counts as confirmed.
    pub email: Option<String>,
    /// The language of messages: en or id. English if absent.
    pub language: Option<String>,
    /// The zone of times in messages, a name of the IANA time zone database. UTC if absent.
    pub timezone: Option<String>,
    /// Which mails about alerts it gets: at_once, quarter_hour, daily or off. at_once if absent.
    pub alert_mail: Option<String>,
}

/// The changes of a user. Absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeUserJson {
    /// Login name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// New password, at least 8 characters; open sessions end.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub password: Option<String>,
    /// One of the roles that `POST /users` lists.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// If false, the user's connections close within a second.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub approved: Option<bool>,
    /// If false, the user's connections close within a second.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Null removes the link to a cadet.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub cadet_id: Option<Option<i64>>,
    /// The vehicles it may see.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub vehicle_ids: Option<Vec<String>>,
    /// Where e-mail goes. An address that is set here counts as confirmed. Null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// The language of messages: en or id. Null is English.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// The zone of times in messages, a name of the IANA time zone database. Null is UTC.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub timezone: Option<Option<String>>,
    /// Which mails about alerts it gets: at_once, quarter_hour, daily or off.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub alert_mail: Option<String>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserJson {
    pub id: i64,
    /// Login name.
    pub username: String,
    /// One of the roles that `POST /users` lists.
    pub role: String,
    /// Id of its tenant.
    pub tenant: String,
    /// Only an approved user can authenticate.
    pub approved: bool,
    /// Only an active user can authenticate.
    pub active: bool,
    /// For cadets: the cadet whose records it may see.
    pub cadet_id: Option<i64>,
    /// Vehicles it may see.
    pub vehicle_ids: Vec<String>,
    /// Where e-mail goes.
    pub email: Option<String>,
    /// The language of messages.
    pub language: Option<String>,
    /// The zone of times in messages.
    pub timezone: Option<String>,
    /// In the answer that deactivated it: the access tokens that it made. They go on until somebody removes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub access_tokens: Option<Vec<ProgramTokenJson>>,
    /// Which mails about alerts it gets.
    pub alert_mail: String,
    /// Since when it gets no mail, because its mail server refuses the address. Setting the address again ends that.
    pub email_refused_at: Option<String>,
}

/// A link with which a user sets its password.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationJson {
    /// The link, which is good once. A request that is repeated with its Idempotency-Key does not get it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it ends.
    pub expires_at: String,
}

/// The roles that need a second factor.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorJson {
    /// Users with one of them can do nothing else until they have set one up.
    pub roles: Vec<String>,
}

/// The roles that need a second factor from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSecondFactorJson {
    /// All of them; none if empty.
    pub roles: Vec<String>,
}
