//! A sixth dialect, written here: a few lines give it the same connections as the others have.

use crate::support::{PATIENCE, TestServer};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use milepost_domain::TenantId;
use milepost_http::Problem;
use milepost_hub::{ChannelId, Interest, Key, Message, Recipients, Subscription};
use milepost_live::{ConnectionPolicy, Entry, Live, SocketSender, Viewer};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;

fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("notes", tenant.as_str())
}

fn note(version: i64) -> Message {
    let payload = json!({"type": "note", "version": version}).to_string();
    Message::conflated(payload, Recipients::everyone(), Key::new("note", ""))
}

/// `/ws/notes`.
async fn watch_notes(State(live): State<Live>, request: Request) -> Result<Response, Problem> {
    let handshake = live.handshake(request, &ConnectionPolicy::SOCKET)?;
    let entry = handshake.authenticate().await.map(|credential| {
        let tenant = credential.caller().tenant.clone();
        Entry::new(credential, tenant)
    });
    Ok(handshake.open_socket(entry, move |sender, tenant| NotesViewer::enter(sender, live, tenant)))
}

struct NotesViewer {
    sender: Arc<SocketSender>,
    _subscription: Subscription,
}

impl NotesViewer {
    async fn enter(sender: Arc<SocketSender>, live: Live, tenant: TenantId) -> Result<Self, Problem> {
        let snapshot = sender.begin_snapshot();
        let _subscription = snapshot.subscribe(&live.hub.channel(&channel_of(&tenant)), Interest::all());
        snapshot.offer(&[note(1)]);
        drop(snapshot);
        Ok(Self { sender, _subscription })
    }
}

impl Viewer for NotesViewer {
    async fn answer(&mut self, text: &str) {
        self.sender.send(text);
    }

    fn say_error(&self, message: &str) {
        self.sender.send(&json!({"type": "error", "message": message}).to_string());
    }
}

#[tokio::test]
async fn a_sixth_dialect_makes_the_same_promises() {
    let mut server = TestServer::start_with(&[("MAX_CONNECTIONS_PER_TENANT", "1")]).await;
    let live = server.running.assembly.live.clone();
    let (id, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let main = std::mem::replace(&mut server.url, format!("http://{}", listener.local_addr().unwrap()));
    let router = Router::new().route("/ws/notes", get(watch_notes)).with_state(live.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let bearer = format!("Bearer {token}");
    let foreign = [("Authorization", bearer.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(server.try_watch("/ws/notes", &foreign).await.err().unwrap(), 403);
    assert_eq!(server.try_watch("/ws/notes", &[]).await.err().unwrap(), 401);
    let mut watcher = server.watch("/ws/notes", &token).await;
    assert_eq!(watcher.next().await["version"], 1);
    let full = server.try_watch("/ws/notes", &[("Authorization", &bearer)]).await;
    assert_eq!(full.err().unwrap(), 429);
    live.hub.channel(&channel_of(&TenantId::default_tenant())).publish(note(2));
    assert_eq!(watcher.next().await["version"], 2);
    watcher.send(json!({"type": "echo"})).await;
    assert_eq!(watcher.next().await["type"], "echo");
    server.url = main;
    let change = json!({"active": false});
    server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(change)).await;
    let close = tokio::time::timeout(PATIENCE, watcher.closed()).await.unwrap().unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "access was withdrawn"));
}
