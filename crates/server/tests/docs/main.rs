//! Checks the documentation: its examples run, and its tables agree with the code.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod limits;
mod permissions;
mod walk;

use std::path::{Path, PathBuf};

/// The repository's folder.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A page of the documentation.
fn page(name: &str) -> String {
    let path = repository().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of each row of the page's tables.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.trim_end().ends_with('|'));
    rows.map(|row| row.trim().trim_matches('|').split(" | ").map(str::trim).collect())
}
