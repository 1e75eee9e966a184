//! `milepost audit verify`: checks the chains of the audit, also while a server runs.

use super::{read_config, say};
use crate::config::SettingFlags;
use crate::serve::open_existing_store;
use anyhow::Result;
use clap::{Args, Subcommand};
use milepost_domain::TenantId;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Tenants that are read at once.
const PAGE: u32 = 500;

#[derive(Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Checks that nobody changed, removed or inserted a row: 0 if so, 1 with the first bad row if not.
    Verify(VerifyArgs),
}

#[derive(Args)]
struct VerifyArgs {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: AuditArgs) -> Result<ExitCode> {
    let AuditCommand::Verify(args) = args.command;
    let (_, config) = read_config(&args.settings)?;
    let store = open_existing_store(&config).await?;
    let mut tenants = Vec::new();
    match &args.tenant {
        Some(id) => tenants.push(TenantId::new(id)?),
        None => loop {
            let page = store.list_tenants(tenants.last(), PAGE).await?;
            let is_end = page.len() < PAGE as usize;
            tenants.extend(page.into_iter().map(|tenant| tenant.id));
            if is_end {
                break;
            }
        },
    }
    let mut is_whole = true;
    for tenant in &tenants {
        let verdict = store.verify_audit(tenant).await?;
        if let Some((id, why)) = verdict.bad {
            is_whole = false;
            say(&format!(
                "{tenant}: row {id} is bad: it {why}. The {} rows before it are as they were written.",
                verdict.rows
            ));
            continue;
        }
        let (last, hash) = verdict.head;
        let hash = hash.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let emptied = match verdict.emptied {
            0 => String::new(),
            emptied => format!(", {emptied} of them emptied by erasures"),
        };
        say(&format!("{tenant}: {} rows are as they were written{emptied}. The last is {last}, {hash}", verdict.rows));
    }
    store.close().await;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
