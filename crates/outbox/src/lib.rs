//! Sends the calls to other programs that must not be lost: stored with their cause, tried until they are taken.
//!
//! At least once: a call counts as sent when its receiver answered 2xx and that was written down. Whoever takes calls
//! recognises a repeated one by its key. Order is not kept: a call that failed is overtaken by later ones.

#![forbid(unsafe_code)]

mod addresses;
mod config;
mod figures;
mod lanes;
mod outbox;
mod resolver;
mod retry;
mod sender;
mod signature;
mod urls;

pub use addresses::AddressRule;
pub use config::{OutboxConfig, Timing};
pub use figures::Figures;
pub use outbox::Outbox;
pub use urls::{ServiceUrl, check_webhook_url};
