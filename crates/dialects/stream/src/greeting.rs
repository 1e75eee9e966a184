//! Reads `hello`, and lets clients in.

use crate::StreamParts;
use crate::convert::render;
use crate::policy::{BAD_HELLO, BAD_VERSION, LATE};
use crate::viewer::StreamViewer;
use crate::who::{Who, admit};
use crate::wire::{ErrorJson, HelloJson};
use milepost_http::Problem;
use milepost_live::{
    BadGreeting, Close, Credential, Entry, Greeter, Handshake, LaneForm, MessageCredential, Renewal, SocketSender,
};
use std::sync::Arc;

/// The only version of the protocol so far.
pub(crate) const VERSION: u32 = 1;

pub(crate) struct StreamGreeter {
    parts: StreamParts,
}

impl StreamGreeter {
    pub(crate) fn new(parts: StreamParts) -> Self {
        Self { parts }
    }
}

impl Greeter for StreamGreeter {
    type Greeting = HelloJson;
    type View = Who;
    type Viewer = StreamViewer;

    const LATE: Close<'static> = LATE;

    fn read(&self, text: &str) -> Result<(Option<MessageCredential>, HelloJson), BadGreeting> {
        #[derive(serde::Deserialize)]
        struct Hello {
            op: String,
            #[serde(flatten)]
            hello: HelloJson,
        }
        let refused = |code, message: &str, close| {
            let error = ErrorJson { op: "error", s: None, re: None, code, message, retry_ms: None };
            BadGreeting { message: render(&error), close }
        };
        let hello = match serde_json::from_str::<Hello>(text) {
            Ok(hello) if hello.op == "hello" => hello.hello,
            Ok(_) => return Err(refused("hello_first", BAD_HELLO.reason, BAD_HELLO)),
            Err(error) => return Err(refused("malformed", &format!("hello: {error}"), BAD_HELLO)),
        };
        if hello.v.is_some_and(|version| version != VERSION) {
            return Err(refused("version", BAD_VERSION.reason, BAD_VERSION));
        }
        let credential = match (&hello.token, &hello.key) {
            (Some(token), _) => Some(MessageCredential::Token(token.clone())),
            (None, Some(key)) => Some(MessageCredential::DeviceKey(key.clone())),
            (None, None) => None,
        };
        Ok((credential, hello))
    }

    async fn authorize(
        &self,
        handshake: &Handshake,
        credential: Option<Credential>,
        hello: HelloJson,
    ) -> Result<Entry<Who>, Problem> {
        let form = LaneForm { rows: hello.form.as_deref() == Some("rows"), flow: hello.flow.unwrap_or_default() };
        let entry = admit(&self.parts, handshake, credential, hello.link.as_deref(), hello.tenant.as_deref()).await?;
        Ok(Entry { view: Who { form, ..entry.view }, ..entry })
    }

    async fn enter(self, sender: Arc<SocketSender>, renewal: Renewal, who: Who) -> Result<StreamViewer, Problem> {
        StreamViewer::enter(self.parts, sender, renewal, who).await
    }
}
