//! Hands one mail to the mail server. Each step is known by its own error, because only two of them are about the receiver.

use super::message::{Attached, Extras, address_of, write_message};
use super::smtp_url::Encryption;
use super::{MAX_ATTACHMENT_BYTES, MailBody, MailSettings};
use crate::retry::Ending;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use milepost_domain::{EmailAddress, JobFile, Timestamp};
use milepost_store::{DueCall, DueMail, OutgoingStore};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long handing over one mail may take. Servers that look at it closely take some seconds.
pub(crate) const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

/// Mails with a file that are written and handed over at once: each takes some times its file's bytes.
const MAX_WITH_FILES: usize = 2;
/// How long such a mail waits for its turn. With the time to hand it over this is less than the lease of a call.
const FILE_WAIT: Duration = Duration::from_secs(20);

/// How long a mail server may take to say goodbye.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The step at which a mail was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Connecting, encrypting, logging in, naming the sender.
    Opening,
    /// Naming the receiver, or the message.
    Receiver,
}

pub(crate) struct MailServer {
    settings: MailSettings,
    /// The name by which this server introduces itself.
    hello: ClientId,
    /// The turns of mails with files.
    with_files: Semaphore,
}

impl MailServer {
    pub(crate) fn new(settings: MailSettings) -> Self {
        let host = settings.public_url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let hello = ClientId::Domain(if host.is_empty() { "localhost".to_owned() } else { host.to_owned() });
        Self { settings, hello, with_files: Semaphore::new(MAX_WITH_FILES) }
    }

    /// Writes a mail and hands it over.
    pub(crate) async fn send(&self, store: &dyn OutgoingStore, call: &DueCall, now: Timestamp) -> Ending {
        let Some(receiver) = &call.mail else { return Ending::Unsent("the user was removed") };
        let Ok(body) = serde_json::from_str::<MailBody>(&call.body) else {
            return Ending::Unsent("the mail is of a newer version");
        };
        let Some(email) = address_of(receiver, &body) else {
            return Ending::Unsent("the user has no address any more");
        };
        let asks = matches!(body, MailBody::Confirm { .. });
        if receiver.contact.refused_at.is_some() && !asks {
            return Ending::Unsent("the address was refused");
        }
        if body.is_about_alerts() && !receiver.contact.alert_mail.is_wanted() {
            return Ending::Unsent("the user ended mails about alerts");
        }
        if let MailBody::Report(report) = &body {
            if !receiver.may_enter || (report.is_of_fleet && !receiver.sees_fleet) {
                return Ending::Unsent("the user may not see the report any more");
            }
            if receiver.file.is_none() {
                return Ending::Unsent("the report is kept no longer");
            }
        }
        let Ok(to) = email.parse::<Address>() else { return Ending::Unsent("the address can't be used") };
        let link = match self.link_for(store, &body, receiver).await {
            Ok(link) => link,
            Err(error) => return Ending::Unanswered(error),
        };
        // A server that refused the mail may have refused its file: then it gets the link alone.
        let file = receiver.file.as_ref().filter(|file| file.bytes <= MAX_ATTACHMENT_BYTES && !receiver.was_refused);
        let _turn = match file {
            Some(_) => match tokio::time::timeout(FILE_WAIT, self.with_files.acquire()).await {
                Ok(turn) => turn.ok(),
                Err(_) => return Ending::Unanswered("other mails with files are being sent".to_owned()),
            },
            None => None,
        };
        let attached = match file {
            Some(file) => match self.attach(file).await {
                Ok(attached) => Some(attached),
                Err(error) => return Ending::Unanswered(format!("the file can't be read: {error}")),
            },
            None => None,
        };
        let extras = Extras { link, attached };
        let message = match write_message(&self.settings, call, receiver, &body, extras, now) {
            Ok(message) => message,
            Err(error) => return Ending::Unanswered(format!("the mail can't be written: {error}")),
        };
        match tokio::time::timeout(MAIL_TIMEOUT, self.hand_over(to, &message)).await {
            Ok(Ok(mut connection)) => {
                // The mail was taken: nothing that comes after it matters.
                let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await;
                Ending::Answered { status: 250, retry_after: None }
            }
            Ok(Err((step, error))) => match ending(step, &error) {
                // The user's own address, which it is not yet, stays as it is.
                Ending::MailRefused { code: 500.., .. } if asks => Ending::Unsent("the address was refused"),
                ending => ending,
            },
            Err(_) => {
                Ending::Unanswered(format!("the mail server did not take it within {} s", MAIL_TIMEOUT.as_secs()))
            }
        }
    }

    async fn attach(&self, file: &JobFile) -> Result<Attached, String> {
        let bytes = self.settings.files.read(&file.key, MAX_ATTACHMENT_BYTES).await?;
        Ok(Attached { name: file.name.clone(), media_type: file.media_type.clone(), bytes })
    }

    /// A password link for a mail with one. It begins its hour when the mail is sent.
    async fn link_for(
        &self,
        store: &dyn OutgoingStore,
        body: &MailBody,
        receiver: &DueMail,
    ) -> Result<Option<(String, Timestamp)>, String> {
        if !body.has_link() {
            return Ok(None);
        }
        let (secret, mut link) = (self.settings.make_link)(receiver.user);
        let mut page = "reset";
        if let MailBody::Confirm { email } = body {
            link.email = Some(EmailAddress::new(email).map_err(|invalid| invalid.to_string())?);
            page = "confirm-email";
        }
        store.add_mail_link(&link).await.map_err(|error| format!("the link can't be stored: {error}"))?;
        Ok(Some((format!("{}/{page}?token={secret}", self.settings.public_url), link.expires_at)))
    }

    async fn hand_over(&self, to: Address, message: &[u8]) -> Result<AsyncSmtpConnection, (Step, Error)> {
        let opening = |error| (Step::Opening, error);
        let receiver = |error| (Step::Receiver, error);
        let server = &self.settings.server;
        let tls = || TlsParameters::new_rustls(server.host.clone());
        let from_start = if server.encryption == Encryption::Always { Some(tls().map_err(opening)?) } else { None };
        let address = (server.host.as_str(), server.port);
        let timeout = Some(MAIL_TIMEOUT);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, timeout, &self.hello, from_start, None)
            .await
            .map_err(opening)?;
        let wants_starttls = match server.encryption {
            Encryption::Always => false,
            Encryption::Required => true,
            Encryption::IfOffered => connection.can_starttls(),
        };
        if wants_starttls {
            connection.starttls(tls().map_err(opening)?, &self.hello).await.map_err(opening)?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(opening)?;
        }
        let from = self.settings.from.0.email.clone();
        connection.command(Mail::new(Some(from), Vec::new())).await.map_err(opening)?;
        connection.command(Rcpt::new(to, Vec::new())).await.map_err(receiver)?;
        connection.command(Data).await.map_err(receiver)?;
        connection.message(message).await.map_err(receiver)?;
        Ok(connection)
    }
}

fn ending(step: Step, error: &Error) -> Ending {
    let words: String = error.to_string().chars().take(200).collect();
    match (step, error.status()) {
        (Step::Receiver, Some(code)) => Ending::MailRefused { code: code.into(), error: words },
        (Step::Opening, _) => Ending::Unanswered(format!("the mail server can't be used: {words}")),
        (Step::Receiver, None) => Ending::Unanswered(format!("the connection to the mail server broke: {words}")),
    }
}
