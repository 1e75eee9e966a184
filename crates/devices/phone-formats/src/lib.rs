//! Reads what apps on phones send: the forms of OsmAnd and Traccar Client, GPSLogger's URLs, OwnTracks' messages and Overland's
//! batches. Nothing here knows how they came.

#![forbid(unsafe_code)]

mod fields;
mod forward;
mod gpslogger;
mod json_value;
mod osmand;
mod overland;
mod owntracks;
mod positions;
mod secret;
mod shape;
mod time;
mod traccar;

pub use fields::Fields;
pub use forward::{forwarded_attributes, forwarded_position, read_forward, read_forward_fields};
pub use gpslogger::read_gpslogger;
pub use osmand::read_osmand;
pub use overland::read_overland;
pub use owntracks::{OwnTracks, names_of_topic, read_owntracks};
pub use positions::read_positions;
pub use secret::{DeviceSecrets, SecretRefused};
pub use shape::Shape;
pub use traccar::read_traccar;

use milepost_device_report::DeviceReport;
use milepost_domain::UniqueId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Reports in one request or message; more are refused.
pub const MAX_REPORTS: usize = 10_000;

/// What one device reported in a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// The names under which the device may be known, the best one first. Empty if the request does not say.
    pub names: Vec<UniqueId>,
    /// In the order in which they were sent.
    pub reports: Vec<DeviceReport>,
}

/// A request that can't be read. Sent again it would be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl Message {
    fn of(name: Option<UniqueId>, report: DeviceReport) -> Self {
        Self { names: name.into_iter().collect(), reports: vec![report] }
    }
}

/// Puts the reports of each device together, in the order in which the devices appear.
fn gather(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let mut gathered: Vec<Message> = Vec::new();
    let mut places: HashMap<Vec<UniqueId>, usize> = HashMap::new();
    for message in messages {
        match places.entry(message.names.clone()) {
            Entry::Occupied(known) => gathered[*known.get()].reports.extend(message.reports),
            Entry::Vacant(new) => {
                new.insert(gathered.len());
                gathered.push(message);
            }
        }
    }
    gathered
}
