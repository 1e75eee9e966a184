//! Access tokens: credentials that an admin makes for programs.

use crate::ids::number_id;
use crate::{Invalid, Label, TenantId, Timestamp, UserId, VehicleId};

number_id!(
    /// An access token's number, unique in its tenant.
    AccessTokenId,
    "access_token_id"
);

/// What a program may do with its token. No scope contains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read what the tenant's staff sees, and follow it.
    Read,
    /// Report positions and how deliveries go.
    Ingest,
    /// Add, change and remove. A change answers with what it changed.
    Manage,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Read, Self::Ingest, Self::Manage];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Manage => "manage",
        }
    }
}

/// The scopes of a token: at least one, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads their names.
    ///
    /// # Errors
    /// [`Invalid`] for an unknown name, and for none.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Invalid> {
        const REFUSED: Invalid =
            Invalid::new("scopes", "must have at least one of read, ingest and manage, and no other");
        let parse = |name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or(REFUSED);
        let mut scopes = names.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() { Err(REFUSED) } else { Ok(Self(scopes)) }
    }

    /// The scopes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Is this one among them?
    pub fn hold(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

/// An access token. Its secret is kept as a digest only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Unique in its tenant.
    pub id: AccessTokenId,
    /// The tenant in which it acts, and no other.
    pub tenant: TenantId,
    /// Name for people.
    pub name: Label,
    /// What it may do.
    pub scopes: Scopes,
    /// The vehicles that it is for; `None` for everything of the tenant.
    pub vehicle_ids: Option<Vec<VehicleId>>,
    /// Who made it, if that has a number here. It outlives that user.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// About when it was last used: it may be a minute off.
    pub last_used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::Scopes;

    #[test]
    fn scopes_are_at_least_one_and_known() {
        let names = |names: &[&str]| {
            Scopes::parse(names.iter().copied())
                .map(|scopes| scopes.iter().map(super::Scope::as_str).collect::<Vec<_>>())
        };
        assert_eq!(names(&["manage", "read", "read"]), Ok(vec!["read", "manage"]));
        for refused in [&[][..], &["Read"], &["read", "admin"], &["*"], &[""]] {
            assert!(names(refused).is_err(), "{refused:?}");
        }
    }
}
