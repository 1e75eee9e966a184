//! The contract, seen from outside: a real server on port 0, HTTP and sockets.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod authentication;
mod bus_exchange;
mod bus_socket;
mod command_line;
mod foreign_issuer;
mod isolation;
mod kill_nine;
mod other_processes;
mod outages;
mod positions;
mod rest;
mod status;
mod story;
mod support;
