//! The dialects' sockets and streams, and where their answers differ: section 4 of the contract as a table.

use crate::delivery::session;
use crate::records::stream_support::StreamReader;
use crate::support::{PATIENCE, TestServer, Watcher};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use std::borrow::Cow;

/// The answer to a request for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Opens,
    Status(u16),
    /// It opens and closes with this code and reason.
    Closes(u16, &'static str),
}

/// The end of an open connection. A stream has no close codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Code(u16, String),
    Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Bus,
    Delivery,
    Fleet,
    /// `/ws`: a client says hello before it is let in or refused.
    Native,
    Parcel,
    Records,
    RecordsStream,
    /// `/api/socket`: it takes a session's cookie of another name, and a token in the URL.
    Traccar,
}

#[derive(Debug)]
pub struct Dialect {
    pub name: Name,
    /// A page of a foreign origin sends the visitor's cookie.
    pub foreign_page: Answer,
    /// It has a token.
    pub foreign_page_with_token: Answer,
    pub no_credential: Answer,
    pub bad_token: Answer,
    pub expired_token: Answer,
    /// A good token, and a bad one, in the URL alone.
    pub token_in_url: (Answer, Answer),
    /// The user was locked out before it came back.
    pub locked_out: Answer,
    /// The tenant has no place left.
    pub full: Answer,
    /// The user is locked out or has a new password.
    pub revoked: (u16, &'static str),
    /// The token expires.
    pub expired: (u16, &'static str),
}

pub static DIALECTS: [Dialect; 8] = [
    Dialect {
        name: Name::Bus,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Status(403),
        no_credential: Answer::Status(403),
        bad_token: Answer::Status(403),
        expired_token: Answer::Status(403),
        token_in_url: (Answer::Opens, Answer::Status(403)),
        locked_out: Answer::Status(403),
        full: Answer::Status(429),
        revoked: (1008, "access was withdrawn"),
        expired: (1008, "token expired"),
    },
    Dialect {
        name: Name::Delivery,
        // The link is public, so the cookie does not matter.
        foreign_page: Answer::Opens,
        foreign_page_with_token: Answer::Opens,
        no_credential: Answer::Opens,
        bad_token: Answer::Closes(1008, "Invalid token"),
        expired_token: Answer::Closes(1008, "Invalid token"),
        token_in_url: (Answer::Opens, Answer::Closes(1008, "Invalid token")),
        locked_out: Answer::Closes(1008, "Invalid token"),
        full: Answer::Status(429),
        revoked: (1008, "Invalid token"),
        expired: (1008, "Invalid token"),
    },
    Dialect {
        name: Name::Fleet,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Status(403),
        no_credential: Answer::Status(401),
        bad_token: Answer::Status(401),
        expired_token: Answer::Status(401),
        token_in_url: (Answer::Opens, Answer::Status(401)),
        locked_out: Answer::Status(401),
        full: Answer::Status(429),
        revoked: (1008, "access was withdrawn"),
        expired: (1008, "token expired"),
    },
    Dialect {
        name: Name::Native,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Status(403),
        no_credential: Answer::Closes(4001, "authentication credentials were not provided"),
        bad_token: Answer::Closes(4001, "invalid token"),
        expired_token: Answer::Closes(4001, "token expired"),
        // It is not read.
        token_in_url: (
            Answer::Closes(4001, "authentication credentials were not provided"),
            Answer::Closes(4001, "authentication credentials were not provided"),
        ),
        locked_out: Answer::Closes(4001, "the user is not approved or not active"),
        full: Answer::Closes(4100, "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT"),
        revoked: (4001, "access was withdrawn"),
        expired: (4001, "token expired"),
    },
    Dialect {
        name: Name::Parcel,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Status(403),
        no_credential: Answer::Closes(4001, "authentication credentials were not provided"),
        bad_token: Answer::Closes(4001, "invalid token"),
        expired_token: Answer::Closes(4001, "token expired"),
        token_in_url: (Answer::Opens, Answer::Closes(4001, "invalid token")),
        locked_out: Answer::Closes(4001, "the user is not approved or not active"),
        full: Answer::Status(429),
        revoked: (4001, "access was withdrawn"),
        expired: (4001, "token expired"),
    },
    Dialect {
        name: Name::Records,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Status(403),
        no_credential: Answer::Closes(4001, "authentication credentials were not provided"),
        bad_token: Answer::Closes(4001, "invalid token"),
        expired_token: Answer::Closes(4001, "token expired"),
        token_in_url: (Answer::Opens, Answer::Closes(4001, "invalid token")),
        locked_out: Answer::Closes(4001, "the user is not approved or not active"),
        full: Answer::Status(429),
        revoked: (4001, "access was withdrawn"),
        expired: (4001, "token expired"),
    },
    Dialect {
        name: Name::RecordsStream,
        foreign_page: Answer::Status(403),
        foreign_page_with_token: Answer::Opens,
        no_credential: Answer::Status(401),
        bad_token: Answer::Status(401),
        expired_token: Answer::Status(401),
        token_in_url: (Answer::Status(401), Answer::Status(401)),
        locked_out: Answer::Status(401),
        full: Answer::Status(429),
        revoked: (0, ""),
        expired: (0, ""),
    },
    Dialect {
        name: Name::Traccar,
        // Traccar answers a handshake that shows nobody with an empty page.
        foreign_page: Answer::Status(200),
        foreign_page_with_token: Answer::Opens,
        no_credential: Answer::Status(200),
        bad_token: Answer::Status(200),
        expired_token: Answer::Status(200),
        token_in_url: (Answer::Opens, Answer::Status(200)),
        locked_out: Answer::Status(200),
        full: Answer::Status(429),
        revoked: (1008, "access was withdrawn"),
        expired: (1008, "token expired"),
    },
];

/// A server that has all of them.
pub async fn start_all(settings: &[(&'static str, &str)]) -> TestServer {
    TestServer::start_with(&[&[("TRACCAR_API", "1")], settings].concat()).await
}

/// An open connection.
pub enum Connection {
    Socket(Box<Watcher>),
    Stream(Box<StreamReader>),
}

impl Dialect {
    pub const fn is_stream(&self) -> bool {
        matches!(self.name, Name::RecordsStream)
    }

    /// Adds what can be followed in the default tenant, and returns the path to follow it.
    pub async fn path(&self, server: &TestServer) -> String {
        match self.name {
            Name::Bus => "/ws/bus-tracking/".to_owned(),
            Name::Fleet => "/ws/tracking?company_id=default".to_owned(),
            Name::Native => "/ws".to_owned(),
            Name::Records => "/ws/updates/".to_owned(),
            Name::RecordsStream => "/api/events".to_owned(),
            Name::Traccar => "/api/socket".to_owned(),
            Name::Parcel => format!("/ws/tracking/?parcel_id={}", server.add_parcel(None).await),
            Name::Delivery => {
                let rider = crate::support::signing::token_for("r1", "rider", "default", 600);
                format!("/ws/tracking/{}", session::start(server, &rider).await)
            }
        }
    }

    /// The path and headers with which its clients show these credentials.
    fn shown<'h>(
        &self,
        path: &str,
        headers: &[(&'static str, &'h str)],
    ) -> (String, Vec<(&'static str, Cow<'h, str>)>) {
        let (mut path, mut shown) = (path.to_owned(), Vec::new());
        for &(name, value) in headers {
            match (self.name, name, value.strip_prefix("Bearer ")) {
                (Name::Traccar, "Authorization", Some(token)) => path = format!("{path}?token={token}"),
                (Name::Traccar, "Cookie", _) => {
                    shown.push((name, value.replace("milepost_session=", "JSESSIONID=").into()));
                }
                _ => shown.push((name, value.into())),
            }
        }
        (path, shown)
    }

    /// Opens a connection, or returns the refusal, if it came before the client was let in.
    pub async fn try_open(
        &self,
        server: &TestServer,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Connection, Answer> {
        let (path, headers) = self.shown(path, headers);
        let path = path.as_str();
        let headers: Vec<(&'static str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let by_status = |status: StatusCode| Answer::Status(status.as_u16());
        if self.is_stream() {
            let stream = StreamReader::try_open_with(&format!("{}{path}", server.url), &headers).await;
            return Ok(Connection::Stream(Box::new(stream.map_err(by_status)?)));
        }
        let mut watcher = server.try_watch(path, &headers).await.map_err(by_status)?;
        if self.name == Name::Native {
            watcher.send(json!({"op": "hello", "v": 1})).await;
            if watcher.next().await["op"] != "welcome" {
                let frame = watcher.closed().await.expect("a close frame");
                return Err(Answer::Closes(frame.code.into(), frame.reason.as_str().to_owned().leak()));
            }
        }
        Ok(Connection::Socket(Box::new(watcher)))
    }

    pub async fn open(&self, server: &TestServer, path: &str, token: &str) -> Connection {
        let bearer = format!("Bearer {token}");
        let opened = self.try_open(server, path, &[("Authorization", &bearer)]).await;
        opened.unwrap_or_else(|refusal| panic!("{:?}: {refusal:?}", self.name))
    }

    pub async fn is_answered(
        &self,
        server: &TestServer,
        path: &str,
        headers: &[(&'static str, &str)],
        expected: Answer,
    ) {
        let answer = match (self.try_open(server, path, headers).await, expected) {
            (Err(answer), _) => answer,
            (Ok(_), Answer::Opens | Answer::Status(_)) => Answer::Opens,
            (Ok(mut connection), Answer::Closes(_, reason)) => match connection.end().await {
                End::Code(code, given) if given == reason => Answer::Closes(code, reason),
                other => panic!("{:?} {headers:?}: {other:?}", self.name),
            },
        };
        assert_eq!(answer, expected, "{:?} {headers:?}", self.name);
    }

    /// The end that a socket announces with this code and reason.
    pub fn end_of(&self, (code, reason): (u16, &str)) -> End {
        if self.is_stream() { End::Ends } else { End::Code(code, reason.to_owned()) }
    }

    /// The answer to the request itself, with its headers.
    pub async fn answer(&self, server: &TestServer, path: &str, token: &str, is_upgrade: bool) -> Response {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let bearer = format!("Bearer {token}");
        let (path, headers) = self.shown(path, &[("Authorization", &bearer)]);
        let mut request = client.get(format!("{}{path}", server.url));
        for (name, value) in &headers {
            request = request.header(*name, &**value);
        }
        if is_upgrade && !self.is_stream() {
            let upgrade = [
                ("Connection", "upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ];
            for (name, value) in upgrade {
                request = request.header(name, value);
            }
        }
        request.send().await.unwrap()
    }
}

impl Connection {
    /// Reads until the connection ends, and returns how.
    pub async fn end(&mut self) -> End {
        match self {
            Self::Socket(watcher) => {
                let frame = watcher.closed().await.expect("a close frame");
                End::Code(frame.code.into(), frame.reason.to_string())
            }
            Self::Stream(stream) => {
                while stream.next_block().await.is_some() {}
                End::Ends
            }
        }
    }
}
