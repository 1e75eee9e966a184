//! The SQL functions of both databases. `sqlite.rs` and `postgres.rs` both include this file, so that everything here
//! is compiled for each database, with its types and its [`dialect`].

#[macro_use]
mod sql_store;

mod access_tokens;
mod accounts;
mod assignments;
mod audit;
mod catalogue;
mod commands;
mod deliveries;
mod duty;
mod events;
pub(super) mod fleet;
mod history;
mod imports;
mod jobs;
mod nodes;
mod numbers;
mod outgoing;
mod parcels;
mod people;
mod positions;
mod proofs;
mod push;
mod records;
mod reports;
mod roaming;
mod shares;
mod sign_in;
mod store;
mod timetables;
pub(super) mod transaction;
mod upkeep;

pub(crate) use accounts::normal_forms::rewrite_normal_forms;
pub(crate) use sql_store::SqlStore;

use super::{Committed, Connection, Db, Native, WriteLock, Writers, arrival_index, dialect, history_rows};

type DbRow = <Db as sqlx::Database>::Row;
