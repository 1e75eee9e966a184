//! `milepost token`: prints a signed token for the operator.

use super::{read_config, say};
use crate::config::SettingFlags;
use crate::data_folder::can_sign;
use crate::token_keys::token_keys;
use anyhow::{Context, Result, bail};
use clap::Args;
use milepost_access::Claims;
use milepost_clock::Clock;
use milepost_domain::{Role, TenantId};
use std::time::Duration;

#[derive(Args)]
pub(super) struct TokenArgs {
    /// The token's subject: a user's number.
    #[arg(long)]
    sub: String,
    /// Role, unless the subject is a user that the server knows.
    #[arg(long)]
    role: String,
    /// Tenant.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// Cadet, for role cadet.
    #[arg(long)]
    cadet_id: Option<i64>,
    /// Vehicles that it may see, for role parent; repeat or separate by commas.
    #[arg(long, value_delimiter = ',')]
    vehicle_ids: Vec<String>,
    /// How long it is good for, such as 1h or 30d.
    #[arg(long, default_value = "1h", value_parser = crate::config::parse_duration)]
    ttl: Duration,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) fn run(args: &TokenArgs, clock: &Clock) -> Result<()> {
    let (_, config) = read_config(&args.settings)?;
    if args.sub.is_empty() {
        bail!("--sub must not be empty");
    }
    if !can_sign(&config) {
        // A new secret would sign a token that no server takes.
        bail!(
            "there is no secret in {}: start the server once, or name its folder with --data (MILEPOST_DATA) or its secret with \
             JWT_SECRET or JWT_SECRET_FILE",
            config.data.display()
        );
    }
    let keys = token_keys(&config, clock)?;
    let ttl_ms = i64::try_from(args.ttl.as_millis()).context("--ttl is too long")?;
    say(&keys.sign(&Claims {
        subject: args.sub.clone(),
        tenant: Some(TenantId::new(&args.tenant)?),
        role: Some(Role::parse(&args.role)?),
        cadet_id: args.cadet_id,
        vehicle_ids: args.vehicle_ids.clone(),
        expires_at: clock.now().plus_ms(ttl_ms),
        issued_at: None,
        is_refresh: false,
        is_account: false,
        password_fingerprint: None,
        session: None,
    }));
    Ok(())
}
