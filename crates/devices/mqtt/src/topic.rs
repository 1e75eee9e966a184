//! What a message's topic says: whose it is, and in which form.

use milepost_domain::UniqueId;
use milepost_phone_formats::names_of_topic;

/// Whether a text is a filter that a broker takes: `+` stands for one level, `#` for all that follow.
pub fn is_topic_filter(text: &str) -> bool {
    let levels: Vec<_> = text.split('/').collect();
    let is_level = |(place, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => place + 1 == levels.len(),
        level => !level.contains(['+', '#', '\0']),
    };
    (1..=1_000).contains(&text.len()) && !text.starts_with('$') && levels.iter().enumerate().all(is_level)
}

/// Below a device's topic OwnTracks publishes these.
const OWNTRACKS_BELOW: [&str; 8] = ["event", "waypoint", "waypoints", "info", "status", "step", "beacon", "dump"];

/// The form of a message, and the names of the device that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// `owntracks/user/device`, and below it.
    OwnTracks(Vec<UniqueId>),
    /// `milepost/unique-id`, or another first level that the operator chose.
    Milepost(UniqueId),
}

impl Sender {
    /// `None` for a topic that is no device's, or that is for one: `owntracks/jane/phone/cmd`.
    pub(crate) fn of(topic: &str) -> Option<Self> {
        let (first, rest) = topic.split_once('/')?;
        if first != "owntracks" {
            return UniqueId::new(rest).ok().map(Self::Milepost);
        }
        let levels: Vec<_> = rest.split('/').collect();
        let is_device = match levels.as_slice() {
            [user, device] => !user.is_empty() && !device.is_empty(),
            [user, device, below] => !user.is_empty() && !device.is_empty() && OWNTRACKS_BELOW.contains(below),
            _ => false,
        };
        is_device.then(|| Self::OwnTracks(names_of_topic(topic)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Sender, is_topic_filter};
    use milepost_domain::UniqueId;

    #[test]
    fn a_topic_names_its_device() {
        let named = |names: &[&str]| names.iter().map(|name| UniqueId::new(name).unwrap()).collect::<Vec<_>>();
        let jane = Some(Sender::OwnTracks(named(&["jane/phone", "owntracks/jane/phone"])));
        assert_eq!(Sender::of("owntracks/jane/phone"), jane);
        assert_eq!(Sender::of("owntracks/jane/phone/event"), jane);
        for topic in [
            "owntracks/jane",
            "owntracks/jane/",
            "owntracks/jane/phone/cmd",
            "owntracks/jane/phone/extra/levels",
            "",
            "x",
        ] {
            assert_eq!(Sender::of(topic), None, "{topic}");
        }
        assert_eq!(Sender::of("milepost/van-7"), Some(Sender::Milepost(named(&["van-7"]).remove(0))));
        assert_eq!(Sender::of("fleet/a/b"), Some(Sender::Milepost(named(&["a/b"]).remove(0))));
        assert_eq!(Sender::of("milepost/"), None);
    }

    #[test]
    fn filters_are_those_of_the_standard() {
        for filter in ["owntracks/+/+", "milepost/#", "#", "+", "/a/", "a b/c"] {
            assert!(is_topic_filter(filter), "{filter}");
        }
        for filter in ["", "a+", "a/#/b", "a#", "$share/g/a", "$SYS/#"] {
            assert!(!is_topic_filter(filter), "{filter}");
        }
    }
}
