//! Where a subscriber's messages go. The transport implements it for its connections.

use crate::batch::Batch;
use crate::message::{Form, Message};

/// Takes a subscriber's messages. Nothing here may wait: a sink queues or refuses what it cannot write at once.
pub trait Sink: Send + Sync + 'static {
    /// The form that this sink takes; the same for its whole life.
    fn form(&self) -> Form;

    /// Takes the messages of `batch`, in order.
    fn offer(&self, batch: &Batch);

    /// Takes one message, as a batch that has no other.
    fn offer_one(&self, message: &Message);

    /// Holds everything back until [`Self::uncork`], so that a snapshot can be put before the live messages.
    fn cork(&self);

    /// Sends what [`Self::cork`] held back.
    fn uncork(&self);

    /// Messages for this sink were lost before they reached it: it must end so that its reader resumes.
    fn overrun(&self);

    /// True once nothing that is offered can arrive.
    fn is_closed(&self) -> bool;
}
