//! The binary's parts: configuration, assembly, the HTTP server, shutdown, and the command line.

#![forbid(unsafe_code)]

pub mod assembly;
pub mod cli;
pub mod config;
mod core_tasks;
mod data_folder;
mod draining;
mod first_start;
mod http_server;
mod logging;
mod metrics;
mod middleware;
mod open_files;
mod pages;
pub mod serve;
mod status_routes;
mod token_keys;

pub use core_tasks::CoreTasks;
pub use logging::LogStats;
