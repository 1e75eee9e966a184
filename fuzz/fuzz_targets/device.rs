//! What a device sends, in chunks of the sizes that the first bytes say, and as a datagram: no panic, and memory within the bound.

use milepost_device_protocols::{Found, MAX_BUFFERED_BYTES, Protocol, Session};
use milepost_domain::Timestamp;

pub fn take(protocol: Protocol, data: &[u8]) {
    let [first, second, data @ ..] = data else { return };
    let at = Timestamp::from_unix_ms(1_790_000_000_000).expect("is a time");
    let _ = Session::new(protocol).take_datagram(data, at, |_| {});
    let mut session = Session::new(protocol);
    let sizes = [usize::from(*first).max(1), usize::from(*second).max(1)];
    let (mut rest, mut fixes) = (data, 0);
    for size in sizes.iter().cycle() {
        let (chunk, later) = rest.split_at((*size).min(rest.len()));
        let taken = session.take(chunk, at, |found| {
            if let Found::Message(message) = found {
                fixes += message.fixes.len();
            }
        });
        assert!(session.buffered_bytes() <= MAX_BUFFERED_BYTES);
        // A fix takes some bytes: none are made up.
        assert!(fixes <= data.len());
        rest = later;
        if taken.is_err() || rest.is_empty() {
            return;
        }
    }
}
