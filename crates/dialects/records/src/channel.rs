//! The records dialect's use of the hub: one channel a tenant, and keys for staff, each cadet and each user.

use crate::convert::render_event;
use milepost_domain::{Audience, CadetId, Event, RecordViewer, TenantId, UserId};
use milepost_hub::{Channel, ChannelId, Interest, Key, Message, Recipients};

pub(crate) fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("records", tenant.as_str())
}

fn staff_key() -> Key {
    Key::new("role", "staff")
}

fn cadet_key(cadet: CadetId) -> Key {
    Key::new("cadet", &cadet.to_string())
}

fn user_key(user: UserId) -> Key {
    Key::new("user", &user.to_string())
}

/// The keys of the groups that a viewer belongs to. It must agree with [`RecordViewer::may_see`].
pub(crate) fn interest_of(viewer: RecordViewer) -> Interest {
    let staff = viewer.staff.then(staff_key);
    let (cadet, user) = (viewer.cadet.map(cadet_key), viewer.user.map(user_key));
    Interest::keys([staff, cadet, user].into_iter().flatten())
}

/// The keys of the groups that get an event.
fn keys_of(audience: Audience) -> Vec<Key> {
    match audience {
        Audience::Internal => Vec::new(),
        Audience::Staff => vec![staff_key()],
        Audience::Cadet(cadet) => vec![staff_key(), cadet_key(cadet)],
        Audience::User(user) => vec![user_key(user)],
    }
}

/// Renders an event for the clients that may see it; `None` when there are none.
pub(crate) fn message_of(channel: &Channel, event: &Event) -> Option<Message> {
    let keys = keys_of(event.fact.audience());
    if !keys.iter().any(|key| channel.has_subscribers_of(key)) {
        return None;
    }
    Some(Message::numbered(render_event(event, false)?, Recipients::only(keys), event.id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_keys_agree_with_the_permission_rule() {
        let (cadet, other) = (CadetId::new(1).unwrap(), CadetId::new(2).unwrap());
        let (user, stranger) = (UserId::new(1).unwrap(), UserId::new(2).unwrap());
        let audiences = [
            Audience::Internal,
            Audience::Staff,
            Audience::Cadet(cadet),
            Audience::Cadet(other),
            Audience::User(user),
            Audience::User(stranger),
        ];
        let mut seen = 0;
        for staff in [false, true] {
            for cadet in [None, Some(cadet), Some(other)] {
                for user in [None, Some(user), Some(stranger)] {
                    let viewer = RecordViewer { staff, cadet, user };
                    for audience in audiences {
                        let reached = interest_of(viewer).wants(&Recipients::only(keys_of(audience)));
                        assert_eq!(reached, viewer.may_see(audience), "{viewer:?} {audience:?}");
                        seen += usize::from(reached);
                    }
                }
            }
        }
        assert!(seen > 20);
    }
}
