//! Mails to users: written when they are sent, in the language and time zone of their reader, and handed to the operator's mail server.

mod message;
mod smtp;
mod smtp_url;
mod words;

pub(crate) use smtp::{MAIL_TIMEOUT, MailServer};
pub use smtp_url::SmtpUrl;

use async_trait::async_trait;
use lettre::message::Mailbox;
use milepost_domain::{Alert, EmailAddress, ReportMail, ReportScheduleId, UserId};
use milepost_store::PasswordLink;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Alerts that one mail tells of. Of further ones it says how many there are.
const MOST_TOLD: usize = 50;

/// Makes the token of a link by which a user ends the mails about alerts to an address.
pub type SignUnsubscribe = Arc<dyn Fn(UserId, &EmailAddress) -> String + Send + Sync>;
/// Makes the token of a link by which a user ends the mails of a report schedule to an address.
pub type SignReportUnsubscribe = Arc<dyn Fn(UserId, &EmailAddress, ReportScheduleId) -> String + Send + Sync>;
/// Makes a new password link for a user, and its secret.
pub type MakeLink = Arc<dyn Fn(UserId) -> (String, PasswordLink) + Send + Sync>;

/// A file of more bytes is not attached: the mail has a link to it. Many mail servers refuse mails of ten million bytes, and a file grows by a
/// third in one.
pub const MAX_ATTACHMENT_BYTES: u64 = 5 * 1024 * 1024;

/// Reads the files that mails bring.
#[async_trait]
pub trait MailFiles: Send + Sync {
    /// The whole file with this key, of at most `most` bytes.
    ///
    /// # Errors
    /// Why it can't be read, without a name in it.
    async fn read(&self, key: &str, most: u64) -> Result<Vec<u8>, String>;
}

/// What mails are sent with.
#[derive(Clone)]
pub struct MailSettings {
    /// The mail server: `SMTP_URL`.
    pub server: SmtpUrl,
    /// The sender: `MAIL_FROM`.
    pub from: MailFrom,
    /// Where people reach this server: `PUBLIC_URL`.
    pub public_url: String,
    /// Signs links that end mails.
    pub sign_unsubscribe: SignUnsubscribe,
    /// Signs links that end the mails of a report schedule.
    pub sign_report_unsubscribe: SignReportUnsubscribe,
    /// Reads the files that mails bring.
    pub files: Arc<dyn MailFiles>,
    /// Makes links that set passwords.
    pub make_link: MakeLink,
}

/// The sender of mails, such as `Milepost <track@example.org>`.
#[derive(Clone)]
pub struct MailFrom(pub(crate) Mailbox);

impl MailFrom {
    /// # Errors
    /// The values that the field accepts.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse()
            .map(Self)
            .map_err(|_| "must be an address such as track@example.org or Milepost <track@example.org>")
    }
}

impl fmt::Debug for MailFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailFrom")
    }
}

/// What a mail is about, as it waits. No secret waits with it: links are made when it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum MailBody {
    /// The user forgot its password.
    Reset,
    /// An admin has invited the user.
    Invitation,
    /// The user asks whether this address is its own. The mail goes there, whatever the user's address is.
    Confirm { email: String },
    /// An alert was raised.
    Alert(AlertLine),
    /// Alerts were raised, the oldest first, and `more` that are not told of.
    Alerts { alerts: Vec<AlertLine>, more: usize },
    /// A report was made. Its file is that of the mail's job.
    Report(ReportLine),
}

/// What a mail tells of an alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AlertLine {
    severity: String,
    title: String,
    message: String,
    vehicle: Option<String>,
    at_ms: i64,
}

/// What a mail tells of a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReportLine {
    kind: String,
    from_ms: i64,
    to_ms: i64,
    timezone: String,
    job: String,
    /// The number and name of its schedule.
    schedule: Option<(i64, String)>,
    is_of_fleet: bool,
}

impl MailBody {
    pub(crate) fn of_alert(alert: &Alert) -> Self {
        Self::Alert(AlertLine {
            severity: alert.severity.as_str().to_owned(),
            title: alert.title.as_str().to_owned(),
            message: alert.message.as_str().to_owned(),
            vehicle: alert.vehicle_id.as_ref().map(ToString::to_string),
            at_ms: alert.at.unix_ms(),
        })
    }

    /// One that waited with another form is left out.
    pub(crate) fn of_gathered(alerts: &[String]) -> Self {
        let told = alerts.iter().take(MOST_TOLD).filter_map(|json| serde_json::from_str(json).ok());
        Self::Alerts { alerts: told.collect(), more: alerts.len().saturating_sub(MOST_TOLD) }
    }

    /// Whether it is about alerts, which their reader may end.
    pub(crate) const fn is_about_alerts(&self) -> bool {
        matches!(self, Self::Alert(_) | Self::Alerts { .. })
    }

    /// Whether a link to set a password or to confirm an address is made when it is sent.
    pub(crate) const fn has_link(&self) -> bool {
        matches!(self, Self::Reset | Self::Invitation | Self::Confirm { .. })
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers serialise")
    }
}

/// The body of a mail with a link for a user who forgot its password.
pub fn reset_mail() -> String {
    MailBody::Reset.to_json()
}

/// The body of a mail with a link for a user whom an admin invited.
pub fn invitation_mail() -> String {
    MailBody::Invitation.to_json()
}

/// The body of a mail with a link by which a user confirms the address that it goes to.
pub fn confirmation_mail(email: &EmailAddress) -> String {
    MailBody::Confirm { email: email.as_str().to_owned() }.to_json()
}

/// The body of a mail that brings a report.
pub fn report_mail(report: &ReportMail) -> String {
    let line = ReportLine {
        kind: report.kind.clone(),
        from_ms: report.from.unix_ms(),
        to_ms: report.to.unix_ms(),
        timezone: report.timezone.as_str().to_owned(),
        job: report.job.as_str().to_owned(),
        schedule: report.schedule.as_ref().map(|(id, name)| (id.get(), name.as_str().to_owned())),
        is_of_fleet: report.is_of_fleet,
    };
    MailBody::Report(line).to_json()
}
