//! What systemd is told of the server: sd_notify(3), one datagram for each message.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Sends a message, if a service manager listens. What can't be sent is left out: the server runs without it too.
pub(crate) fn notify(message: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let name = name.as_encoded_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(abstract_name) => SocketAddr::from_abstract_name(abstract_name),
        None => SocketAddr::from_pathname(String::from_utf8_lossy(name).as_ref()),
    };
    let send = || -> std::io::Result<usize> { UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address?) };
    if let Err(error) = send() {
        tracing::debug!(%error, "the service manager could not be told {message}");
    }
}

/// How long the service manager waits for `WATCHDOG=1`; `None` if it does not watch this process.
pub(crate) fn watchdog_period() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let is_of_another = number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|usec| *usec > 0 && !is_of_another).map(Duration::from_micros)
}
