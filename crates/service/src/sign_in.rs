//! Helps people back in who forgot their password, and writes to them.

use crate::ServiceError;
use crate::outgoing::Outgoing;
use milepost_access::{Access, Authentication, Forgetful};
use milepost_domain::{AlertMail, Author, Contact, EmailAddress, Invalid, Timestamp, User, UserId};
use milepost_store::{AuditNote, Store};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Requests for resets that are looked up at the same time. Further ones are dropped: people ask again.
const PARALLEL_RESETS: usize = 16;
/// Attempts when others change the same user at the same time.
const TRIES: usize = 16;

/// What the use cases of logins need.
pub struct SignIn {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    outgoing: Outgoing,
    resets: Arc<Semaphore>,
}

impl SignIn {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>, outgoing: Outgoing) -> Self {
        Self { store, access, outgoing, resets: Arc::new(Semaphore::new(PARALLEL_RESETS)) }
    }
}

/// Mails a link to the users who forgot their password, in a task of its own: nobody learns from the answer whether there is one.
pub fn request_reset(sign_in: &SignIn, forgetful: Forgetful, address: Option<IpAddr>) {
    if !sign_in.access.allows_reset(&forgetful, address) {
        return;
    }
    let Ok(permit) = Arc::clone(&sign_in.resets).try_acquire_owned() else { return };
    let (store, access, outgoing) = (Arc::clone(&sign_in.store), Arc::clone(&sign_in.access), sign_in.outgoing.clone());
    tokio::spawn(async move {
        if let Err(error) = mail_links(&*store, &access, &outgoing, &forgetful, address).await {
            tracing::warn!(%error, "a request for a new password was lost");
        }
        drop(permit);
    });
}

async fn mail_links(
    store: &dyn Store,
    access: &Access,
    outgoing: &Outgoing,
    forgetful: &Forgetful,
    address: Option<IpAddr>,
) -> Result<(), ServiceError> {
    for login in access.find_forgetful(forgetful).await? {
        let user = login.user.id;
        let author = Author { at: access.now(), user: None, access_token: None, address };
        let note = AuditNote::of("user.request_reset", Some(format!("user:{user}")));
        store.note_audit(&login.user.tenant, &author, &note).await?;
        match &outgoing.mail {
            Some(mail) if store.add_mail(user, &mail.reset, access.now()).await? => {
                tracing::info!(user.id = %user, "a link for a new password is mailed");
            }
            Some(_) => tracing::info!(user.id = %user, "a password was forgotten, and its user gets no mail"),
            None => {
                tracing::info!(user.id = %user, "a password was forgotten, and SMTP_URL is not set: an admin can invite the user")
            }
        }
    }
    (outgoing.wake)();
    Ok(())
}

/// Mails an invitation to a user who has an address. It holds a link of its own.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn mail_invitation(sign_in: &SignIn, user: UserId, now: Timestamp) -> Result<(), ServiceError> {
    if let Some(mail) = &sign_in.outgoing.mail
        && sign_in.store.add_mail(user, &mail.invitation, now).await?
    {
        (sign_in.outgoing.wake)();
    }
    Ok(())
}

/// How the caller is reached.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers without an account here.
pub async fn get_contact(sign_in: &SignIn, authentication: &Authentication) -> Result<Contact, ServiceError> {
    let id = authentication.stored_user().ok_or(NOT_HERE)?;
    Ok(sign_in.store.get_user(id).await?.ok_or(NOT_HERE)?.contact)
}

const NOT_HERE: ServiceError = ServiceError::Forbidden("only users of this server have an address here");

/// Mails a link to an address that the caller says is its own: its present one, which may have been refused, or another one, for which
/// it has to show who it is. The address is its own when the link is opened.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers without an account here, and for another address without a fresh login;
/// [`ServiceError::Conflict`] where no mails are sent, or too many wait; [`ServiceError::Invalid`] without any address.
pub async fn request_confirmation(
    sign_in: &SignIn,
    authentication: &Authentication,
    email: Option<EmailAddress>,
    password: Option<String>,
    (address, now): (Option<IpAddr>, Timestamp),
) -> Result<(), ServiceError> {
    let id = authentication.stored_user().ok_or(NOT_HERE)?;
    let user = sign_in.store.get_user(id).await?.ok_or(NOT_HERE)?;
    let is_present = email.is_none() || email == user.contact.email;
    let email = email.or(user.contact.email).ok_or(Invalid::new("email", "is required: you have none yet"))?;
    if !is_present {
        sign_in.access.step_up(authentication, password, address).await?;
    }
    let Some(mail) = &sign_in.outgoing.mail else {
        return Err(ServiceError::Conflict("this server sends no mail: ask an admin to set your address".to_owned()));
    };
    let is_waiting = !sign_in.access.allows_confirmation(&email, address)
        || !sign_in.store.add_confirmation_mail(id, &(mail.confirmation)(&email), now).await?;
    if is_waiting {
        return Err(ServiceError::Conflict("mails wait for this address already: look there, or try later".to_owned()));
    }
    (sign_in.outgoing.wake)();
    tracing::info!(user.id = %id, "a link that confirms an address is mailed");
    Ok(())
}

/// Ends mails about alerts for the user of a link in one. Returns false if the link is not good, or was for another address.
///
/// # Errors
/// [`ServiceError::Unavailable`], [`ServiceError::Conflict`].
pub async fn end_alert_mails(sign_in: &SignIn, token: &str, now: Timestamp) -> Result<bool, ServiceError> {
    for _ in 0..TRIES {
        let Some(id) = sign_in.access.user_of_unsubscribe(token).await? else { return Ok(false) };
        let Some(user) = sign_in.store.get_user(id).await? else { return Ok(false) };
        if user.contact.alert_mail == AlertMail::Off {
            return Ok(true);
        }
        let contact = Contact { alert_mail: AlertMail::Off, ..user.contact.clone() };
        let changed = User { contact, version: user.version + 1, ..user };
        if sign_in.store.update_user(&changed, None, now).await? {
            tracing::info!(user.id = %id, "mails about alerts ended by their reader");
            return Ok(true);
        }
    }
    Err(ServiceError::Conflict("the user is being changed by others, try again".to_owned()))
}
