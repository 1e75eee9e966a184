//! The contract, tested from outside: a real server on a free port, over HTTP and sockets.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod accounts {
    pub mod access_tokens;
    pub mod audit;
    pub mod authentication;
    pub mod contact;
    pub mod duty;
    pub mod ended_logins;
    pub mod foreign_issuer;
    pub mod names;
    pub mod oidc;
    pub mod passkeys;
    pub mod password_links;
    pub mod people;
    pub mod revocation;
    pub mod second_factor;
    pub mod sessions;
    pub mod tenants;
    pub mod token_scopes;
}
mod bus {
    pub mod exchange;
    pub mod socket;
}
mod delivery {
    pub mod exchange;
    pub mod proofs;
    pub mod proofs_s3;
    pub mod session;
    pub mod socket;
    pub mod tracking;
}
mod devices {
    pub mod mqtt;
    pub mod phones;
}
mod fleet {
    pub mod any_order;
    pub mod changes;
    pub mod companies;
    pub mod day;
    pub mod drivers;
    pub mod history;
    pub mod history_kill;
    pub mod history_support;
    pub mod made_anew;
    pub mod outage;
    pub mod recording;
    pub mod reports;
    pub mod rest;
    pub mod rest_refusals;
    pub mod rest_trips;
    pub mod ride;
    pub mod roaming;
    pub mod socket;
    pub mod socket_exchange;
    pub mod socket_resume;
    pub mod socket_support;
}
mod live_contract;
mod native {
    pub mod clock_ahead;
    pub mod devices;
    pub mod document;
    pub mod http_forms;
    pub mod idempotency;
    pub mod idempotency_kill;
    pub mod isolation;
    pub mod kill_nine;
    pub mod moment;
    pub mod names;
    pub mod numbers;
    pub mod outliers;
    pub mod positions;
    pub mod rest;
    pub mod shares;
    pub mod space;
    pub mod story;
    pub mod versions;
}
mod nodes {
    pub mod counts;
    pub mod faults;
    pub mod folding;
    pub mod news;
    pub mod support;
}
mod operations {
    pub mod backup;
    pub mod basemap;
    pub mod behind_a_proxy;
    pub mod command_line;
    pub mod connections;
    pub mod healthcheck;
    pub mod import_export;
    pub mod neighbours;
    pub mod other_processes;
    pub mod outages;
    pub mod replaced_database;
    pub mod starting;
    pub mod status;
    pub mod unread_log;
}
mod outgoing {
    pub mod calls;
    pub mod mail;
    pub mod nodes;
    pub mod push;
    pub mod push_alerts;
    pub mod push_browser;
    pub mod push_rest;
    pub mod report_mail;
    pub mod report_schedules;
    pub mod webhooks;
}
mod parcel {
    pub mod exchange;
    pub mod people;
    pub mod rest;
    pub mod socket;
    pub mod zones;
}
mod records {
    pub mod rest;
    pub mod rest_kill;
    pub mod rest_notices;
    pub mod rest_refusals;
    pub mod rest_support;
    pub mod socket;
    pub mod socket_exchange;
    pub mod socket_resume;
    pub mod socket_union;
    pub mod stream;
    pub mod stream_crowd;
    pub mod stream_framing;
    pub mod stream_support;
}
mod stream {
    pub mod clusters;
    pub mod convergence;
    pub mod events;
    pub mod facts;
    pub mod forms;
    pub mod greeting;
    pub mod page;
    pub mod schema;
    pub mod space;
    pub mod support;
    pub mod things;
    pub mod vehicles;
    pub mod views;
}
mod support;
mod traccar {
    pub mod commands;
    pub mod exchanges;
    pub mod images;
    pub mod moving;
    pub mod moving_trips;
    pub mod report_mail;
    pub mod security;
    pub mod socket;
    pub mod support;
}
mod trackers {
    pub mod commands;
    pub mod datagrams;
    pub mod kill;
    pub mod simulated;
    pub mod sockets;
    pub mod strangers;
    pub mod support;
    pub mod unknown;
}
mod transit {
    pub mod feeds;
    pub mod polled;
    pub mod timetable;
}
