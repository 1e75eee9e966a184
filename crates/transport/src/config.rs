//! Settings of all sockets, and of the sockets of one route.

use std::time::Duration;

/// Settings of every socket and stream.
#[derive(Clone, Debug)]
pub struct WsConfig {
    /// `WS_PING_PERIOD`: a ping goes out this often. Default 54 s.
    pub ping_period: Duration,
    /// `WS_PONG_WAIT`: a connection that gave no sign of life for this long is cut. Default 60 s.
    pub pong_wait: Duration,
    /// `WS_WRITE_WAIT`: how long a close handshake may take, the backlog before it included. Default 10 s.
    pub write_wait: Duration,
    /// `WS_READ_BUFFER_SIZE`, bytes: the size of one read, into scratch space that a thread's sockets share. A long message
    /// is read in larger pieces. Default 1024.
    pub read_buffer_bytes: usize,
    /// `WS_WRITE_BUFFER_SIZE`, bytes: a socket's backlog is gathered into writes of at most 16 times this size. A longer
    /// frame is written as it is. Frames that a ready socket shares with others are not copied. Default 1024.
    pub write_buffer_bytes: usize,
    /// Limits of a socket whose route sets no others.
    pub limits: SocketLimits,
    /// A quiet stream of server-sent events gets a comment this often. Default 15 s.
    pub stream_heartbeat: Duration,
}

impl Default for WsConfig {
    fn default() -> Self {
        Self {
            ping_period: Duration::from_secs(54),
            pong_wait: Duration::from_secs(60),
            write_wait: Duration::from_secs(10),
            read_buffer_bytes: 1024,
            write_buffer_bytes: 1024,
            limits: SocketLimits::default(),
            stream_heartbeat: Duration::from_secs(15),
        }
    }
}

/// Bounds of one socket.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// The longest inbound message, inflated, in bytes; a longer one closes with 1009. Default 4096.
    pub max_message_bytes: usize,
    /// The largest backlog of reliable messages for a slow reader, in bytes. Beyond it the socket closes with 1013, and
    /// its reader resumes from its last event. Default 1 MiB.
    pub reliable_bytes: usize,
    /// The rate of inbound frames and bytes. More closes with 1008. `None` is no limit.
    pub rate: Option<RateLimit>,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self { max_message_bytes: 4096, reliable_bytes: 1024 * 1024, rate: Some(RateLimit::default()) }
    }
}

/// How much one connection may send on average. Twice as much may come at once.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// Frames a second, pings and fragments included. Default 50.
    pub frames_per_second: u32,
    /// Payload and header bytes a second. Default 64 KiB.
    pub bytes_per_second: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { frames_per_second: 50, bytes_per_second: 64 * 1024 }
    }
}
