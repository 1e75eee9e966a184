//! Serves one client's socket: answers its messages.

use crate::StreamParts;
use crate::convert::render;
use crate::inbound::{FromClient, Reference, Refusal, read_message};
use crate::requests;
use crate::session::Session;
use crate::who::Who;
use crate::wire::{AuthJson, OkJson, PongJson};
use milepost_http::Problem;
use milepost_live::{MessageCredential, Outlet, Renewal, SocketSender, Viewer};
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;

pub(crate) struct StreamViewer {
    session: Session,
    renewal: Renewal,
}

impl StreamViewer {
    /// Greets the client. It follows nothing yet.
    pub(crate) async fn enter(
        parts: StreamParts,
        sender: Arc<SocketSender>,
        renewal: Renewal,
        who: Who,
    ) -> Result<Self, Problem> {
        Ok(Self { session: Session::begin(parts, Outlet::from(sender), who, None).await?, renewal })
    }

    async fn renew(&mut self, reference: &Reference<'_>, auth: AuthJson) -> Result<(), Refusal> {
        let credential = match (auth.token, auth.key) {
            (Some(token), _) => MessageCredential::Token(token),
            (None, Some(key)) => MessageCredential::DeviceKey(key),
            (None, None) => return Err(Refusal::new("invalid", "token: is required")),
        };
        let expires_at = self.renewal.renew(&credential).await.map_err(|problem| Refusal::of(&problem))?;
        let expires_in = expires_at.map(|at| at.ms_since(self.session.parts.live.now()) / 1_000);
        self.ok(reference, json!({ "expires_in": expires_in }));
        Ok(())
    }

    /// Does what the client asks for, and answers once it is durable.
    async fn serve(&mut self, reference: &Reference<'_>, message: FromClient) -> Result<(), Refusal> {
        let Session { parts: StreamParts { live, .. }, who, .. } = &self.session;
        let request = self.session.request()?;
        let answer = match message {
            FromClient::Report(report) => requests::report(live, &request, &who.tenant, report).await?,
            FromClient::Read(read) => requests::read(live, &request, &who.tenant, read).await?,
            FromClient::Status(status) => requests::status(live, &request, &who.tenant, status).await?,
            _ => json!({}),
        };
        self.ok(reference, answer);
        Ok(())
    }

    fn ok(&self, reference: &Reference<'_>, more: serde_json::Value) {
        self.session.outlet.send(&render(&OkJson { op: "ok", re: reference.id, more }));
    }
}

impl Viewer for StreamViewer {
    async fn answer(&mut self, text: &str) {
        let (reference, message) = read_message(text);
        let done = match message {
            Ok(FromClient::Sub(sub)) => self.session.subscribe(*sub).await,
            Ok(FromClient::Unsub(unsub)) => self.session.unsubscribe(unsub.s).await,
            Ok(FromClient::View(view)) => self.session.vehicles.move_view(view.s, view.edges.as_deref()).await,
            Ok(FromClient::Auth(auth)) => self.renew(&reference, auth).await,
            Ok(FromClient::Seen(seen)) => {
                self.session.vehicles.lane.acknowledge(seen.m);
                Ok(())
            }
            Ok(FromClient::Ping) => {
                let t = self.session.parts.live.now().unix_ms();
                self.session.outlet.send(&render(&PongJson { op: "pong", re: reference.id, t }));
                Ok(())
            }
            Ok(request @ (FromClient::Report(_) | FromClient::Read(_) | FromClient::Status(_))) => {
                self.serve(&reference, request).await
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = done {
            self.session.refuse(&reference, &refusal);
        }
    }

    fn say_error(&self, message: &str) {
        self.session.refuse(&Reference::default(), &Refusal::new("malformed", message));
    }

    async fn work(&mut self) -> Infallible {
        self.session.run().await
    }
}
