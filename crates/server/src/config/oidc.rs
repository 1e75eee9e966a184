//! The settings of the identity provider.

use super::ConfigError;
use super::load::Resolved;
use milepost_domain::TenantId;
use milepost_oidc::{Issuer, OidcSettings, RoleMap, TenantSource};

/// The provider, if there is one.
pub(super) fn oidc_settings(resolved: &Resolved, public_url: &str) -> Result<Option<OidcSettings>, ConfigError> {
    let Some(issuer) = resolved.optional("OIDC_ISSUER") else { return Ok(None) };
    let issuer = Issuer::parse(&issuer).map_err(|takes| ConfigError::new("OIDC_ISSUER", takes))?;
    let needed = |variable: &str, why: &str| {
        resolved
            .optional(variable)
            .ok_or_else(|| ConfigError::new(variable, format!("must be set beside OIDC_ISSUER: {why}")))
    };
    if public_url.is_empty() {
        needed("PUBLIC_URL", "the provider sends people back there")?;
    }
    let tenant = match (resolved.optional("OIDC_TENANT"), resolved.optional("OIDC_TENANT_CLAIM")) {
        (Some(_), Some(_)) => return Err(ConfigError::new("OIDC_TENANT", "must not be set beside OIDC_TENANT_CLAIM")),
        (Some(tenant), None) => TenantSource::Fixed(
            TenantId::new(&tenant).map_err(|invalid| ConfigError::new("OIDC_TENANT", invalid.message))?,
        ),
        (None, Some(claim)) => TenantSource::Claim(claim),
        (None, None) => TenantSource::Fixed(TenantId::default_tenant()),
    };
    let roles = resolved.list("OIDC_ROLES");
    let roles = if roles.is_empty() { None } else { Some(RoleMap::new(&roles)) };
    Ok(Some(OidcSettings {
        issuer,
        client_id: needed("OIDC_CLIENT_ID", "this server's name at the provider")?,
        client_secret: client_secret(resolved)?,
        scopes: resolved.text("OIDC_SCOPES").to_owned(),
        roles_claim: resolved.text("OIDC_ROLES_CLAIM").to_owned(),
        roles: roles.transpose().map_err(|entry| ConfigError::new("OIDC_ROLES", format!("does not take {entry}")))?,
        tenant,
        links_email: resolved.text("OIDC_LINK_EMAIL") == "verified",
        public_url: public_url.to_owned(),
    }))
}

fn client_secret(resolved: &Resolved) -> Result<Option<String>, ConfigError> {
    const FILE: &str = "OIDC_CLIENT_SECRET_FILE";
    match (resolved.optional("OIDC_CLIENT_SECRET"), resolved.optional(FILE)) {
        (Some(_), Some(_)) => Err(ConfigError::new(FILE, "must not be set beside OIDC_CLIENT_SECRET")),
        (Some(secret), None) => Ok(Some(secret)),
        (None, Some(path)) => std::fs::read_to_string(&path)
            .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            .map_err(|error| ConfigError::new(FILE, format!("can't be read: {error}"))),
        (None, None) => Ok(None),
    }
}
