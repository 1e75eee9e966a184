//! Test support for several crates: databases on a running PostgreSQL, and a receiver of outgoing calls.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod mosquitto;
mod postgres;
mod receiver;
mod redis;
mod s3;

pub use mosquitto::Mosquitto;
pub use postgres::{fresh_postgres, has_postgres, remove_postgres, run_on_postgres};
pub use receiver::{Received, Receiver};
pub use redis::{RedisServer, free_port, has_redis};
pub use s3::{S3_KEY, S3Server};

use std::time::Duration;

/// Longer than anything takes on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
