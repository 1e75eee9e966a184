//! A small HTTP/1.1 client: sends prepared requests and reads status and body over one connection.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response<'a> {
    /// 200, 201, …
    pub(crate) status: u16,
    /// The head, with the status line.
    pub(crate) head: &'a str,
    /// The body, possibly empty.
    pub(crate) body: &'a [u8],
    /// Bytes of the whole response.
    pub(crate) length_bytes: usize,
}

/// A longer head than this is an error, not a reason to wait.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A request with a JSON body; `credential` is a whole header line such as `X-Device-Key: k`.
pub(crate) fn json_request(method: &str, path: &str, credential: &str, body: &[u8]) -> Vec<u8> {
    let length_bytes = body.len();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{credential}\r\ncontent-type: application/json\r\n\
         content-length: {length_bytes}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// The response at the start of `bytes`; `None` if more bytes are needed.
pub(crate) fn first_response(bytes: &[u8]) -> Result<Option<Response<'_>>> {
    let Some(head_bytes) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
        if bytes.len() > MAX_HEAD_BYTES {
            bail!("the head of a response is longer than {MAX_HEAD_BYTES} bytes");
        }
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_bytes]).context("the head of a response is not text")?;
    let status: u16 = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .with_context(|| format!("not an HTTP/1.1 response: {head:?}"))?;
    let body_bytes = match header(head, "content-length") {
        Some(length) => length.parse().context("a content-length is not a number")?,
        None if matches!(status, 101 | 204 | 304) => 0,
        None => bail!("a response has no content-length: {head:?}"),
    };
    let length_bytes = head_bytes + body_bytes;
    Ok(bytes.get(head_bytes..length_bytes).map(|body| Response { status, head, body, length_bytes }))
}

/// The value of the first header `name` (in lower case).
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").skip(1);
    lines.filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
}

/// A connection for setting up. It waits for each answer.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    credential: String,
}

impl Client {
    /// Connects; `credential` is a whole header line.
    pub(crate) fn connect(address: SocketAddr, credential: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("can't reach {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, credential: credential.to_owned() })
    }

    /// Sends a request and returns the status and the body as JSON (null if it is not JSON).
    pub(crate) fn call(&mut self, method: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
        let request = json_request(method, path, &self.credential, body.to_string().as_bytes());
        self.answer(&request, |response| {
            (response.status, serde_json::from_slice(response.body).unwrap_or(Value::Null))
        })
        .with_context(|| format!("{method} {path}"))
    }

    /// The gauges and counters of `/metrics` without labels, by their names.
    pub(crate) fn metrics(&mut self) -> Result<HashMap<String, f64>> {
        let request = json_request("GET", "/metrics", &self.credential, b"");
        let text = self.answer(&request, |response| String::from_utf8_lossy(response.body).into_owned())?;
        let line =
            |line: &str| line.split_once(' ').and_then(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
        Ok(text.lines().filter_map(line).collect())
    }

    fn answer<T>(&mut self, request: &[u8], read: impl FnOnce(&Response<'_>) -> T) -> Result<T> {
        self.stream.write_all(request)?;
        let mut received = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let length_bytes = self.stream.read(&mut chunk).context("no answer")?;
            if length_bytes == 0 {
                bail!("the server closed the connection");
            }
            received.extend_from_slice(&chunk[..length_bytes]);
            if let Some(response) = first_response(&received)? {
                return Ok(read(&response));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nx: y\r\n\r\ntrueHTTP/1.1 ";

    #[test]
    fn a_response_is_read_once_it_is_complete() {
        let whole = ANSWER.len() - b"HTTP/1.1 ".len();
        for cut in 0..whole {
            assert_eq!(first_response(&ANSWER[..cut]).unwrap(), None, "{cut} bytes");
        }
        let response = first_response(ANSWER).unwrap().unwrap();
        assert_eq!((response.status, response.body, response.length_bytes), (201, &b"true"[..], whole));
        assert_eq!(header(response.head, "x"), Some("y"));
    }

    #[test]
    fn an_answer_without_content_has_no_length() {
        let response = first_response(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((response.status, response.body), (204, &b""[..]));
    }

    #[test]
    fn an_invalid_response_is_refused() {
        assert!(first_response(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(first_response(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(first_response(&[b'x'; MAX_HEAD_BYTES + 1]).is_err());
    }

    #[test]
    fn a_request_carries_its_credential_and_length() {
        let request = String::from_utf8(json_request("POST", "/p", "X-Device-Key: k", b"{}")).unwrap();
        assert!(request.starts_with("POST /p HTTP/1.1\r\n"));
        assert!(request.contains("\r\nX-Device-Key: k\r\n") && request.contains("\r\ncontent-length: 2\r\n"));
        assert!(request.ends_with("\r\n\r\n{}"));
    }
}
