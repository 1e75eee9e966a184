//! `milepost user add`: adds a user.

use super::{read_config, say};
use crate::LogStats;
use crate::assembly::Assembly;
use crate::config::SettingFlags;
use crate::core_tasks::CoreTasks;
use crate::serve::open_store;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use milepost_clock::Clock;
use milepost_domain::{Contact, Role, TenantId, Username, VehicleId};
use milepost_service::users::{NewUser, create_user};
use std::io::{IsTerminal, Read};

#[derive(Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds a user; asks for the password.
    Add(AddArgs),
}

#[derive(Args)]
struct AddArgs {
    /// Login name.
    name: String,
    /// superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff.
    #[arg(long)]
    role: String,
    /// Tenant; made if there is none.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// Cadet, for role cadet.
    #[arg(long)]
    cadet_id: Option<i64>,
    /// Vehicles that it may see, for role parent; repeat or separate by commas.
    #[arg(long, value_delimiter = ',')]
    vehicle_ids: Vec<String>,
    /// Reads the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: UserArgs, clock: &Clock) -> Result<()> {
    let UserCommand::Add(args) = args.command;
    let (_, config) = read_config(&args.settings)?;
    let new = NewUser {
        username: Username::new(&args.name)?,
        password: Some(read_password(args.password_stdin)?),
        role: Role::parse(&args.role)?,
        tenant: TenantId::new(&args.tenant)?,
        approved: true,
        active: true,
        cadet_id: args.cadet_id,
        vehicle_ids: args.vehicle_ids.iter().map(|id| VehicleId::new(id)).collect::<Result<_, _>>()?,
        contact: Contact::default(),
    };
    let store = open_store(&config).await?;
    let assembly = Assembly::new(&config, store, None, clock.clone(), LogStats::default(), CoreTasks::default())?;
    let user = create_user(&assembly.use_cases.users, new, clock.now()).await?;
    assembly.store.close().await;
    say(&format!("Added {} with number {} ({}, tenant {}).", user.username, user.id, user.role.as_str(), user.tenant));
    Ok(())
}

fn read_password(from_stdin: bool) -> Result<String> {
    let password = if from_stdin {
        let mut text = String::new();
        // Bounded, because a password of more than a kilobyte is refused anyway.
        std::io::stdin().take(4096).read_to_string(&mut text).context("can't read the password")?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    } else if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ")?;
        if password != rpassword::prompt_password("Again: ")? {
            bail!("the two passwords differ");
        }
        password
    } else {
        bail!("there is no terminal to ask for the password, use --password-stdin");
    };
    if password.is_empty() {
        bail!("the password must not be empty");
    }
    Ok(password)
}
