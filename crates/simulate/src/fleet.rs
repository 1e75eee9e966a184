//! The vehicles of a run and the devices that report for them.

use crate::backoff::wait_after;
use crate::client::Client;
use crate::{Credential, SimulateError, SimulateOptions};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::future::Future;
use std::time::Duration;

/// Calls under way at once while a fleet is made or removed.
const SETUP_CALLS: usize = 8;

/// A server that is starting or busy is asked this often; with the growing waits that is about a minute.
const SETUP_TRIES: u32 = 8;

/// Removing devices must not keep a person waiting who pressed Ctrl-C.
const REMOVE_LIMIT: Duration = Duration::from_secs(10);

/// What a vehicle is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) vehicle_id: String,
    pub(crate) label: String,
    pub(crate) route: Option<String>,
}

/// A vehicle's device.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) device_id: String,
    pub(crate) key: String,
}

/// Members in the order of the vehicles wanted.
pub(crate) struct Fleet {
    pub(crate) members: Vec<Member>,
    /// With what the devices were made; `None` when they existed.
    token: Option<String>,
    tenant: Option<String>,
}

/// Makes what is wanted, or takes the devices that the credential names.
pub(crate) async fn make_fleet(
    client: &Client,
    options: &SimulateOptions,
    wanted: Vec<Wanted>,
) -> Result<Fleet, SimulateError> {
    let mut rng = fastrand::Rng::with_seed(options.seed);
    if let Credential::Devices(keys) = &options.credential {
        if keys.len() < wanted.len() {
            let text = format!("{} vehicles need as many device keys, but {} were given", wanted.len(), keys.len());
            return Err(SimulateError::Option(text));
        }
        let members = keys.iter().take(wanted.len());
        let members = members.map(|known| Member { device_id: known.device_id.clone(), key: known.key.clone() });
        return Ok(Fleet { members: members.collect(), token: None, tenant: None });
    }
    let token = keep_trying(&mut rng, || client.log_in(&options.credential)).await?;
    let token = token.expect("a login or a token, since devices were handled above");
    let members: Vec<Member> = stream::iter(wanted.into_iter().enumerate())
        .map(|(index, wanted)| {
            let rng = fastrand::Rng::with_seed(options.seed ^ index as u64);
            make_member(client, options, &token, wanted, rng)
        })
        .buffered(SETUP_CALLS)
        .try_collect()
        .await?;
    Ok(Fleet { members, token: Some(token), tenant: options.tenant.clone() })
}

async fn make_member(
    client: &Client,
    options: &SimulateOptions,
    token: &str,
    wanted: Wanted,
    mut rng: fastrand::Rng,
) -> Result<Member, SimulateError> {
    let mut vehicle = json!({"id": wanted.vehicle_id, "kind": options.kind, "label": wanted.label});
    if let Some(route) = &wanted.route {
        vehicle["route"] = json!(route);
    }
    let mut device = json!({"vehicle_id": wanted.vehicle_id, "name": "simulated"});
    if let Some(tenant) = &options.tenant {
        vehicle["tenant"] = Value::from(tenant.as_str());
        device["tenant"] = Value::from(tenant.as_str());
    }
    keep_trying(&mut rng, || client.add_vehicle(token, &vehicle)).await?;
    let made = keep_trying(&mut rng, || client.add_device(token, &device)).await?;
    Ok(Member { device_id: made.id, key: made.key })
}

/// Repeats a call while the server says that it is busy or not up yet.
async fn keep_trying<T, F: Future<Output = Result<T, SimulateError>>>(
    rng: &mut fastrand::Rng,
    mut call: impl FnMut() -> F,
) -> Result<T, SimulateError> {
    let mut failures = 0;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        failures += 1;
        let passing = match &error {
            SimulateError::Refused { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            // The first call tells at once that there is no server; later ones may meet a restart.
            SimulateError::Unreachable { .. } => failures > 1,
            SimulateError::Option(_) | SimulateError::File { .. } | SimulateError::Tls { .. } => false,
        };
        if !passing || failures >= SETUP_TRIES {
            return Err(error);
        }
        tokio::time::sleep(wait_after(failures, None, rng)).await;
    }
}

impl Fleet {
    /// Removes the devices that were made for this run, as far as that goes within ten seconds.
    pub(crate) async fn remove_devices(&self, client: &Client) {
        let Some(token) = &self.token else { return };
        let removals = stream::iter(&self.members).for_each_concurrent(SETUP_CALLS, async |member| {
            if let Err(error) = client.remove_device(token, &member.device_id, self.tenant.as_deref()).await {
                tracing::debug!(device.id = member.device_id, "device not removed: {error}");
            }
        });
        if tokio::time::timeout(REMOVE_LIMIT, removals).await.is_err() {
            tracing::warn!("some devices of the simulation are left, since removing them took too long");
        }
    }
}
