//! The demo's organisations: their people, things and rules, a week of history, and what goes on while somebody looks. Everything is
//! entered by the public API, as people and devices would.

mod academy;
mod fleets;
mod week;

use crate::client::Client;
use crate::{SimulateError, SimulateOptions};
use milepost_domain::Timestamp;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// How often a call is tried, and the wait between.
const TRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(700);

/// An organisation of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Organisation {
    /// Buses, one of which is late and one replaced; a parent.
    School,
    /// Vans, and parcels of a client.
    Parcels,
    /// Couriers with meals.
    Kitchen,
    /// Trucks with drivers, geofences and alerts.
    Haulage,
    /// Cadets, whose records change; a cadet, and staff.
    Academy,
}

/// One organisation, and who enters its things.
pub struct Tour {
    client: Client,
    token: String,
    password: String,
    organisation: Organisation,
    /// How many drive.
    vehicles: usize,
}

impl Tour {
    /// At a server, with the token of an admin of the organisation, which has so many vehicles. Its people get this password.
    ///
    /// # Errors
    /// [`SimulateError::Option`] for a URL that is none.
    pub fn new(
        url: &str,
        token: String,
        password: String,
        organisation: Organisation,
        vehicles: usize,
    ) -> Result<Self, SimulateError> {
        let options = SimulateOptions { url: url.to_owned(), connections: 2, ..SimulateOptions::default() };
        Ok(Self { client: Client::new(&options)?, token, password, organisation, vehicles })
    }

    /// Enters people and things.
    ///
    /// # Errors
    /// [`SimulateError::Refused`], [`SimulateError::Unreachable`].
    pub async fn prepare(&self) -> Result<(), SimulateError> {
        match self.organisation {
            Organisation::Academy => academy::prepare(self).await,
            _ => fleets::prepare(self).await,
        }
    }

    /// Enters where the vehicles were in the week before `now`. Call it before they begin to drive.
    ///
    /// # Errors
    /// [`SimulateError::Refused`], [`SimulateError::Unreachable`].
    pub async fn fill_week(&self, now: Timestamp) -> Result<(), SimulateError> {
        fleets::fill_week(self, now).await
    }

    /// Goes on until `ended`: records and alerts change, a bus is replaced.
    ///
    /// # Errors
    /// [`SimulateError::Refused`], [`SimulateError::Unreachable`].
    pub async fn play(&self, ended: impl Future<Output = ()>) -> Result<(), SimulateError> {
        let playing = async {
            match self.organisation {
                Organisation::Academy => academy::play(self).await,
                Organisation::School => fleets::replace_a_bus(self).await,
                Organisation::Haulage => fleets::raise_alerts(self).await,
                Organisation::Parcels | Organisation::Kitchen => Ok(()),
            }
        };
        tokio::select! {
            played = playing => played,
            () = ended => Ok(()),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, SimulateError> {
        self.change(Method::POST, path, body).await
    }

    /// Tries again while the server is busy, and after a connection that it had closed meanwhile.
    async fn change(&self, method: Method, path: &str, body: Value) -> Result<Value, SimulateError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.client.ask(method.clone(), path, &self.token, &body).await {
                Err(SimulateError::Unreachable { .. } | SimulateError::Refused { status: 429 | 503, .. })
                    if tries < TRIES =>
                {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                done => return done,
            }
        }
    }

    /// Adds a user, and returns its number.
    async fn add_user(&self, name: &str, role: &str, more: Value) -> Result<i64, SimulateError> {
        let mut body = serde_json::json!({ "username": name, "role": role, "password": self.password });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let added = self.post("/api/v1/users", body).await?;
        Ok(added["id"].as_i64().unwrap_or_default())
    }
}
