//! The server's memory for a stream of server-sent events that only waits.

use super::{IdleOptions, Memory};
use crate::http::Client;
use crate::milepost::Milepost;
use crate::process::rss_bytes;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A longer answer before the first event id is an error.
const MAX_OPENING_BYTES: usize = 16 * 1024;
/// Marks the event that is published to all streams.
const MARK: &str = "\"milepost-load\"";

/// Starts a server for this measurement alone, as for sockets.
pub(super) fn measure_streams(options: &IdleOptions) -> Result<Memory> {
    let milepost = Milepost::start(&options.server)?;
    let mut client = milepost.client()?;
    // A few streams are opened and closed first, so that memory for the first one is not counted.
    let first = (0..20).map(|_| Stream::open(&milepost)).collect::<Result<Vec<_>>>()?;
    publish_to_all(&mut client, first)?;
    std::thread::sleep(Duration::from_secs(1));

    let before_bytes = rss_bytes(milepost.pid)?;
    let start = Instant::now();
    let streams = (0..options.streams).map(|_| Stream::open(&milepost)).collect::<Result<Vec<_>>>()?;
    let opened_per_second = options.streams as f64 / start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs_f64(options.settle_seconds));
    let after_bytes = rss_bytes(milepost.pid)?;
    let streams = publish_to_all(&mut client, streams)?;
    std::thread::sleep(Duration::from_secs_f64(options.settle_seconds));
    let after_message_bytes = rss_bytes(milepost.pid)?;
    let each = |bytes: u64| bytes.saturating_sub(before_bytes) as f64 / 1024.0 / streams.len() as f64;
    Ok(Memory {
        before_bytes,
        after_bytes,
        kib_each: each(after_bytes),
        kib_each_after_message: each(after_message_bytes),
        opened_per_second,
    })
}

/// Publishes one event and reads it from each stream. Returns the streams, which are still open.
fn publish_to_all(client: &mut Client, mut streams: Vec<Stream>) -> Result<Vec<Stream>> {
    let event = json!({"event_type": "milepost-load", "payload": {}});
    let (status, answer) = client.call("POST", "/api/v1/sync-events", &event)?;
    ensure!(status == 201, "an event was answered {status}: {answer}");
    for stream in &mut streams {
        stream.read_until(MARK)?;
    }
    Ok(streams)
}

/// An open stream.
struct Stream(TcpStream);

impl Stream {
    /// Opens a stream and reads up to the first event id. After that it only waits.
    fn open(milepost: &Milepost) -> Result<Self> {
        let connection = TcpStream::connect(milepost.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut stream = Self(connection);
        let (address, credential) = (milepost.address, &milepost.credential);
        let request = format!("GET /api/events HTTP/1.1\r\nhost: {address}\r\n{credential}\r\n\r\n");
        stream.0.write_all(request.as_bytes())?;
        stream.read_until("\nid: ").context("a stream was not opened")?;
        Ok(stream)
    }

    /// Reads until `mark` has come.
    fn read_until(&mut self, mark: &str) -> Result<()> {
        let mut text = String::new();
        let mut bytes = [0; 2048];
        while !text.contains(mark) {
            let length_bytes = self.0.read(&mut bytes).context("a stream is silent")?;
            if length_bytes == 0 || text.len() > MAX_OPENING_BYTES || text.starts_with("HTTP/1.1 4") {
                bail!("a stream ended before {mark:?} came: {text}");
            }
            text += &String::from_utf8_lossy(&bytes[..length_bytes]);
        }
        Ok(())
    }
}
