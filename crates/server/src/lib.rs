//! The binary's parts: configuration, assembly, the HTTP server, shutdown, and the command line.

#![forbid(unsafe_code)]

mod accepting;
pub mod assembly;
mod background;
mod basemap;
pub mod cli;
mod compression;
pub mod config;
mod connection_table;
mod core_tasks;
mod data_folder;
mod device_server;
mod draining;
mod first_start;
mod http_server;
mod logging;
mod metrics;
mod middleware;
mod open_files;
mod pages;
pub mod serve;
mod service_manager;
mod status_routes;
mod token_keys;

pub use core_tasks::CoreTasks;
pub use logging::LogStats;
