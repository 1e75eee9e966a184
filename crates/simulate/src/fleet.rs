//! Makes the vehicles and devices of a run, and removes the devices at its end.

use crate::backoff::wait_after;
use crate::client::Client;
use crate::device::{Device, VehicleSpec};
use crate::tracker::tracker_id;
use crate::{Credential, SimulateError, SimulateOptions};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::future::Future;
use std::time::Duration;

/// Concurrent calls while a fleet is made or removed.
const SETUP_CALLS: usize = 8;

/// Tries of a call to a server that is starting or busy. With the growing waits they take about a minute.
const SETUP_TRIES: u32 = 8;

/// How long removing devices may take: a person may have pressed Ctrl-C.
const REMOVE_LIMIT: Duration = Duration::from_secs(10);

/// Devices in the order of their vehicles.
pub(crate) struct Fleet {
    pub(crate) devices: Vec<Device>,
    /// The token that made the devices; `None` when they existed.
    token: Option<String>,
    tenant: Option<String>,
}

/// Makes vehicles and devices, or takes the devices of the credential.
pub(crate) async fn make_fleet(
    client: &Client,
    options: &SimulateOptions,
    vehicles: Vec<VehicleSpec>,
) -> Result<Fleet, SimulateError> {
    let mut rng = fastrand::Rng::with_seed(options.seed);
    if let Credential::Devices(keys) = &options.credential {
        if keys.len() < vehicles.len() {
            let text = format!("{} vehicles need as many device keys, but {} were given", vehicles.len(), keys.len());
            return Err(SimulateError::Option(text));
        }
        let devices = keys.iter().take(vehicles.len());
        let devices = devices.map(|known| Device { id: known.device_id.clone(), key: known.key.clone() });
        return Ok(Fleet { devices: devices.collect(), token: None, tenant: None });
    }
    let token = keep_trying(&mut rng, || client.log_in(&options.credential)).await?;
    let token = token.expect("a login or a token, since devices were handled above");
    let devices: Vec<Device> = stream::iter(vehicles.into_iter().enumerate())
        .map(|(index, vehicle)| {
            let rng = fastrand::Rng::with_seed(options.seed ^ index as u64);
            make_device(client, options, &token, vehicle, rng)
        })
        .buffered(SETUP_CALLS)
        .try_collect()
        .await?;
    Ok(Fleet { devices, token: Some(token), tenant: options.tenant.clone() })
}

async fn make_device(
    client: &Client,
    options: &SimulateOptions,
    token: &str,
    spec: VehicleSpec,
    mut rng: fastrand::Rng,
) -> Result<Device, SimulateError> {
    let mut vehicle = json!({"id": spec.vehicle_id, "kind": options.kind, "label": spec.label});
    if let Some(route) = &spec.route {
        vehicle["route"] = json!(route);
    }
    let mut device = json!({"vehicle_id": spec.vehicle_id, "name": "simulated"});
    if let Some(tracker) = &options.tracker {
        device["unique_id"] = json!(tracker_id(tracker.protocol, &spec.vehicle_id));
        device["protocol"] = json!(tracker.protocol.name());
    }
    if let Some(tenant) = &options.tenant {
        vehicle["tenant"] = Value::from(tenant.as_str());
        device["tenant"] = Value::from(tenant.as_str());
    }
    keep_trying(&mut rng, || client.add_vehicle(token, &vehicle)).await?;
    match keep_trying(&mut rng, || client.add_device(token, &device)).await {
        // A tracker is left from a run that was cut off. It reports by its unique id.
        Err(SimulateError::Refused { status: 409, .. }) if options.tracker.is_some() => Ok(Device::left_over()),
        made => made,
    }
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
        let is_temporary = match &error {
            SimulateError::Refused { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            // At the first call there is no server; at a later one it may be restarting.
            SimulateError::Unreachable { .. } => failures > 1,
            SimulateError::Option(_) | SimulateError::File { .. } | SimulateError::Tls { .. } => false,
        };
        if !is_temporary || failures >= SETUP_TRIES {
            return Err(error);
        }
        tokio::time::sleep(wait_after(failures, None, rng)).await;
    }
}

impl Fleet {
    /// Removes the devices that were made for this run, for at most ten seconds.
    pub(crate) async fn remove_devices(&self, client: &Client) {
        let Some(token) = &self.token else { return };
        let removals = stream::iter(self.devices.iter().filter(|device| !device.id.is_empty())).for_each_concurrent(
            SETUP_CALLS,
            async |device| {
                if let Err(error) = client.remove_device(token, &device.id, self.tenant.as_deref()).await {
                    tracing::debug!(device.id = device.id, "device not removed: {error}");
                }
            },
        );
        if tokio::time::timeout(REMOVE_LIMIT, removals).await.is_err() {
            tracing::warn!("some devices of the simulation were not removed, because that took too long");
        }
    }
}
