//! `milepost completions` and `milepost man`: what a shell and `man` know of the command line.

use super::{command, say};
use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

#[derive(Args)]
pub(super) struct ManArgs {
    /// The folder, such as /usr/local/share/man/man1. It gets `milepost.1` and a page for each command.
    folder: PathBuf,
}

pub(super) fn print_completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "milepost", &mut script);
    say(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

pub(super) fn write_pages(args: &ManArgs) -> Result<()> {
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&args.folder)?;
        clap_mangen::generate_to(command(), &args.folder)
    };
    write().with_context(|| format!("can't write into {}", args.folder.display()))
}
