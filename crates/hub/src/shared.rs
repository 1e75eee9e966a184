//! State that all channels of a hub share.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::limits::HubLimits;
use crate::message::Encoder;
use crate::stats::Counters;
use crate::viewers::Viewers;

/// Encoder, bounds, counters, and the runtime of the fan-out tasks. It knows no channel, so that channels can hold it.
pub(crate) struct Shared {
    pub(crate) encoder: Arc<dyn Encoder>,
    pub(crate) limits: HubLimits,
    pub(crate) counters: Counters,
    pub(crate) viewers: Viewers,
    pub(crate) runtime: Handle,
}
