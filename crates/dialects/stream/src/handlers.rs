//! The dialect's HTTP handlers: one for the socket.

pub(crate) mod open_socket;
