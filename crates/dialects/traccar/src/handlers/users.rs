//! `/api/users`: the users of the tenant, and each its own.

use crate::TraccarParts;
use crate::convert::{is_administrator, user_object};
use crate::extract::{Id, JsonBody, Params, Signed};
use crate::fleet::object_of;
use crate::refusal::{Refusal, Unique};
use crate::shape::{Object, flag, text, written};
use crate::time::write_time;
use crate::wire::{USER, USER_EXTRAS};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{
    AlertMail, Caller, Contact, EmailAddress, EntryBody, EntryKind, EntryRef, ExpectedVersion, Principal, Role, User,
    UserId, Username,
};
use milepost_http::logins::typed_name;
use milepost_service::catalogue::{self, NewEntry};
use milepost_service::users::{self, NewUser, UserChange};
use milepost_service::{Once, ServiceError};
use serde_json::Value;
use std::collections::HashMap;

/// All users of the tenant for its administrators; a plain user manages none.
pub(crate) async fn list_users(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    if !signed.is_administrator() {
        return Ok(Json(Vec::new()));
    }
    let of_tenant = users::read_users(&parts.live.use_cases().users, signed.tenant()).await?;
    let extras = catalogue::read_entries(&parts.live.use_cases().catalogue, signed.tenant(), EntryKind::User).await?;
    let extras: HashMap<i64, Object> = extras.iter().map(|entry| (entry.id, object_of(entry))).collect();
    let empty = Object::new();
    let mut list: Vec<Object> =
        of_tenant.iter().map(|user| user_object(user, extras.get(&user.id.get()).unwrap_or(&empty))).collect();
    let wanted = params.number("userId")?;
    if wanted > 0 {
        // The users that a manager manages; nobody manages others here.
        list.clear();
    }
    if let Some(keyword) = params.text("keyword").filter(|keyword| !keyword.is_empty()) {
        let keyword = keyword.to_lowercase();
        let holds = |user: &Object, name: &str| text(user, name).unwrap_or_default().to_lowercase().contains(&keyword);
        list.retain(|user| holds(user, "name") || holds(user, "email"));
    }
    Ok(Json(params.page(list)?))
}

