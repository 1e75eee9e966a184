//! The memory for forms that are being read, shared out by tenant and caller: a line may be slow, and its form is held meanwhile.

use crate::{Reader, ServiceError};
use milepost_domain::{Caller, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// What all forms that are being read may take together. Further ones wait for [`UPLOAD_WAIT`], then 503.
const UPLOADS_BYTES: usize = 128 * 1024 * 1024;
/// Of one tenant among them. A form that is larger than what is left of it is taken if the tenant has no other.
const TENANT_UPLOADS_BYTES: usize = 64 * 1024 * 1024;
/// Forms of one caller at the same time: one whose line broke may still be there.
const CALLER_UPLOADS: usize = 2;
/// How long a form waits for its room.
const UPLOAD_WAIT: Duration = Duration::from_secs(10);

/// The room of all forms.
#[derive(Clone, Default)]
pub(super) struct UploadRooms(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// A std mutex: held for microseconds, never across an await.
    used: Mutex<Used>,
    left: Notify,
}

#[derive(Default)]
struct Used {
    bytes: usize,
    tenants: HashMap<TenantId, usize>,
    callers: HashMap<Reader, usize>,
}

/// The room of one form. Hold it while the form is in memory.
pub struct UploadRoom {
    rooms: UploadRooms,
    tenant: TenantId,
    caller: Reader,
    bytes: usize,
}

impl UploadRooms {
    /// Waits for room for so many bytes.
    pub(super) async fn take(&self, caller: &Caller, bytes: usize) -> Result<UploadRoom, ServiceError> {
        let waiting = async {
            loop {
                let mut left = std::pin::pin!(self.0.left.notified());
                // Before looking, so that a form that ends between the look and the wait wakes this one.
                left.as_mut().enable();
                if let Some(room) = self.try_take(caller, bytes) {
                    return room;
                }
                left.await;
            }
        };
        tokio::time::timeout(UPLOAD_WAIT, waiting).await.map_err(|_| ServiceError::Busy)
    }

    fn try_take(&self, caller: &Caller, bytes: usize) -> Option<UploadRoom> {
        let (tenant, reader) = (caller.tenant.clone(), Reader::of(caller));
        let mut used = self.lock();
        let of_tenant = used.tenants.get(&tenant).copied().unwrap_or(0);
        let of_caller = used.callers.get(&reader).copied().unwrap_or(0);
        let fits = used.bytes + bytes <= UPLOADS_BYTES
            && (of_tenant == 0 || of_tenant + bytes <= TENANT_UPLOADS_BYTES)
            && of_caller < CALLER_UPLOADS;
        if !fits {
            return None;
        }
        used.bytes += bytes;
        used.tenants.insert(tenant.clone(), of_tenant + bytes);
        used.callers.insert(reader.clone(), of_caller + 1);
        Some(UploadRoom { rooms: self.clone(), tenant, caller: reader, bytes })
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().expect("nothing panics while holding it")
    }
}

impl Drop for UploadRoom {
    fn drop(&mut self) {
        let mut used = self.rooms.lock();
        used.bytes -= self.bytes;
        if let Some(bytes) = used.tenants.get_mut(&self.tenant) {
            *bytes -= self.bytes;
            if *bytes == 0 {
                used.tenants.remove(&self.tenant);
            }
        }
        if let Some(forms) = used.callers.get_mut(&self.caller) {
            *forms -= 1;
            if *forms == 0 {
                used.callers.remove(&self.caller);
            }
        }
        drop(used);
        self.rooms.0.left.notify_waiters();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Principal, Role};

    const MIB: usize = 1024 * 1024;

    fn caller(tenant: &str, subject: &str) -> Caller {
        let (subject, role) = (subject.to_owned(), Role::Rider);
        let principal = Principal::User { id: None, subject, role, cadet_id: None, vehicle_ids: Vec::new() };
        Caller { tenant: TenantId::new(tenant).unwrap(), principal, expires_at: None }
    }

    #[test]
    fn a_tenant_and_a_caller_have_their_share_and_no_more() {
        let rooms = UploadRooms::default();
        let greedy = caller("greedy", "1");
        let mut held = vec![rooms.try_take(&greedy, 30 * MIB).unwrap(), rooms.try_take(&greedy, MIB).unwrap()];
        assert!(rooms.try_take(&greedy, MIB).is_none(), "a third form of one caller");
        held.push(rooms.try_take(&caller("greedy", "2"), 33 * MIB).unwrap());
        assert!(rooms.try_take(&caller("greedy", "3"), MIB).is_none(), "more than half is one tenant's");
        // The largest form of another tenant fits.
        held.push(rooms.try_take(&caller("other", "1"), 61 * MIB).unwrap());
        assert!(rooms.try_take(&caller("third", "1"), 4 * MIB).is_none(), "more than all");
        held.clear();
        let used = rooms.lock();
        assert!(used.bytes == 0 && used.tenants.is_empty() && used.callers.is_empty());
    }

    #[tokio::test]
    async fn a_form_that_waits_gets_the_room_of_one_that_ended() {
        let rooms = UploadRooms::default();
        let rider = caller("t", "1");
        let (first, second) = (rooms.take(&rider, MIB).await.unwrap(), rooms.take(&rider, MIB).await.unwrap());
        let third = tokio::spawn({
            let (rooms, rider) = (rooms.clone(), rider.clone());
            async move { rooms.take(&rider, MIB).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(third.await.unwrap());
        drop(second);
    }
}
