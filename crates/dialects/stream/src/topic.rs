//! The topics of the event log that a client can follow, and who may follow which.

use milepost_domain::{Audience, CadetId, Fact, FleetAudience, FleetViewer, RecordViewer};
use milepost_hub::Key;

/// A part of the log. No fact belongs to two of them that one client may follow at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TopicKind {
    /// Alerts: raised, read, deleted.
    Alerts,
    /// Trips: begun, gone on, ended, corrected.
    Trips,
    /// What vehicles did: crossings of geofences, harsh driving, services due.
    Events,
    /// The caller's own notifications and messages.
    Notices,
    /// One cadet's records.
    Cadet(CadetId),
    /// The records of all cadets, and events of other programs.
    Records,
}

/// What a client may see of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogViewer {
    pub(crate) fleet: FleetViewer,
    pub(crate) records: RecordViewer,
}

impl TopicKind {
    /// Whether it is read with the fleet's facts, not with those of the records.
    pub(crate) const fn is_of_fleet(self) -> bool {
        matches!(self, Self::Alerts | Self::Trips | Self::Events)
    }

    /// Whether some fact belongs to both.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Records, Self::Cadet(_)) | (Self::Cadet(_), Self::Records))
    }

    /// Whether a fact belongs to it.
    pub(crate) fn holds(self, fact: &Fact) -> bool {
        match self {
            Self::Alerts => {
                matches!(fact, Fact::AlertRaised(_) | Fact::AlertRead { .. } | Fact::AlertDeleted { .. })
            }
            Self::Trips => matches!(fact, Fact::TripChanged(_)),
            Self::Events => matches!(fact, Fact::FenceCrossed(_) | Fact::DrivingNoted(_) | Fact::ServiceDue(_)),
            Self::Notices => matches!(fact, Fact::NoticeSent(_) | Fact::NoticeRead { .. }),
            Self::Cadet(cadet) => fact.audience() == Audience::Cadet(cadet),
            Self::Records => matches!(fact.audience(), Audience::Cadet(_) | Audience::Staff),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Trips => "trips",
            Self::Events => "events",
            Self::Notices => "notices",
            Self::Cadet(_) => "cadet",
            Self::Records => "records",
        }
    }
}

impl LogViewer {
    /// Whether the client may follow a topic. What it may see of it is decided fact by fact.
    pub(crate) fn may_follow(self, topic: TopicKind) -> bool {
        match topic {
            TopicKind::Alerts => self.fleet.company || self.fleet.user.is_some(),
            TopicKind::Trips | TopicKind::Events => self.fleet.company || self.fleet.driver.is_some(),
            TopicKind::Notices => self.records.user.is_some(),
            TopicKind::Cadet(cadet) => self.records.may_see(Audience::Cadet(cadet)),
            TopicKind::Records => self.records.staff,
        }
    }

    pub(crate) fn may_see(self, fact: &Fact) -> bool {
        self.records.may_see(fact.audience())
            || fact.fleet_audience().is_some_and(|audience| self.fleet.may_see(audience))
    }

    /// The keys of the messages that the client gets for a topic. It must agree with [`Self::may_see`].
    pub(crate) fn keys(self, topic: TopicKind) -> Vec<Key> {
        if topic.is_of_fleet() {
            let company = self.fleet.company.then_some(FleetAudience::Company);
            let own = [self.fleet.driver.map(FleetAudience::Driver), self.fleet.user.map(FleetAudience::User)];
            let audiences = company.into_iter().chain(own.into_iter().flatten());
            return audiences.map(|audience| fleet_key(topic, audience)).collect();
        }
        match topic {
            TopicKind::Cadet(cadet) if self.may_follow(topic) => vec![Key::new("cadet", &cadet.to_string())],
            TopicKind::Records if self.records.staff => vec![Key::new("records", "")],
            TopicKind::Notices => {
                self.records.user.map(|user| Key::new("notices", &user.to_string())).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The keys of those who get a fact. None if it belongs to no topic.
pub(crate) fn keys_of(fact: &Fact) -> Vec<Key> {
    if let Some(audience) = fact.fleet_audience() {
        let topics = [TopicKind::Alerts, TopicKind::Trips, TopicKind::Events];
        let Some(topic) = topics.into_iter().find(|topic| topic.holds(fact)) else { return Vec::new() };
        // Those who see the whole fleet see the events of its drivers too.
        let company = matches!(audience, FleetAudience::Driver(_)).then_some(FleetAudience::Company);
        return [audience].into_iter().chain(company).map(|audience| fleet_key(topic, audience)).collect();
    }
    match fact.audience() {
        Audience::Internal => Vec::new(),
        Audience::Staff => vec![Key::new("records", "")],
        Audience::Cadet(cadet) => vec![Key::new("records", ""), Key::new("cadet", &cadet.to_string())],
        Audience::User(user) => vec![Key::new("notices", &user.to_string())],
    }
}

fn fleet_key(topic: TopicKind, audience: FleetAudience) -> Key {
    let who = match audience {
        FleetAudience::Company => String::new(),
        FleetAudience::Driver(driver) => format!("driver {driver}"),
        FleetAudience::User(user) => format!("user {user}"),
    };
    Key::new(topic.name(), &who)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{AlertId, NoticeId, Timestamp, UserId};
    use milepost_hub::{Interest, Recipients};

    fn read(user: Option<i64>) -> Fact {
        let user_id = user.map(|id| UserId::new(id).unwrap());
        let read_at = Timestamp::from_unix_ms(0).unwrap();
        Fact::AlertRead { alert_id: AlertId::new("a").unwrap(), user_id, read_by: None, read_at }
    }

    fn notice(user: i64) -> Fact {
        let (notice_id, user_id) = (NoticeId::new(1).unwrap(), UserId::new(user).unwrap());
        Fact::NoticeRead { notice_id, user_id, is_message: false, read_at: Timestamp::from_unix_ms(0).unwrap() }
    }

    #[test]
    fn the_keys_agree_with_the_permission_rules() {
        let facts = [read(None), read(Some(1)), read(Some(2)), notice(1), notice(2)];
        let topics = [TopicKind::Alerts, TopicKind::Trips, TopicKind::Notices, TopicKind::Records];
        let mut reached = 0;
        for company in [false, true] {
            for user in [None, UserId::new(1).ok(), UserId::new(2).ok()] {
                let fleet = FleetViewer { company, user, driver: None };
                let viewer = LogViewer { fleet, records: RecordViewer { staff: company, cadet: None, user } };
                for topic in topics {
                    for fact in &facts {
                        let wants = Interest::keys(viewer.keys(topic)).wants(&Recipients::only(keys_of(fact)));
                        assert_eq!(wants, topic.holds(fact) && viewer.may_see(fact), "{viewer:?} {topic:?} {fact:?}");
                        reached += usize::from(wants);
                    }
                }
            }
        }
        assert!(reached > 8, "{reached}");
    }
}
