//! What the tests of several crates need: databases on a PostgreSQL that is there, and a program that Milepost calls.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod postgres;
mod receiver;

pub use postgres::{fresh_postgres, has_postgres, remove_postgres};
pub use receiver::{Received, Receiver};

use std::time::Duration;

/// Longer than anything takes on a busy machine; a test that waits for so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
