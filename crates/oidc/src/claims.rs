//! What a provider says about a user.

use crate::{OidcSettings, ProviderError, TenantSource};
use milepost_domain::{EmailAddress, Role, TenantId};
use serde_json::{Map, Value};

/// The claims of a verified ID token, with what the provider says of the user beside it.
#[derive(Debug, Clone)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// The claims of an ID token. What is not in it is taken from `userinfo`.
    pub fn new(id_token: Map<String, Value>, userinfo: Map<String, Value>) -> Self {
        let mut claims = userinfo;
        claims.extend(id_token);
        Self(claims)
    }

    /// Whether a claim that the settings need is missing from an ID token.
    pub fn lack(id_token: &Map<String, Value>, settings: &OidcSettings) -> bool {
        let tenant = match &settings.tenant {
            TenantSource::Claim(claim) => Some(claim.as_str()),
            TenantSource::Fixed(_) => None,
        };
        let roles = settings.roles.as_ref().map(|_| settings.roles_claim.as_str());
        let names = ["email", "preferred_username"].into_iter().chain(tenant).chain(roles);
        names.into_iter().any(|name| !id_token.contains_key(name))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// `sid`: the provider's session.
    pub fn session(&self) -> Option<String> {
        self.text("sid").map(str::to_owned)
    }

    /// A name for a new account: whatever the provider has that a person may know it by.
    pub fn name(&self) -> &str {
        let email = self.text("email").and_then(|email| email.split('@').next());
        self.text("preferred_username").or(email).or(self.text("sub")).unwrap_or("user")
    }

    /// The address, if the provider says by a literal `true` that it has verified it.
    pub fn verified_email(&self) -> Option<EmailAddress> {
        (self.0.get("email_verified") == Some(&Value::Bool(true))).then_some(())?;
        EmailAddress::new(self.text("email")?).ok()
    }

    /// The role of the user's groups; `None` if roles are given here.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] with the name of the claim that is missing, or if no group is mapped.
    pub fn role(&self, settings: &OidcSettings) -> Result<Option<Role>, ProviderError> {
        let Some(map) = &settings.roles else { return Ok(None) };
        let claim = &settings.roles_claim;
        let groups: Vec<String> = match self.0.get(claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(group)) => vec![group.clone()],
            _ => return Err(missing(claim)),
        };
        let refused =
            || ProviderError::Refused(format!("none of your groups («{claim}») may use this server: ask its admin"));
        map.role_of(&groups).map(Some).ok_or_else(refused)
    }

    /// The user's tenant.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] with the name of the claim that is missing or can't be a tenant's.
    pub fn tenant(&self, settings: &OidcSettings) -> Result<TenantId, ProviderError> {
        match &settings.tenant {
            TenantSource::Fixed(tenant) => Ok(tenant.clone()),
            TenantSource::Claim(claim) => {
                let named = self.text(claim).ok_or_else(|| missing(claim))?;
                TenantId::new(named).map_err(|_| ProviderError::Refused(format!("the claim «{claim}» names no tenant")))
            }
        }
    }
}

fn missing(claim: &str) -> ProviderError {
    ProviderError::Refused(format!(
        "the identity provider sent no claim «{claim}»: its admin can add it for this application"
    ))
}
