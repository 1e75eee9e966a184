//! Hands what a device sent to the use case, and gives what the device waits for.

use super::DeviceContext;
use milepost_device_protocols::{Found, Message, Protocol};
use milepost_domain::{Device, DeviceProtocol, ReportedBy, UniqueId};
use milepost_service::devices::{Identity, KeyShown, ReportingDevice, answer_command, identify, record_reports};
use std::net::IpAddr;
use std::num::NonZeroU64;

/// What became of a read, to be sent in this order.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) answers: Vec<Vec<u8>>,
    /// A device that is known here, by its number in the connection table.
    pub(super) known: Option<NonZeroU64>,
    /// That device, and what it calls itself in its protocol.
    pub(super) device: Option<(Box<Device>, String)>,
    /// Something came from a device that is not known here, or that may not use this protocol.
    pub(super) is_refused: bool,
    /// Something was not stored. The device has to send it again, on a new connection: in this one it may take a later answer for it.
    pub(super) has_failed: bool,
}

/// Takes what came in one read, or in the datagrams of one sender. Messages of one device are stored in one call.
pub(super) async fn take_found(
    context: &DeviceContext,
    protocol: Protocol,
    address: IpAddr,
    found: Vec<Found>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut run: Vec<Message> = Vec::new();
    for one in found {
        match one {
            Found::Message(message) => {
                if run.first().is_some_and(|first| first.device_id != message.device_id) {
                    take_run(context, protocol, address, std::mem::take(&mut run), &mut outcome).await;
                }
                run.push(message);
            }
            Found::Refused(reason, answer) => {
                take_run(context, protocol, address, std::mem::take(&mut run), &mut outcome).await;
                context.metrics.device_frame_refused(protocol.name());
                tracing::debug!(protocol = protocol.name(), %address, reason, "a frame of a device was refused");
                outcome.push(answer);
            }
        }
        if outcome.has_failed {
            return outcome;
        }
    }
    take_run(context, protocol, address, run, &mut outcome).await;
    outcome
}

async fn take_run(
    context: &DeviceContext,
    protocol: Protocol,
    address: IpAddr,
    run: Vec<Message>,
    outcome: &mut Outcome,
) {
    // Without an id nothing is stored, and nothing answered.
    let Some(id) = run.first().and_then(|first| first.device_id.as_deref()) else { return };
    let names = names(protocol, id);
    context.metrics.device_messages(protocol.name(), run.len() as u64);
    let Ok(kind) = DeviceProtocol::new(protocol.name()) else { return };
    let who = ReportingDevice {
        unique_ids: &names,
        protocol: kind,
        or_protocol: None,
        key: KeyShown::Impossible,
        address: Some(address),
    };
    let devices = &context.use_cases.devices;
    let device = match identify(devices, &who).await {
        Ok(Identity::Known(device)) => *device,
        Ok(Identity::Refused(_)) => {
            context.metrics.device_refused(protocol.name());
            outcome.is_refused = true;
            return run.into_iter().for_each(|message| outcome.push(message.answer.unknown));
        }
        Err(_) => return outcome.fail(run),
    };
    outcome.known = Some(context.number_of(&(device.tenant.as_str(), device.id.as_str())));
    let (offset, sack) = (device.utc_offset.map(|offset| offset.minutes()), device.sack);
    let reports: Vec<_> = run.iter().flat_map(|message| &message.fixes).map(|fix| fix.report(offset)).collect();
    let now = context.clock.now();
    outcome.device = Some((Box::new(device.clone()), id.to_owned()));
    // The use case has logged why it failed.
    if !reports.is_empty() && record_reports(devices, device.clone(), &reports, ReportedBy::Vehicle, now).await.is_err()
    {
        return outcome.fail(run);
    }
    for reply in run.iter().filter_map(|message| message.reply.as_deref()) {
        // Nothing that the device would send again hangs on it.
        if let Err(error) = answer_command(devices, &device, reply).await {
            tracing::warn!(device.id = %device.id, %error, "the answer to a command could not be stored");
        }
    }
    for message in run {
        if sack || !message.answer.needs_sack {
            outcome.push(message.answer.taken);
        }
    }
}

impl Outcome {
    fn push(&mut self, answer: Vec<u8>) {
        if !answer.is_empty() {
            self.answers.push(answer);
        }
    }

    fn fail(&mut self, run: Vec<Message>) {
        self.has_failed = true;
        run.into_iter().for_each(|message| self.push(message.answer.failed));
    }
}

/// The names under which a device may have been added. The ids of JT/T 808 are filled up with zeros, which people write or leave out.
fn names(protocol: Protocol, id: &str) -> Vec<UniqueId> {
    let mut names = vec![id.to_owned()];
    if protocol == Protocol::Jt808 {
        names.extend([12, 20].map(|digits| format!("{id:0>digits$}")));
    }
    names.iter().filter_map(|name| UniqueId::new(name).ok()).collect()
}
