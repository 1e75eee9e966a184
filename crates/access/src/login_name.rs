//! Whom a login names: a username as it was typed, in a tenant or in the only one that has it.

use milepost_domain::{TenantId, Username};
use milepost_store::{Login, Store, StoreError};

/// A username as it was typed, and the tenant that it is searched in.
pub(crate) struct LoginName<'a> {
    /// All tenants if there is none.
    tenant: Option<TenantId>,
    typed: &'a str,
}

/// The names that a login may mean, in the order in which they are searched: the typed text as a whole, because older versions
/// took usernames with a `/`, and the part after the `/` in the tenant before it. None if `tenant` and the part before the `/`
/// contradict each other, or if there can't be such a tenant.
pub(crate) fn readings<'a>(username: &'a str, tenant: Option<&str>, of_host: Option<&TenantId>) -> Vec<LoginName<'a>> {
    let named = match tenant.map(tenant_id) {
        Some(None) => return Vec::new(),
        named => named.flatten(),
    };
    // A keyboard for Chinese or Japanese may type the wide form.
    let parts = username.split_once(['/', '\u{ff0f}']).and_then(|(tenant, name)| Some((tenant_id(tenant)?, name)));
    let prefixed = parts.filter(|(prefix, _)| named.as_ref().is_none_or(|named| named == prefix));
    let whole = LoginName { tenant: named.or_else(|| of_host.cloned()), typed: username };
    let prefixed = prefixed.map(|(tenant, typed)| LoginName { tenant: Some(tenant), typed });
    std::iter::once(whole).chain(prefixed).collect()
}

fn tenant_id(text: &str) -> Option<TenantId> {
    TenantId::stored(text).ok().filter(|id| !id.as_str().contains(char::is_control))
}

impl LoginName<'_> {
    /// The text under which failures are counted: the forms of one name count together.
    pub(crate) fn counted(&self) -> String {
        let prepared = Username::typed(self.typed);
        let name = prepared.as_ref().map_or(self.typed, Username::as_str);
        // Neither has a control character, so that two names never make one text.
        format!("{}\n{name}", self.tenant.as_ref().map_or("", TenantId::as_str))
    }

    /// Finds the users with this name, of which all but one are of no use.
    async fn find_all(&self, store: &dyn Store) -> Result<Vec<Login>, StoreError> {
        let (typed, prepared) = (Username::stored(self.typed).ok(), Username::typed(self.typed));
        // A name that can't exist is not searched for.
        let Some(prepared) = prepared.as_ref().or(typed.as_ref()) else { return Ok(Vec::new()) };
        let typed = typed.as_ref().unwrap_or(prepared);
        store.find_logins(self.tenant.as_ref(), [typed.as_str(), prepared.as_str()]).await
    }
}

/// Finds the one user that is meant, if there is one.
pub(crate) async fn find_login(readings: &[LoginName<'_>], store: &dyn Store) -> Result<Option<Login>, StoreError> {
    for name in readings {
        let found = name.find_all(store).await?;
        if !found.is_empty() {
            return Ok(only_one(found, name.typed));
        }
    }
    Ok(None)
}

/// The user of the only tenant that has the name. A tenant may have it in two forms, because a name that was stored by older rules
/// keeps its form if another user has the prepared one: the one that was typed counts.
fn only_one(mut found: Vec<Login>, typed: &str) -> Option<Login> {
    let tenant = &found.first()?.user.tenant;
    if found.iter().any(|login| login.user.tenant != *tenant) {
        return None;
    }
    let at = found.iter().position(|login| login.user.username.as_str() == typed).unwrap_or(0);
    Some(found.swap_remove(at))
}
