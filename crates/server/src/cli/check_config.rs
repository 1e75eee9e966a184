//! `milepost check-config`: prints the effective configuration.

use super::{read_config, say};
use crate::assembly::check_keys_and_origins;
use crate::config::{SettingFlags, Source};
use anyhow::{Context, Result};

pub(super) fn run(settings: &SettingFlags) -> Result<()> {
    let (resolved, config) = read_config(settings)?;
    for (setting, value, source) in resolved.all() {
        let source = match source {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        };
        say(&format!("{:<28} {:<40} {source}", setting.variable, setting.shown(value)));
    }
    if config.database_url.is_none() {
        say(&format!("\nThe database is {}.", config.database()));
    }
    check_keys_and_origins(&config).context("configuration")
}
