//! `milepost backup` and `milepost restore`: copies the SQLite database, also while a server runs, and brings a copy back.

use super::{read_config, say};
use crate::config::{Config, SettingFlags};
use crate::data_folder::{lock_database, make_data_folder};
use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use milepost_clock::Clock;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct BackupArgs {
    /// The file to write. It must not exist.
    file: PathBuf,
    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Args)]
pub(super) struct RestoreArgs {
    /// The backup that becomes the database.
    file: PathBuf,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) fn back_up(args: &BackupArgs) -> Result<()> {
    let (_, config) = read_config(&args.settings)?;
    let database = database_file(&config)?;
    let bar = bar("pages")?;
    milepost_store::back_up(&database, &args.file, &mut |done, all| show(&bar, done, all))
        .context("no backup was made")?;
    bar.finish();
    say(&format!("The backup of {} is {}.", database.display(), args.file.display()));
    say(&format!("Not in it: the files jwt-secret and vapid-key of {}. Copy them too.", config.data.display()));
    Ok(())
}

pub(super) fn restore(args: &RestoreArgs, clock: &Clock) -> Result<()> {
    let (_, config) = read_config(&args.settings)?;
    let database = database_file(&config)?;
    make_data_folder(&config.data)?;
    let _lock = lock_database(&config.database())?;
    let bar = bar("bytes")?;
    // Whole seconds, in an order that a listing shows.
    let label = clock.now().unix_ms() / 1000;
    let kept =
        milepost_store::restore(&args.file, &database, &label.to_string(), &mut |done, all| show(&bar, done, all))
            .context("nothing was restored")?;
    bar.finish();
    say(&format!("{} is the database {} now.", args.file.display(), database.display()));
    if let Some(kept) = kept {
        say(&format!("The one before is kept as {}.", kept.display()));
    }
    Ok(())
}

fn database_file(config: &Config) -> Result<PathBuf> {
    let url = config.database();
    match milepost_store::sqlite_file(&url) {
        // A link stays one: the file that it names is copied and replaced.
        Some(file) => Ok(file.canonicalize().unwrap_or_else(|_| file.to_owned())),
        None => bail!("this is for SQLite; use pg_dump and pg_restore for PostgreSQL"),
    }
}

fn bar(unit: &str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{percent}} % of {{len}} {unit}, {{eta}} left"))?;
    Ok(ProgressBar::new(0).with_style(style))
}

fn show(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}
