//! Reads a Traccar server that somebody moves away from: over its API, from its PostgreSQL database, or from a dump of its database.
//!
//! Objects come as Traccar has them, rows or JSON; positions come as positions, in batches. Nothing of the other server is changed.

#![forbid(unsafe_code)]

mod api;
mod copy_text;
mod dump;
mod objects;
mod position_row;
mod postgres;
mod scanner;
mod source_error;
mod trips;
mod wall_clock;

pub use objects::{ForeignLink, Found, Objects};
pub use source_error::SourceError;
pub use trips::ForeignTrip;

use api::Api;
use dump::Dump;
use jiff::tz::TimeZone;
use milepost_domain::{Timestamp, VehicleId};
use postgres::Postgres;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::sync::mpsc;
use url::Url;

/// Positions in one batch.
pub const BATCH: usize = 5_000;

/// How a source is opened.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// An access token of the API.
    pub token: Option<String>,
    /// The zone of the machine that the other server ran on: its database has times without a zone.
    pub zone: TimeZone,
}

/// The other server.
pub struct Source(Kind);

enum Kind {
    Api(Api),
    Postgres(Postgres),
    Dump(Dump),
}

/// How far positions were read, so that an import that was ended goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// All positions up to this number of the other server are stored.
    pub done: i64,
    /// Those of the running import go up to this number; 0 if none is running.
    pub until: i64,
    /// Of the running import, those of devices with a smaller number are stored.
    pub device: i64,
    /// And those of this device up to this time.
    pub after: Option<Timestamp>,
}

/// Some positions of the other server, in the order in which they are to be stored.
#[derive(Debug, Default)]
pub struct Batch {
    /// The positions.
    pub positions: Vec<milepost_domain::Position>,
    /// Rows that were read for them.
    pub rows: u64,
    /// Rows without a place on Earth or a time that can be.
    pub dropped: u64,
    /// The state once they are stored; `None` if that can't be told.
    pub progress: Option<Progress>,
}

/// The vehicles of the other server's devices, by the numbers of these.
pub type Vehicles = BTreeMap<i64, VehicleId>;

impl Source {
    /// Opens an address: `http://` and `https://` are an API, `postgres://` a database, anything else the file of a dump.
    ///
    /// # Errors
    /// [`SourceError`] if it can't be opened.
    pub async fn open(from: &str, options: SourceOptions) -> Result<Self, SourceError> {
        let from = from.strip_prefix("jdbc:").unwrap_or(from);
        let scheme = from.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        Ok(Self(match scheme.as_deref() {
            Some("http" | "https") => Kind::Api(Api::open(from, options.token)?),
            Some("postgres" | "postgresql") => Kind::Postgres(Postgres::open(from, options.zone).await?),
            Some(other) => {
                return Err(SourceError::Refused(format!(
                    "{other} is not read from: dump the database into a file, and name that"
                )));
            }
            None => Kind::Dump(Dump::open(Path::new(from), options.zone)?),
        }))
    }

    /// What it is called: its address without credentials, or the name of its file.
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Api(api) => api.name(),
            Kind::Postgres(database) => database.name(),
            Kind::Dump(dump) => dump.name(),
        }
    }

    /// Reads everything but positions.
    ///
    /// # Errors
    /// [`SourceError`] if it can't be read, or is no Traccar.
    pub async fn read_objects(&mut self) -> Result<Objects, SourceError> {
        match &mut self.0 {
            Kind::Api(api) => api.read_objects().await,
            Kind::Postgres(database) => database.read_objects().await,
            Kind::Dump(dump) => dump.read_objects(),
        }
    }

    /// Reads the trips of a device between two times as the other server reports them; `None` if the source has no such report.
    ///
    /// # Errors
    /// [`SourceError`] if the report can't be read.
    pub async fn list_trips(
        &mut self,
        device: i64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<Vec<ForeignTrip>>, SourceError> {
        match &mut self.0 {
            Kind::Api(api) => api.list_trips(device, from, to).await.map(Some),
            Kind::Postgres(database) => database.list_trips(device, from, to).await.map(Some),
            // Its events come before the positions that they name.
            Kind::Dump(_) => Ok(None),
        }
    }

    /// Reads the positions of these vehicles, from where an earlier import was, and sends them on in batches. Those of a device follow
    /// each other in the order of time where the source has that order.
    ///
    /// # Errors
    /// [`SourceError`] if it can't be read to its end, [`SourceError::Stopped`] if nobody takes the batches any more.
    pub async fn send_positions(
        self,
        vehicles: &Vehicles,
        progress: Progress,
        now: Timestamp,
        batches: mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        match self.0 {
            Kind::Api(api) => api.send_positions(vehicles, &progress, now, &batches).await,
            Kind::Postgres(database) => database.send_positions(vehicles, progress, now, &batches).await,
            Kind::Dump(dump) => {
                let vehicles = vehicles.clone();
                let work = move || dump.send_positions(&vehicles, now, &batches);
                tokio::task::spawn_blocking(work).await.map_err(|_| SourceError::Stopped)?
            }
        }
    }
}

/// An address without what is secret in it.
fn plain_address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}
