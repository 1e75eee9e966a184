//! Who makes a change.

use crate::{AccessTokenId, Timestamp, UserId};
use std::net::IpAddr;

/// Who makes a change, when and from where: what the audit keeps of it. People are numbers here, so that an erased name leaves no trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// When the change is made.
    pub at: Timestamp,
    /// The user, if it has a number here.
    pub user: Option<UserId>,
    /// The access token of the program.
    pub access_token: Option<AccessTokenId>,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
}

impl Author {
    /// The operator, on the command line.
    pub const fn operator(at: Timestamp) -> Self {
        Self { at, user: None, access_token: None, address: None }
    }
}
