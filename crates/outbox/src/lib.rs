//! Sends the calls to other programs that must not be lost: stored with their cause, tried until they are taken.
//!
//! At least once: a call counts as sent when its receiver answered 2xx and that was written down. Whoever takes calls
//! recognises a repeated one by its key. Order is not kept: a call that failed is overtaken by later ones.

#![forbid(unsafe_code)]

mod addresses;
mod aes128gcm;
mod config;
mod figures;
mod lanes;
mod outbox;
mod push;
mod resolver;
mod retry;
mod sender;
mod signature;
mod urls;
mod vapid;
mod wire;

pub use addresses::AddressRule;
pub use config::{OutboxConfig, Timing};
pub use figures::Figures;
pub use outbox::Outbox;
pub use push::check_push_subscription;
pub use urls::{ServiceUrl, check_push_subject, check_webhook_url};
pub use vapid::{Vapid, new_vapid_key};
pub use wire::PublicForm;
