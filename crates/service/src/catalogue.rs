//! Keeps objects of other programs: groups of vehicles, drivers, plans of maintenance, calendars, commands, notifications, and what
//! these add to vehicles, geofences and users.

use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Caller, Entry, EntryKind, EntryRef, Link, MAX_ENTRIES, MAX_LINKS, TenantId, VehicleId, may, reach,
};
pub use milepost_store::NewEntry;
use milepost_store::Store;
use std::sync::Arc;

/// Entries in one read of the store.
const PAGE: u32 = 1_000;
/// Vehicles in one call that numbers them.
const NAMES_AT_ONCE: usize = 10_000;

/// What the use cases of the catalogue need.
pub struct Catalogue {
    store: Arc<dyn Store>,
}

impl Catalogue {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    pub(crate) async fn read_entry(&self, tenant: &TenantId, entry: EntryRef) -> Result<Option<Entry>, ServiceError> {
        Ok(self.store.get_entry(tenant, entry).await?)
    }
}

/// All entries of one kind, in the order of their numbers. Whom they concern is for the dialect to say: links are its own.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers that may see no vehicle.
pub async fn list_entries(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    kind: EntryKind,
) -> Result<Vec<Entry>, ServiceError> {
    require_sight(&request.caller, tenant)?;
    read_entries(catalogue, tenant, kind).await
}

/// [`list_entries`] for what a dialect keeps in memory for all of a tenant's callers.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_entries(
    catalogue: &Catalogue,
    tenant: &TenantId,
    kind: EntryKind,
) -> Result<Vec<Entry>, ServiceError> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = catalogue.store.list_entries(tenant, kind, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map_or(after, |last| last.id);
        entries.extend(page);
        if is_last {
            return Ok(entries);
        }
    }
}

/// All links of a tenant.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_links(catalogue: &Catalogue, tenant: &TenantId) -> Result<Vec<Link>, ServiceError> {
    Ok(catalogue.store.list_links(tenant).await?)
}

/// One entry.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn get_entry(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    entry: EntryRef,
) -> Result<Entry, ServiceError> {
    require_sight(&request.caller, tenant)?;
    catalogue.store.get_entry(tenant, entry).await?.ok_or(ServiceError::NotFound("entry"))
}

/// Gives each of these vehicles a number in the catalogue that has none yet. A number stays for as long as its vehicle does.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn number_vehicles(
    catalogue: &Catalogue,
    tenant: &TenantId,
    vehicles: &[VehicleId],
    now: milepost_domain::Timestamp,
) -> Result<(), ServiceError> {
    ensure_tenant(&*catalogue.store, tenant).await?;
    for chunk in vehicles.chunks(NAMES_AT_ONCE) {
        let names: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        catalogue.store.ensure_entries(tenant, EntryKind::Vehicle, &names, now).await?;
    }
    Ok(())
}

/// Adds an entry, or replaces what is kept about a geofence, a user or the tenant.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`] for a taken name, and when the tenant has [`MAX_ENTRIES`].
pub async fn put_entry(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    new: &NewEntry,
) -> Result<Entry, ServiceError> {
    require_change(&request.caller, tenant, new.kind, new.id)?;
    ensure_tenant(&*catalogue.store, tenant).await?;
    let put = catalogue.store.by(request.author()).put_entry(tenant, new, request.now).await?;
    put.ok_or_else(|| ServiceError::Conflict(format!("a tenant may have {MAX_ENTRIES} of a kind, remove one first")))
}

/// Replaces the name and the fields of an entry.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Conflict`] for a taken name.
pub async fn change_entry(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    entry: &Entry,
) -> Result<(), ServiceError> {
    require_change(&request.caller, tenant, entry.kind, Some(entry.id))?;
    if catalogue.store.by(request.author()).update_entry(tenant, entry, request.now).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound("entry"))
    }
}

/// Removes an entry with its links. Returns false if there is none.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn remove_entry(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    entry: EntryRef,
) -> Result<bool, ServiceError> {
    require_change(&request.caller, tenant, entry.kind, Some(entry.id))?;
    Ok(catalogue.store.by(request.author()).remove_entry(tenant, entry, request.now).await?)
}

/// Adds a link; one that is there stays.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`] when the tenant has [`MAX_LINKS`].
pub async fn add_link(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    link: Link,
) -> Result<(), ServiceError> {
    require_link(&request.caller, tenant, link)?;
    if catalogue.store.by(request.author()).add_link(tenant, link, request.now).await? {
        Ok(())
    } else {
        Err(ServiceError::Conflict(format!("a tenant may have {MAX_LINKS} links, remove one first")))
    }
}

/// Removes a link, if it is there.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn remove_link(
    catalogue: &Catalogue,
    request: &Request,
    tenant: &TenantId,
    link: Link,
) -> Result<(), ServiceError> {
    require_link(&request.caller, tenant, link)?;
    Ok(catalogue.store.by(request.author()).remove_link(tenant, link, request.now).await?)
}

const NOT_YOURS: ServiceError = ServiceError::Forbidden("only who manages the vehicles of the tenant may change this");

fn require_sight(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    let sees = reach(caller, Action::SeeVehicle).is_some() && (caller.tenant == *tenant || caller.is_superadmin());
    if sees { Ok(()) } else { Err(ServiceError::Forbidden("you may see no vehicle")) }
}

/// People choose by themselves what they are told, and what is kept about them. Users and the tenant are its admins', everything else
/// is whose the vehicles are.
fn require_change(caller: &Caller, tenant: &TenantId, kind: EntryKind, id: Option<i64>) -> Result<(), ServiceError> {
    let is_person = caller.user_id().is_some() && caller.tenant == *tenant;
    let is_self = kind == EntryKind::User && caller.user_id().map(milepost_domain::UserId::get) == id && id.is_some();
    let allowed = match kind {
        EntryKind::Notification => is_person && require_sight(caller, tenant).is_ok(),
        EntryKind::User => is_self || may(caller, Action::ManageUsers, tenant),
        EntryKind::Settings => may(caller, Action::ManageUsers, tenant),
        EntryKind::Geofence => may(caller, Action::ManageGeofences, tenant),
        _ => may(caller, Action::ManageVehicles, tenant),
    };
    if allowed { Ok(()) } else { Err(NOT_YOURS) }
}

/// A person links notifications to itself. Other links are whose the vehicles are, and those of users their admins'.
fn require_link(caller: &Caller, tenant: &TenantId, link: Link) -> Result<(), ServiceError> {
    let is_own = link.owner.kind == EntryKind::User
        && caller.user_id().map(milepost_domain::UserId::get) == Some(link.owner.id)
        && caller.tenant == *tenant;
    let allowed = match (link.owner.kind, link.member.kind) {
        (EntryKind::User, EntryKind::Notification) if is_own => true,
        (EntryKind::User, _) => {
            may(caller, Action::ManageUsers, tenant) || is_own && may(caller, Action::ManageVehicles, tenant)
        }
        _ => may(caller, Action::ManageVehicles, tenant),
    };
    if allowed { Ok(()) } else { Err(NOT_YOURS) }
}