/// One user.
pub(crate) async fn get_user(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Json<Object>, Refusal> {
    let user = find(&parts, &signed, id).await?;
    Ok(Json(with_extras(&parts, &user).await?))
}

/// A user that the caller may see: itself, or as an administrator one of its tenant.
async fn find(parts: &TraccarParts, signed: &Signed, id: i64) -> Result<User, Refusal> {
    let number = UserId::new(id).map_err(|_| Refusal::no_such_object())?;
    if signed.is_administrator() {
        let found = users::get_user(&parts.live.use_cases().users, &signed.request, number).await;
        return match found {
            // A superadmin acts in its own tenant here.
            Ok(user) if user.tenant == *signed.tenant() => Ok(user),
            Ok(_) | Err(ServiceError::NotFound(_)) => Err(Refusal::no_such_object()),
            Err(error) => Err(error.into()),
        };
    }
    if signed.user() != Some(number) {
        return Err(Refusal::forbidden("User access denied"));
    }
    own(parts, signed.caller(), number).await
}

/// A caller's own user.
async fn own(parts: &TraccarParts, caller: &Caller, id: UserId) -> Result<User, Refusal> {
    let fleet = parts.directory.view(parts.live.use_cases(), &caller.tenant, parts.live.now()).await?;
    if let Some(user) = fleet.user(id.get()) {
        return Ok(user.clone());
    }
    let of_tenant = users::read_users(&parts.live.use_cases().users, &caller.tenant).await?;
    of_tenant.into_iter().find(|user| user.id == id).ok_or_else(Refusal::not_authenticated)
}

async fn with_extras(parts: &TraccarParts, user: &User) -> Result<Object, Refusal> {
    Ok(user_object(user, &extras_of(parts, user).await?))
}

async fn extras_of(parts: &TraccarParts, user: &User) -> Result<Object, Refusal> {
    let entries = catalogue::read_entries(&parts.live.use_cases().catalogue, &user.tenant, EntryKind::User).await?;
    Ok(entries.iter().find(|entry| entry.id == user.id.get()).map(object_of).unwrap_or_default())
}

/// The object of a caller's own user.
pub(crate) async fn own_object(parts: &TraccarParts, caller: &Caller, id: UserId) -> Result<Object, Refusal> {
    let user = own(parts, caller, id).await?;
    with_extras(parts, &user).await
}

/// The object of the guest of a shared link, who is stored nowhere.
pub(crate) fn guest_object(caller: &Caller) -> Object {
    let Principal::Guest { name: named, share, .. } = &caller.principal else { return Object::new() };
    // A number that no user has.
    let id = (1_i64 << 40) + share.get();
    let mut object = USER.fill(id, &Object::new());
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("name", named.rsplit(':').next().unwrap_or(named).into());
    set("email", named.as_str().into());
    for name in ["readonly", "limitCommands", "disableReports", "temporary"] {
        set(name, true.into());
    }
    set("expirationTime", caller.expires_at.map_or(Value::Null, |at| write_time(at).into()));
    object
}

/// Adds a user. A plain one sees the devices that it is given; an administrator administers the tenant.
pub(crate) async fn add_user(
    State(parts): State<TraccarParts>,
    signed: Option<Signed>,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let Some(signed) = signed else { return Err(Refusal::forbidden("Registration disabled")) };
    signed.require_administrator()?;
    let object = USER.read(&body)?;
    let (username, contact) = name_of(&object)?;
    let new = NewUser {
        username: username.clone(),
        password: text(&object, "password").map(str::to_owned),
        role: if flag(&object, "administrator") { Role::Admin } else { Role::Parent },
        tenant: signed.tenant().clone(),
        approved: true,
        active: !flag(&object, "disabled"),
        cadet_id: None,
        vehicle_ids: Vec::new(),
        contact,
    };
    let fleet = parts.directory.view(parts.live.use_cases(), signed.tenant(), signed.now()).await?;
    let holder = fleet.users().find(|user| user.username == username).map_or(0, |user| user.id.get());
    let added = users::add_user(&parts.live.use_cases().users, &signed.request, new, &Once::unclaimed()).await;
    let user = added.map_err(|error| match error {
        ServiceError::Conflict(_) => Refusal::taken(Unique::USER, holder, username.as_str()),
        other => other.into(),
    })?;
    let extras = put_extras(&parts, &signed, user.id, &object).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(Json(user_object(&user, &extras)))
}

/// The login name and the address of a user: its e-mail address, unless it has a login beside it.
pub(crate) fn name_of(object: &Object) -> Result<(Username, Contact), Refusal> {
    let email = text(object, "email").filter(|email| !email.trim().is_empty()).ok_or_else(|| Refusal::null("EMAIL"))?;
    let email = typed_name(email);
    let login = text(object, "login").filter(|login| !login.trim().is_empty()).map(typed_name);
    let username = Username::new(login.as_deref().unwrap_or(&email))?;
    let address = EmailAddress::new(&email).ok();
    let contact =
        Contact { email: address, language: None, timezone: None, alert_mail: AlertMail::default(), refused_at: None };
    Ok((username, contact))
}

async fn put_extras(parts: &TraccarParts, signed: &Signed, id: UserId, object: &Object) -> Result<Object, Refusal> {
    let mut extras = object.clone();
    extras.retain(|name, _| USER_EXTRAS.contains(&name.as_str()));
    let new = NewEntry {
        kind: EntryKind::User,
        id: Some(id.get()),
        name: None,
        body: EntryBody::of_parsed(written(&extras))?,
    };
    catalogue::put_entry(&parts.live.use_cases().catalogue, &signed.request, signed.tenant(), &new).await?;
    Ok(extras)
}

/// Changes a user.
pub(crate) async fn change_user(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let object = USER.read(&body)?;
    let before = find(&parts, &signed, id).await?;
    let known = with_extras(&parts, &before).await?;
    let is_other = |name: &str| known.get(name) != object.get(name);
    if !signed.is_administrator() {
        // A plain user changes what is its own, and none of its rights.
        let rights = [
            "administrator",
            "deviceLimit",
            "userLimit",
            "readonly",
            "deviceReadonly",
            "disabled",
            "limitCommands",
            "disableReports",
            "fixedEmail",
            "expirationTime",
            "email",
            "login",
        ];
        if rights.iter().any(|name| is_other(name)) || text(&object, "password").is_some() {
            return Err(Refusal::forbidden("Administrator access required"));
        }
    } else {
        let (username, contact) = name_of(&object)?;
        let is_admin = flag(&object, "administrator");
        let role = match (is_administrator(before.role), is_admin) {
            (true, false) => Some(Role::Parent),
            (false, true) => Some(Role::Admin),
            _ => None,
        };
        let change = UserChange {
            username: (username != before.username).then_some(username.clone()),
            password: text(&object, "password").filter(|password| !password.is_empty()).map(str::to_owned),
            role,
            active: Some(!flag(&object, "disabled")).filter(|active| *active != before.active),
            email: (contact.email != before.contact.email && contact.email.is_some()).then_some(contact.email),
            ..UserChange::default()
        };
        let service = &parts.live.use_cases().users;
        users::change_user(service, &signed.request, before.id, &ExpectedVersion::Any, change).await.map_err(
            |error| match error {
                ServiceError::Conflict(text) if text.starts_with("username") => {
                    Refusal::taken(Unique::USER, 0, username.as_str())
                }
                other => other.into(),
            },
        )?;
    }
    let extras = put_extras(&parts, &signed, before.id, &object).await?;
    parts.directory.mark_changed(signed.tenant());
    let after = find(&parts, &signed, id).await?;
    Ok(Json(user_object(&after, &extras)))
}

/// Removes a user. One that is not there is gone already.
pub(crate) async fn remove_user(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    if !signed.is_administrator() {
        return Err(Refusal::forbidden("User access denied"));
    }
    let Ok(User { id: number, .. }) = find(&parts, &signed, id).await else { return Ok(StatusCode::NO_CONTENT) };
    match users::remove_user(&parts.live.use_cases().users, &signed.request, number, &ExpectedVersion::Any).await {
        Ok(()) | Err(ServiceError::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let entry = EntryRef { kind: EntryKind::User, id };
    let kept = &parts.live.use_cases().catalogue;
    // Its links went with it, but for those of a user of an older version.
    let _ = catalogue::remove_entry(kept, &signed.request, signed.tenant(), entry).await;
    parts.directory.mark_changed(signed.tenant());
    Ok(StatusCode::NO_CONTENT)
}

/// One-time passwords are set up at `/auth/totp`.
pub(crate) async fn make_totp_key(_: Signed) -> Refusal {
    Refusal::forbidden("One-time password is disabled")
}
