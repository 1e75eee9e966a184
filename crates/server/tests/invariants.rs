//! Checks the invariants of the workspace: which crate may depend on which, and what the store must not write.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate, and the crates of the workspace that it may depend on. Others are forbidden.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("milepost-domain", &[]),
    ("milepost-cache", &[]),
    ("milepost-clock", &["milepost-domain"]),
    ("milepost-geo", &["milepost-domain"]),
    ("milepost-track", &["milepost-domain", "milepost-geo"]),
    ("milepost-device-report", &["milepost-domain"]),
    ("milepost-phone-formats", &["milepost-device-report", "milepost-domain"]),
    (
        "milepost-mqtt",
        &["milepost-clock", "milepost-phone-formats", "milepost-device-report", "milepost-domain", "milepost-service"],
    ),
    ("milepost-traccar-source", &["milepost-device-report", "milepost-domain", "milepost-phone-formats"]),
    ("milepost-transit-feeds", &["milepost-clock", "milepost-device-report", "milepost-domain", "milepost-service"]),
    ("milepost-formats", &["milepost-domain"]),
    ("milepost-fleet-reports", &["milepost-domain"]),
    ("milepost-device-protocols", &["milepost-device-report", "milepost-domain"]),
    ("milepost-hub", &[]),
    ("milepost-relay", &["milepost-clock", "milepost-domain"]),
    ("milepost-transport", &["milepost-clock", "milepost-hub"]),
    ("milepost-store", &["milepost-cache", "milepost-domain", "milepost-track"]),
    ("milepost-outbox", &["milepost-clock", "milepost-domain", "milepost-store"]),
    ("milepost-access", &["milepost-cache", "milepost-clock", "milepost-domain", "milepost-store"]),
    (
        "milepost-follow",
        &["milepost-cache", "milepost-clock", "milepost-domain", "milepost-geo", "milepost-store", "milepost-track"],
    ),
    (
        "milepost-service",
        &[
            "milepost-access",
            "milepost-cache",
            "milepost-clock",
            "milepost-device-report",
            "milepost-domain",
            "milepost-fleet-reports",
            "milepost-follow",
            "milepost-formats",
            "milepost-geo",
            "milepost-hub",
            "milepost-relay",
            "milepost-store",
            "milepost-timetable",
            "milepost-track",
        ],
    ),
    ("milepost-oidc", &["milepost-clock", "milepost-domain"]),
    ("milepost-http", &["milepost-access", "milepost-clock", "milepost-domain", "milepost-oidc", "milepost-service"]),
    (
        "milepost-live",
        &[
            "milepost-access",
            "milepost-clock",
            "milepost-domain",
            "milepost-http",
            "milepost-hub",
            "milepost-service",
            "milepost-transport",
        ],
    ),
    ("milepost-dialect-native", &["milepost-domain", "milepost-formats", "milepost-http", "milepost-service"]),
    (
        "milepost-dialect-bus",
        &["milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    (
        "milepost-dialect-delivery",
        &["milepost-clock", "milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    (
        "milepost-dialect-fleet",
        &["milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    (
        "milepost-dialect-parcel",
        &["milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    (
        "milepost-dialect-phones",
        &["milepost-cache", "milepost-phone-formats", "milepost-domain", "milepost-http", "milepost-service"],
    ),
    (
        "milepost-dialect-records",
        &["milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    ("milepost-timetable", &["milepost-domain", "milepost-geo"]),
    (
        "milepost-dialect-stream",
        &["milepost-clock", "milepost-domain", "milepost-http", "milepost-hub", "milepost-live", "milepost-service"],
    ),
    (
        "milepost-dialect-traccar",
        &[
            "milepost-clock",
            "milepost-domain",
            "milepost-fleet-reports",
            "milepost-geo",
            "milepost-http",
            "milepost-hub",
            "milepost-live",
            "milepost-service",
        ],
    ),
    (
        "milepost-dialect-transit",
        &[
            "milepost-cache",
            "milepost-domain",
            "milepost-geo",
            "milepost-http",
            "milepost-service",
            "milepost-timetable",
        ],
    ),
    ("milepost-simulate", &["milepost-device-protocols", "milepost-domain", "milepost-geo", "milepost-formats"]),
    ("milepost-test-support", &["milepost-clock"]),
    ("milepost-report", &[]),
    ("milepost-load", &["milepost-report"]),
    ("milepost-soak", &["milepost-report"]),
    (
        "milepost-evaluate",
        &["milepost-domain", "milepost-geo", "milepost-report", "milepost-timetable", "milepost-track"],
    ),
];

/// Libraries that pure crates must not depend on: async, I/O, clocks, randomness, formats.
const IMPURE: &[&str] = &[
    "tokio",
    "serde",
    "serde_json",
    "async-trait",
    "futures-util",
    "getrandom",
    "rand",
    "fastrand",
    "jiff",
    "sqlx",
    "rusqlite",
];

/// A library, and the only crates that may depend on it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx", &["milepost-store", "milepost-test-support", "milepost-traccar-source"]),
    ("rusqlite", &["milepost-store"]),
    ("cookie", &["milepost-http"]),
    ("encoding_rs", &["milepost-formats"]),
    ("flate2", &["milepost-transport", "milepost-http", "milepost"]),
    ("hyper-util", &["milepost-transport", "milepost"]),
    ("jsonwebtoken", &["milepost-access"]),
    ("lettre", &["milepost-outbox"]),
    ("argon2", &["milepost-access"]),
    ("csv", &["milepost-timetable"]),
    ("zip", &["milepost-service", "milepost-timetable", "milepost-dialect-traccar"]),
    ("crypto_secretbox", &["milepost-phone-formats"]),
    ("quick_cache", &["milepost-cache"]),
    (
        "reqwest",
        &[
            "milepost-simulate",
            "milepost-oidc",
            "milepost-outbox",
            "milepost-soak",
            "milepost-traccar-source",
            "milepost-transit-feeds",
        ],
    ),
    ("image", &["milepost-service"]),
    ("multer", &["milepost-dialect-delivery"]),
    ("object_store", &["milepost-service"]),
    ("rumqttc", &["milepost-mqtt"]),
    ("rust_xlsxwriter", &["milepost-fleet-reports"]),
];

/// Names of public JSON that the store must not write. Only the wire files of the dialects and of `outbox` have them.
const FOREIGN_NAMES: &[&str] = &["alert_type", "bus_id", "company_id", "eta_seconds"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(!packages.is_empty());
    let normal = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies.filter(|d| d["kind"].is_null()).map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), normal(package))).collect()
}

#[test]
fn crates_depend_only_on_the_crates_they_may() {
    let packages = dependencies();
    for (name, dependencies) in &packages {
        if name == "milepost" {
            continue; // The binary may depend on every crate.
        }
        let (_, allowed) =
            MAY_KNOW.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} is not in MAY_KNOW"));
        for dependency in dependencies.iter().filter(|dependency| dependency.starts_with("milepost")) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn domain_geo_track_and_devices_are_pure() {
    let packages = dependencies();
    for name in
        ["milepost-domain", "milepost-geo", "milepost-track", "milepost-device-report", "milepost-device-protocols"]
    {
        // The state of a track derives serde, so that the store can save it.
        for library in IMPURE.iter().filter(|library| name != "milepost-track" || **library != "serde") {
            assert!(!packages[name].contains(*library), "{name} must not use {library}");
        }
    }
}

#[test]
fn dialects_do_not_know_each_other() {
    for (name, dependencies) in dependencies() {
        if name.starts_with("milepost-dialect-") {
            assert!(!dependencies.iter().any(|dependency| dependency.starts_with("milepost-dialect-")), "{name}");
        }
    }
}

/// Every source file under a folder of the workspace.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn families_of_devices_do_not_know_each_other() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../devices/protocols/src");
    let table = fs::read_to_string(source.join("protocol.rs")).unwrap();
    let families: Vec<&str> =
        table.split("crate::").skip(1).filter_map(|rest| rest.split_once("::")).map(|(name, _)| name).collect();
    let families: Vec<&str> = families.into_iter().filter(|name| *name != "family").collect();
    assert!(families.len() > 10, "{families:?}");
    for family in &families {
        let text = fs::read_to_string(source.join(format!("{family}.rs"))).unwrap();
        for other in families.iter().filter(|other| *other != family) {
            assert!(!text.contains(&format!("crate::{other}")), "{family} knows {other}");
        }
    }
}

#[test]
fn dialects_admit_and_subscribe_clients_only_through_the_live_crate() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../dialects"));
    assert!(sources.len() > 50, "{}", sources.len());
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["Sink", "Upgrade", "Disconnect", "Admission", "authenticate_parts", "admit_to"] {
            assert!(!text.contains(word), "{}: {word} is for milepost-live", path.display());
        }
    }
}

#[test]
fn sql_sockets_and_secrets_stay_in_their_crates() {
    for (name, dependencies) in dependencies() {
        for (library, users) in ONLY_IN {
            assert!(
                !dependencies.contains(*library) || users.contains(&name.as_str()),
                "{library} is for {users:?} only, not for {name}"
            );
        }
    }
}

#[test]
fn the_store_writes_no_public_json() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/src");
    let files = sources(&source);
    assert!(files.len() > 50, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for name in FOREIGN_NAMES {
            assert!(!text.contains(name), "{} writes {name}", file.display());
        }
    }
}
