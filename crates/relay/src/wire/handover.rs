//! Committed positions for the node that folds their vehicles.

use super::{FORM, PlaceMessage, Unreadable, time};
use crate::handover::{Batch, FoldPosition, FoldStep};
use crate::news::Place;
use milepost_domain::{Invalid, NodeId, TenantId, Timestamp};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct HandoverMessage {
    #[prost(uint32, tag = "1")]
    form: u32,
    #[prost(fixed64, tag = "2")]
    node: u64,
    /// Counts up by one for each pair of nodes, from 1.
    #[prost(uint64, tag = "3")]
    sequence: u64,
    #[prost(message, repeated, tag = "4")]
    tenants: Vec<TenantMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct TenantMessage {
    #[prost(string, tag = "1")]
    tenant: String,
    #[prost(message, repeated, tag = "2")]
    positions: Vec<FoldMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct FoldMessage {
    #[prost(message, optional, tag = "1")]
    place: Option<PlaceMessage>,
    /// The device itself calls it invalid.
    #[prost(bool, tag = "2")]
    is_invalid: bool,
    #[prost(bool, tag = "3")]
    is_late: bool,
    #[prost(int64, optional, tag = "4")]
    after_ms: Option<i64>,
    #[prost(bool, tag = "5")]
    is_wrong: bool,
}

/// The positions that one node sent to another at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Handover {
    pub(crate) node: NodeId,
    pub(crate) sequence: u64,
    pub(crate) batch: Batch,
}

pub(crate) fn encode_handover(node: NodeId, sequence: u64, batch: Batch) -> Vec<u8> {
    let tenants = batch.into_iter().map(|(tenant, positions)| TenantMessage {
        tenant: tenant.as_str().to_owned(),
        positions: positions.into_iter().map(FoldMessage::from).collect(),
    });
    HandoverMessage { form: FORM, node: node.get(), sequence, tenants: tenants.collect() }.encode_to_vec()
}

pub(crate) fn decode_handover(bytes: &[u8]) -> Result<Handover, Unreadable> {
    let message = HandoverMessage::decode(bytes)?;
    if message.form > FORM {
        return Err(Unreadable::Newer(message.form));
    }
    let batch = message.tenants.into_iter().map(|of| {
        let positions = of.positions.into_iter().map(FoldPosition::try_from).collect::<Result<_, _>>()?;
        Ok((TenantId::stored(&of.tenant)?, positions))
    });
    let batch = batch.collect::<Result<_, Unreadable>>()?;
    Ok(Handover { node: NodeId::new(message.node), sequence: message.sequence, batch })
}

impl From<FoldPosition> for FoldMessage {
    fn from(fold: FoldPosition) -> Self {
        let FoldPosition { vehicle_no, position, step } = fold;
        Self {
            is_invalid: position.is_invalid,
            is_late: step.is_none(),
            after_ms: step.and_then(|step| step.after).map(Timestamp::unix_ms),
            is_wrong: step.is_some_and(|step| step.is_wrong),
            place: Some(PlaceMessage::from(&Place { vehicle_no, position, received_at: None })),
        }
    }
}

impl TryFrom<FoldMessage> for FoldPosition {
    type Error = Invalid;

    fn try_from(message: FoldMessage) -> Result<Self, Invalid> {
        let Place { vehicle_no, mut position, .. } = message.place.unwrap_or_default().try_into()?;
        position.is_invalid = message.is_invalid;
        let after = message.after_ms.map(time).transpose()?;
        let step = (!message.is_late).then_some(FoldStep { after, is_wrong: message.is_wrong });
        Ok(Self { vehicle_no, position, step })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Latitude, Longitude, Position, VehicleId};

    #[test]
    fn what_is_handed_over_is_read_again() {
        let at = |ms| Timestamp::from_unix_ms(ms).unwrap();
        let (latitude, longitude) = (Latitude::new(-6.2).unwrap(), Longitude::new(106.8).unwrap());
        let position = Position::new(VehicleId::new("bus 1").unwrap(), at(1_700_000_000_123), latitude, longitude);
        let first = FoldStep { after: None, is_wrong: false };
        let next = FoldStep { after: Some(at(1_700_000_000_000)), is_wrong: true };
        let invalid = Position { is_invalid: true, ..position.clone() };
        let positions = vec![
            FoldPosition { vehicle_no: 1, position: position.clone(), step: Some(first) },
            FoldPosition { vehicle_no: 1, position: invalid, step: Some(next) },
            FoldPosition { vehicle_no: 2, position, step: None },
        ];
        let batch = vec![(TenantId::default_tenant(), positions), (TenantId::new("red").unwrap(), Vec::new())];
        let bytes = encode_handover(NodeId::new(9), 5, batch.clone());
        assert_eq!(decode_handover(&bytes).unwrap(), Handover { node: NodeId::new(9), sequence: 5, batch });
    }

    #[test]
    fn a_message_of_a_newer_form_or_with_nonsense_is_refused() {
        let newer = HandoverMessage { form: FORM + 1, ..HandoverMessage::default() };
        assert!(matches!(decode_handover(&newer.encode_to_vec()), Err(Unreadable::Newer(2))));
        let nothing = TenantMessage { tenant: "red".to_owned(), positions: vec![FoldMessage::default()] };
        let wrong = HandoverMessage { form: FORM, tenants: vec![nothing], ..HandoverMessage::default() };
        assert!(matches!(decode_handover(&wrong.encode_to_vec()), Err(Unreadable::Invalid(_))));
    }
}
