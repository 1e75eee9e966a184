//! What a node sends to all nodes.

use super::{FORM, Unreadable};
use crate::news::{Counted, CountedText, NodeNews};
use milepost_domain::{NodeId, TenantId};
use prost::Message;

/// That a node is alive, that its own messages come back to it, and its news for all nodes.
#[derive(Clone, PartialEq, Message)]
struct PulseMessage {
    #[prost(uint32, tag = "1")]
    form: u32,
    #[prost(fixed64, tag = "2")]
    node: u64,
    #[prost(message, repeated, tag = "3")]
    counts: Vec<CountMessage>,
    #[prost(bool, tag = "4")]
    is_whole: bool,
    #[prost(message, repeated, tag = "5")]
    failed_logins: Vec<FailedLoginMessage>,
    #[prost(message, repeated, tag = "6")]
    texts: Vec<TextMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct CountMessage {
    /// 1 people, 2 visitors, 3 viewers.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    tenant: String,
    #[prost(string, tag = "3")]
    dialect: String,
    #[prost(uint64, tag = "4")]
    count: u64,
}

#[derive(Clone, PartialEq, Message)]
struct FailedLoginMessage {
    #[prost(string, tag = "1")]
    name: String,
    /// Empty if it is not known.
    #[prost(string, tag = "2")]
    address: String,
}

#[derive(Clone, PartialEq, Message)]
struct TextMessage {
    #[prost(string, tag = "1")]
    tenant: String,
    #[prost(string, tag = "2")]
    number: String,
    #[prost(string, tag = "3")]
    rider: String,
    #[prost(bool, tag = "4")]
    by_rider: bool,
}

pub(crate) fn encode_pulse(node: NodeId, news: &[NodeNews]) -> Vec<u8> {
    let mut message = PulseMessage { form: FORM, node: node.get(), ..PulseMessage::default() };
    for news in news {
        match news {
            NodeNews::Counts { counts, is_whole } => {
                if *is_whole {
                    message.counts.clear();
                    message.is_whole = true;
                }
                message.counts.extend(counts.iter().map(|(counted, count)| count_message(counted, *count)));
            }
            NodeNews::FailedLogin(name, address) => message.failed_logins.push(FailedLoginMessage {
                name: name.clone(),
                address: address.map(|address| address.to_string()).unwrap_or_default(),
            }),
            NodeNews::Texted(text) => message.texts.push(TextMessage {
                tenant: text.tenant.as_str().to_owned(),
                number: text.number.clone(),
                rider: text.rider.clone(),
                by_rider: text.by_rider,
            }),
        }
    }
    message.encode_to_vec()
}

/// The node that sent a pulse, and its news.
pub(crate) fn decode_pulse(bytes: &[u8]) -> Result<(NodeId, Vec<NodeNews>), Unreadable> {
    let message = PulseMessage::decode(bytes)?;
    if message.form > FORM {
        return Err(Unreadable::Newer(message.form));
    }
    let mut news = Vec::new();
    if message.is_whole || !message.counts.is_empty() {
        // What a newer version counts besides is passed over.
        let counts = message.counts.into_iter().filter_map(counted).collect();
        news.push(NodeNews::Counts { counts, is_whole: message.is_whole });
    }
    let failed = message.failed_logins.into_iter();
    news.extend(failed.map(|failed| NodeNews::FailedLogin(failed.name, failed.address.parse().ok())));
    news.extend(message.texts.into_iter().filter_map(counted_text).map(NodeNews::Texted));
    Ok((NodeId::new(message.node), news))
}

fn count_message(counted: &Counted, count: usize) -> CountMessage {
    let (kind, tenant, dialect) = match counted {
        Counted::People(tenant) => (1, tenant.as_str(), ""),
        Counted::Visitors(tenant) => (2, tenant.as_str(), ""),
        Counted::Viewers { dialect, tenant } => (3, tenant.as_str(), dialect.as_str()),
    };
    CountMessage { kind, tenant: tenant.to_owned(), dialect: dialect.to_owned(), count: count as u64 }
}

fn counted(message: CountMessage) -> Option<(Counted, usize)> {
    let counted = match message.kind {
        1 => Counted::People(TenantId::stored(&message.tenant).ok()?),
        2 => Counted::Visitors(TenantId::stored(&message.tenant).ok()?),
        3 => Counted::Viewers { dialect: message.dialect, tenant: message.tenant },
        _ => return None,
    };
    Some((counted, usize::try_from(message.count).ok()?))
}

fn counted_text(message: TextMessage) -> Option<CountedText> {
    let TextMessage { tenant, number, rider, by_rider } = message;
    Some(CountedText { tenant: TenantId::stored(&tenant).ok()?, number, rider, by_rider })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn news_of_a_node_are_read_again() {
        let home = TenantId::default_tenant;
        let viewers = Counted::Viewers { dialect: "bus".to_owned(), tenant: "default".to_owned() };
        let counts = vec![(Counted::People(home()), 3), (Counted::Visitors(home()), 0), (viewers, 2)];
        let counts = NodeNews::Counts { counts, is_whole: true };
        let failed = NodeNews::FailedLogin("default/ann".to_owned(), Some([192, 0, 2, 1].into()));
        let text = CountedText { tenant: home(), number: "+628".to_owned(), rider: "r".to_owned(), by_rider: true };
        let news = vec![counts, failed, NodeNews::FailedLogin("bob".to_owned(), None), NodeNews::Texted(text)];
        assert_eq!(decode_pulse(&encode_pulse(NodeId::new(9), &news)).unwrap(), (NodeId::new(9), news));
        assert_eq!(decode_pulse(&encode_pulse(NodeId::new(9), &[])).unwrap(), (NodeId::new(9), vec![]));
    }
}
