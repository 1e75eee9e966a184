//! Sends calls to other programs. No call is lost: it is stored with its cause and tried until its receiver accepts it.
//!
//! Delivery is at least once: a call counts as sent when its receiver answered 2xx and that was written down. Receivers
//! recognise a repeated call by its key. Order is not kept: later calls overtake a call that failed.

#![forbid(unsafe_code)]

mod addresses;
mod aes128gcm;
mod config;
mod dispatcher;
mod mail;
mod outbox;
mod push;
mod queues;
mod resolver;
mod retry;
mod sender;
mod shares;
mod signature;
mod stats;
mod urls;
mod vapid;
mod wire;

pub use addresses::AddressRule;
pub use config::{OutboxConfig, Timing};
pub use mail::{
    MAX_ATTACHMENT_BYTES, MailFiles, MailFrom, MailSettings, MakeLink, SignReportUnsubscribe, SignUnsubscribe, SmtpUrl,
    confirmation_mail, invitation_mail, report_mail, reset_mail,
};
pub use outbox::Outbox;
pub use push::check_push_subscription;
pub use stats::OutboxStats;
pub use urls::{ServiceUrl, check_push_subject, check_webhook_url};
pub use vapid::{Vapid, new_vapid_key};
pub use wire::PublicForm;
