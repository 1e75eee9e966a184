//! The dialect's HTTP handlers: one for the socket, one for the stream, one for the document.

pub(crate) mod open_socket;
pub(crate) mod open_stream;
pub(crate) mod show_asyncapi;
