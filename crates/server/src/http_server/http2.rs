//! Refuses HTTP/2 in its own words, so that the client's message says what is wrong.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Empty SETTINGS, then GOAWAY with the code HTTP_1_1_REQUIRED (RFC 9113, sections 6.5, 6.8 and 7).
const REFUSAL: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x1f\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0donly HTTP/1.1 is spoken";

/// How long a client may take to read the refusal.
const READ_WAIT: Duration = Duration::from_secs(1);

/// Answers a connection that began with the preface of HTTP/2.
pub(super) async fn refuse_http2(mut stream: TcpStream) {
    let refused = async {
        stream.write_all(REFUSAL).await?;
        stream.shutdown().await?;
        // Closing while something is unread would reset the connection, and the client would not see the refusal.
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(READ_WAIT, refused).await;
}

#[cfg(test)]
mod tests {
    use super::REFUSAL;

    #[test]
    fn the_refusal_is_two_whole_frames() {
        let (settings, goaway) = REFUSAL.split_at(9);
        assert_eq!(settings, [0, 0, 0, 4, 0, 0, 0, 0, 0]);
        assert_eq!(usize::from(goaway[2]), goaway.len() - 9, "the length of its payload");
        assert_eq!(goaway[3], 7, "GOAWAY");
        assert_eq!(goaway[9..17], [0, 0, 0, 0, 0, 0, 0, 0xd], "no stream, HTTP_1_1_REQUIRED");
    }
}
