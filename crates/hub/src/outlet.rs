//! Where a subscriber's messages go: implemented by the transport for its connections.

use crate::batch::Batch;
use crate::message::{Form, Message};

/// A subscriber's way out. Nothing here may wait: what cannot be written at once is the outlet's to keep or refuse.
pub trait Outlet: Send + Sync + 'static {
    /// The form that this outlet takes; the same for its whole life.
    fn form(&self) -> Form;

    /// Takes the messages of `batch`, in order.
    fn offer(&self, batch: &Batch);

    /// Takes a message of a snapshot, unless something as new or newer was offered for its key.
    fn offer_if_absent(&self, message: &Message);

    /// Holds everything back until [`Self::uncork`], so that a snapshot can be put under the live messages.
    fn cork(&self);

    /// Lets go what [`Self::cork`] held back.
    fn uncork(&self);

    /// Messages for this outlet were lost before they reached it: it must end so that its reader resumes.
    fn overrun(&self);

    /// True once nothing offered can arrive any more.
    fn is_closed(&self) -> bool;
}
