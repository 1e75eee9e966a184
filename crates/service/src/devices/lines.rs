//! Open connections of trackers on this node, and the commands that wait to be written to them.

use milepost_domain::{CommandKind, Device, DeviceCommand, DeviceId, TenantId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Commands of one connection that wait to be written. Further ones are refused.
const MAX_WAITING: usize = 16;
/// How long a command may wait until it is written.
const WRITE_WAIT: Duration = Duration::from_secs(5);

type Key = (TenantId, DeviceId);

/// The connections by their devices. A std mutex: held for a look-up.
#[derive(Default)]
pub struct Lines(Mutex<HashMap<Key, Arc<Line>>>);

struct Line {
    kinds: &'static [CommandKind],
    waiting: Mutex<VecDeque<WaitingCommand>>,
    woken: Notify,
}

/// A command that is to be written to its device.
pub struct WaitingCommand {
    /// The command.
    pub command: DeviceCommand,
    written: oneshot::Sender<bool>,
}

impl WaitingCommand {
    /// Tells who sent the command whether it was written. Who has stopped waiting is told nothing.
    pub fn answer(self, was_written: bool) {
        let _ = self.written.send(was_written);
    }
}

/// What became of a command for a device's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was written to the connection.
    Written,
    /// The device's protocol has no such command.
    NotTaken,
    /// The device has no connection on this node, or the connection could not be written to.
    NoLine,
}

impl Lines {
    /// A device's connection takes commands from now on, until the result is dropped. A newer connection of the same device replaces
    /// the older one.
    pub fn attach(self: &Arc<Self>, device: &Device, kinds: &'static [CommandKind]) -> OpenLine {
        let key = (device.tenant.clone(), device.id.clone());
        let line = Arc::new(Line { kinds, waiting: Mutex::default(), woken: Notify::new() });
        self.0.lock().expect("nothing panics while holding it").insert(key.clone(), Arc::clone(&line));
        OpenLine { lines: Arc::clone(self), key, line }
    }

    /// The commands that a device takes now; `None` if it has no connection on this node.
    pub fn kinds(&self, tenant: &TenantId, device: &DeviceId) -> Option<&'static [CommandKind]> {
        self.find(tenant, device).map(|line| line.kinds)
    }

    fn find(&self, tenant: &TenantId, device: &DeviceId) -> Option<Arc<Line>> {
        let open = self.0.lock().expect("nothing panics while holding it");
        open.get(&(tenant.clone(), device.clone())).cloned()
    }

    /// Has a command written to a device's connection, and waits until it was.
    pub async fn write(&self, tenant: &TenantId, device: &DeviceId, command: DeviceCommand) -> Delivery {
        let Some(line) = self.find(tenant, device) else { return Delivery::NoLine };
        if !line.kinds.contains(&command.kind) {
            return Delivery::NotTaken;
        }
        let (written, was_written) = oneshot::channel();
        {
            let mut waiting = line.waiting.lock().expect("nothing panics while holding it");
            waiting.retain(|one| !one.written.is_closed());
            if waiting.len() >= MAX_WAITING {
                return Delivery::NoLine;
            }
            waiting.push_back(WaitingCommand { command, written });
        }
        line.woken.notify_one();
        match tokio::time::timeout(WRITE_WAIT, was_written).await {
            Ok(Ok(true)) => Delivery::Written,
            Ok(Ok(false)) => Delivery::NotTaken,
            Ok(Err(_)) | Err(_) => Delivery::NoLine,
        }
    }
}

/// A connection that takes commands.
pub struct OpenLine {
    lines: Arc<Lines>,
    key: Key,
    line: Arc<Line>,
}

impl OpenLine {
    /// Whether it is this device's.
    pub fn is_of(&self, device: &Device) -> bool {
        self.key.0 == device.tenant && self.key.1 == device.id
    }

    /// The next command for the device. A caller that stops waiting loses none.
    pub async fn next(&self) -> WaitingCommand {
        loop {
            let next = {
                let mut waiting = self.line.waiting.lock().expect("nothing panics while holding it");
                std::iter::from_fn(|| waiting.pop_front()).find(|one| !one.written.is_closed())
            };
            match next {
                Some(next) => return next,
                None => self.line.woken.notified().await,
            }
        }
    }
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        let mut open = self.lines.0.lock().expect("nothing panics while holding it");
        if open.get(&self.key).is_some_and(|line| Arc::ptr_eq(line, &self.line)) {
            open.remove(&self.key);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{PastAssignments, VehicleId};

    fn device(id: &str) -> Device {
        Device {
            id: DeviceId::new(id).unwrap(),
            tenant: TenantId::default_tenant(),
            vehicle_id: VehicleId::new(id).unwrap(),
            past_vehicles: PastAssignments::default(),
            name: None,
            unique_id: None,
            protocol: None,
            utc_offset: None,
            sack: false,
            version: 1,
        }
    }

    fn command(kind: CommandKind) -> DeviceCommand {
        DeviceCommand { kind, text: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_is_written_by_the_newest_connection_of_its_device_or_by_none() {
        let lines = Arc::new(Lines::default());
        let (truck, tenant) = (device("truck"), TenantId::default_tenant());
        let write = |kind| lines.write(&tenant, &truck.id, command(kind));
        assert_eq!(write(CommandKind::Locate).await, Delivery::NoLine);
        let older = lines.attach(&truck, &[]);
        let newer = lines.attach(&truck, &[CommandKind::Locate]);
        drop(older);
        assert_eq!(write(CommandKind::StopEngine).await, Delivery::NotTaken);
        let (written, ()) = tokio::join!(write(CommandKind::Locate), async { newer.next().await.answer(true) });
        assert_eq!(written, Delivery::Written);
        // Nobody reads: after its time it is not written any more.
        assert_eq!(write(CommandKind::Locate).await, Delivery::NoLine);
        assert!(tokio::time::timeout(Duration::from_secs(1), newer.next()).await.is_err());
        assert!(newer.is_of(&truck) && !newer.is_of(&device("van")));
        drop(newer);
        assert_eq!((write(CommandKind::Locate).await, lines.kinds(&tenant, &truck.id)), (Delivery::NoLine, None));
    }
}
