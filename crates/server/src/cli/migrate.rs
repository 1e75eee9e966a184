//! `milepost migrate`: updates the database's tables.

use super::{read_config, say};
use crate::config::SettingFlags;
use crate::data_folder::make_data_folder;
use anyhow::{Context, Result};
use clap::Args;
use milepost_store::OpenOptions;

#[derive(Args)]
pub(super) struct MigrateArgs {
    /// Only shows what would be done.
    #[arg(long)]
    pending: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: &MigrateArgs) -> Result<()> {
    let (_, config) = read_config(&args.settings)?;
    let (url, options) = (config.database(), OpenOptions::default());
    let names = if args.pending {
        milepost_store::pending_migrations(&url, &options).await
    } else {
        make_data_folder(&config.data)?;
        milepost_store::migrate(&url, &options).await
    }
    .context("can't migrate the database, see DATABASE_URL")?;
    let verb = if args.pending { "Pending" } else { "Applied" };
    for name in &names {
        say(&format!("{verb}: {name}"));
    }
    if names.is_empty() {
        say("The database is up to date.");
    }
    Ok(())
}
