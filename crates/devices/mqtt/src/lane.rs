//! Stores the messages of some topics in their order.

use crate::connection::Acknowledge;
use crate::park::Park;
use crate::stats::MqttStats;
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
/// The waits before the tries of a message whose storing fails by a fault. After the last one it is parked, so that it does not hold
/// up the others for ever.
const TRIES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];

/// What a message says, and of what topic it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    /// The broker kept it, and gives it to each new subscriber.
    pub(crate) is_retained: bool,
}

/// A message of the broker, or one that was parked.
pub(crate) struct Incoming {
    pub(crate) content: Content,
    pub(crate) acknowledge: Acknowledge,
}

/// What a lane stores with.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) use_cases: Arc<UseCases>,
    pub(crate) clock: Clock,
    pub(crate) secrets: Arc<DeviceSecrets>,
    pub(crate) park: Park,
    pub(crate) stats: Arc<MqttStats>,
}

/// What the messages of a topic say.
struct Decoded {
    names: Vec<UniqueId>,
    or_protocol: Option<DeviceProtocol>,
    reports: Vec<DeviceReport>,
}

/// The outcome of a try.
enum Outcome {
    /// Everything that can be stored is on disk.
    Stored,
    /// The database is away.
    Later,
    /// The message, the database or this program is at fault.
    Fault,
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
                while let Some(next) = rest.next_if(|next| next.content.topic == together[0].content.topic) {
                    together.push(next);
                }
                self.take(together).await;
            }
        }
    }

    async fn take(&self, messages: Vec<Incoming>) {
        let contents: Vec<_> = messages.iter().map(|message| message.content.clone()).collect();
        if self.try_until_known(contents).await {
            for message in messages {
                self.acknowledge(message).await;
            }
            return;
        }
        // One of them is at fault, or all: each by itself.
        for message in messages {
            self.take_one(message).await;
        }
    }

    async fn take_one(&self, message: Incoming) {
        for wait in TRIES {
            self.clock.sleep(wait).await;
            if self.try_until_known(vec![message.content.clone()]).await {
                return self.acknowledge(message).await;
            }
            if message.acknowledge.is_parked() {
                // It stays where it is, for the next start.
                return;
            }
        }
        let mut is_told = false;
        while let Err(error) = self.park.keep(message.content.clone()).await {
            // Without a place to keep it, nothing may be lost: the lane waits.
            if !std::mem::replace(&mut is_told, true) {
                tracing::error!(%error, "a message of a broker can neither be stored nor kept, trying again");
            }
            self.clock.sleep(RETRY_WAIT).await;
            if self.try_until_known(vec![message.content.clone()]).await {
                return self.acknowledge(message).await;
            }
        }
        tracing::error!("a message of a broker could not be stored, it is kept in the data folder for the next start");
        self.stats.parked.count();
        message.acknowledge.send().await;
    }

    async fn acknowledge(&self, message: Incoming) {
        self.stats.taken.count();
        message.acknowledge.send().await;
    }

    /// Tries until the database answers. False after a fault.
    async fn try_until_known(&self, contents: Vec<Content>) -> bool {
        loop {
            let (lane, contents) = (self.clone(), contents.clone());
            // In a task of its own: a message that makes it panic ends this try alone.
            match tokio::spawn(async move { lane.store(&contents).await }).await {
                Ok(Outcome::Stored) => return true,
                Ok(Outcome::Later) => self.clock.sleep(RETRY_WAIT).await,
                Ok(Outcome::Fault) | Err(_) => return false,
            }
        }
    }

    /// Stores what the messages of one topic say.
    async fn store(&self, contents: &[Content]) -> Outcome {
        let mut all: Option<Decoded> = None;
        for content in contents {
            match (self.decode(content), &mut all) {
                // The same topic has the same names.
                (Some(decoded), Some(all)) => all.reports.extend(decoded.reports),
                (Some(decoded), None) => all = Some(decoded),
                (None, _) => self.stats.unreadable.count(),
            }
        }
        let Some(Decoded { names, or_protocol, reports }) = all else { return Outcome::Stored };
        let who = ReportingDevice {
            unique_ids: &names,
            protocol: DeviceProtocol::MQTT,
            or_protocol,
            // The broker knows who publishes where.
            key: KeyShown::Impossible,
            address: None,
        };
        match report(&self.use_cases.devices, &who, &reports, self.clock.now()).await {
            Ok(Reported::Taken(_)) => Outcome::Stored,
            Ok(Reported::Refused(refusal)) => {
                tracing::debug!(?refusal, "a message of a broker was refused");
                self.stats.refused.count();
                Outcome::Stored
            }
            Err(ServiceError::Unavailable | ServiceError::Busy) => Outcome::Later,
            Err(error) => {
                tracing::warn!(%error, "a message of a broker could not be stored, trying again");
                Outcome::Fault
            }
        }
    }

    /// `None` for what is nobody's or can't be read. It is acknowledged, or it would come for ever.
    fn decode(&self, content: &Content) -> Option<Decoded> {
        let Content { topic, payload, is_retained } = content;
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
}
