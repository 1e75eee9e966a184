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
mod behind_a_proxy;
mod bus_exchange;
mod bus_socket;
mod command_line;
mod connections;
mod databases;
mod delivery;
mod delivery_exchange;
mod delivery_socket;
mod delivery_support;
mod fleet_changes;
mod fleet_companies;
mod fleet_day;
mod fleet_history;
mod fleet_history_kill;
mod fleet_history_support;
mod fleet_outage;
mod fleet_recording;
mod fleet_rest;
mod fleet_rest_refusals;
mod fleet_rest_trips;
mod fleet_ride;
mod fleet_socket;
mod fleet_socket_exchange;
mod fleet_socket_resume;
mod fleet_socket_support;
mod foreign_issuer;
mod idempotency;
mod idempotency_kill;
mod isolation;
mod kill_nine;
mod live_contract;
mod other_processes;
mod outages;
mod outgoing;
mod outgoing_nodes;
mod parcel_exchange;
mod parcel_socket;
mod parcel_support;
mod parcel_zones;
mod parcels;
mod positions;
mod push;
mod push_alerts;
mod push_rest;
mod push_service;
mod receiver;
mod records_rest;
mod records_rest_kill;
mod records_rest_notices;
mod records_rest_refusals;
mod records_rest_support;
mod records_socket;
mod records_socket_exchange;
mod records_socket_resume;
mod records_socket_union;
mod records_stream;
mod records_stream_carried;
mod records_stream_crowd;
mod records_stream_support;
mod rest;
mod revocation;
mod signing;
mod starting;
mod status;
mod story;
mod support;
mod webhooks;
