//! Stores the messages of some topics in their order.

use crate::connection::Acknowledge;
use crate::topic::Sender;
use bytes::Bytes;
use milepost_clock::Clock;
use milepost_device_report::{DeviceReport, ReportTime};
use milepost_domain::{DeviceProtocol, UniqueId};
use milepost_phone_formats::{DeviceSecrets, Malformed, read_owntracks, read_positions};
use milepost_service::devices::{KeyShown, Reported, ReportingDevice, report};
use milepost_service::{ServiceError, UseCases};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages that wait in a lane. When it is full, the connection reads no further ones.
pub(crate) const LANE_MESSAGES: usize = 32;
/// A larger message is not read.
const MAX_PAYLOAD_BYTES: usize = 2 * 1024 * 1024;
/// How long a message that could not be stored waits until it is tried again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// A message of the broker.
pub(crate) struct Incoming {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    /// The broker kept it, and gives it to each new subscriber.
    pub(crate) is_retained: bool,
    pub(crate) acknowledge: Acknowledge,
}

/// What a lane stores with.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) use_cases: Arc<UseCases>,
    pub(crate) clock: Clock,
    pub(crate) secrets: Arc<DeviceSecrets>,
}

/// What a message says.
struct Decoded {
    names: Vec<UniqueId>,
    or_protocol: Option<DeviceProtocol>,
    reports: Vec<DeviceReport>,
}

impl Lane {
    /// Ends when the connection does.
    pub(crate) async fn run(self, mut incoming: mpsc::Receiver<Incoming>) {
        let mut waiting = Vec::with_capacity(LANE_MESSAGES);
        while incoming.recv_many(&mut waiting, LANE_MESSAGES).await > 0 {
            let mut rest = waiting.drain(..).peekable();
            while let Some(first) = rest.next() {
                // Those of one device are stored together.
                let mut together = vec![first];
                while let Some(next) = rest.next_if(|next| next.topic == together[0].topic) {
                    together.push(next);
                }
                self.take(together).await;
            }
        }
    }

    async fn take(&self, messages: Vec<Incoming>) {
        let mut all: Option<Decoded> = None;
        for message in &messages {
            match (self.decode(message), &mut all) {
                (Some(decoded), Some(all)) if all.names == decoded.names => all.reports.extend(decoded.reports),
                (Some(decoded), None) => all = Some(decoded),
                // The same topic has the same names.
                (Some(_) | None, _) => {}
            }
        }
        if let Some(decoded) = all {
            self.store(&decoded).await;
        }
        for message in messages {
            message.acknowledge.send().await;
        }
    }

    /// `None` for what is nobody's or can't be read. It is acknowledged, or it would come for ever.
    fn decode(&self, message: &Incoming) -> Option<Decoded> {
        let Incoming { topic, payload, is_retained, .. } = message;
        if payload.len() > MAX_PAYLOAD_BYTES {
            tracing::debug!(bytes = payload.len(), "a message of a broker is too long");
            return None;
        }
        let (names, or_protocol, read) = match Sender::of(topic)? {
            Sender::OwnTracks(names) => {
                let read = read_owntracks(payload, &names, &self.secrets).map(|read| read.reports);
                (names, Some(DeviceProtocol::OWNTRACKS), read)
            }
            Sender::Milepost(name) => (vec![name], None, read_positions(payload)),
        };
        let mut reports = match read {
            Ok(reports) => reports,
            Err(Malformed(why)) => {
                tracing::debug!(why, "a message of a broker can't be read");
                return None;
            }
        };
        if *is_retained {
            // It comes again with each subscription, and nobody knows of when it is.
            reports.retain(|report| report.time != ReportTime::Unknown);
        }
        Some(Decoded { names, or_protocol, reports })
    }

    /// Returns when everything that can be stored is on disk.
    async fn store(&self, decoded: &Decoded) {
        let Decoded { names, or_protocol, reports } = decoded;
        let who = ReportingDevice {
            unique_ids: names,
            protocol: DeviceProtocol::MQTT,
            or_protocol: *or_protocol,
            // The broker knows who publishes where.
            key: KeyShown::Impossible,
            address: None,
        };
        loop {
            match report(&self.use_cases.devices, &who, reports, self.clock.now()).await {
                Ok(Reported::Taken(_)) => return,
                Ok(Reported::Refused(refusal)) => {
                    tracing::debug!(?refusal, "a message of a broker was refused");
                    return;
                }
                Err(ServiceError::Unavailable | ServiceError::Busy) => self.clock.sleep(RETRY_WAIT).await,
                Err(error) => {
                    tracing::error!(%error, "a message of a broker could not be stored");
                    return;
                }
            }
        }
    }
}
