//! Serves one client: its subscriptions, and what it asks for.

use crate::StreamParts;
use crate::beat::{BEAT, TenantBeat};
use crate::convert::render;
use crate::facts::{FactView, Topic};
use crate::greeting::VERSION;
use crate::inbound::{FromClient, Reference, Refusal, read_message};
use crate::state::event_of_cursor;
use crate::topic::TopicKind;
use crate::vehicles::{VehicleFilter, VehicleSubscriptions};
use crate::who::Who;
use crate::wire::{AuthJson, EndedJson, ErrorJson, LimitsJson, OkJson, PongJson, SubJson, WelcomeJson};
use milepost_domain::{CadetId, Role, VehicleScope};
use milepost_http::Problem;
use milepost_live::{MessageCredential, Outlet, Renewal, SocketSender, TopicFollower, Viewer};
use milepost_service::{ServiceError, records};
use serde_json::json;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

/// Subscriptions of one connection. Further ones are refused with `limit`.
const MAX_SUBSCRIPTIONS: usize = 64;
/// Ids, routes and kinds in one subscription. More are refused with `limit`.
const MAX_NAMES: usize = 1_000;
/// Milliseconds after which to try again what the database could not answer.
const RETRY_MS: u64 = 2_000;
/// What this server can do beyond the first version.
const FEATURES: &[&str] = &[];

pub(crate) struct StreamViewer {
    parts: StreamParts,
    who: Arc<Who>,
    outlet: Outlet,
    renewal: Renewal,
    vehicles: VehicleSubscriptions,
    facts: TopicFollower<FactView>,
    topics: BTreeMap<u32, TopicKind>,
    _beat: Arc<TenantBeat>,
}

impl StreamViewer {
    /// Greets the client. It follows nothing yet.
    pub(crate) async fn enter(
        parts: StreamParts,
        sender: Arc<SocketSender>,
        renewal: Renewal,
        who: Who,
    ) -> Result<Self, Problem> {
        let feed = parts.state.feed(&parts.live).await?;
        let beat = parts.state.beat(&who.tenant, &feed);
        let (who, outlet) = (Arc::new(who), Outlet::from(sender));
        outlet.send(&welcome(&parts, &who));
        let view = FactView {
            live: parts.live.clone(),
            caller: who.caller.clone(),
            tenant: who.tenant.clone(),
            viewer: who.log,
            reader: who.reader.clone(),
            feed,
        };
        let facts = TopicFollower::new(&parts.live, outlet.clone(), view);
        let vehicles = VehicleSubscriptions::new(parts.live.clone(), Arc::clone(&who), outlet.clone());
        Ok(Self { parts, who, outlet, renewal, vehicles, facts, topics: BTreeMap::new(), _beat: beat })
    }

    async fn subscribe(&mut self, mut sub: SubJson) -> Result<(), Refusal> {
        let s = sub.s;
        if self.topics.contains_key(&s) || self.vehicles.has(s) {
            return Err(Refusal::new(
                "taken",
                "this number has a subscription: unsub it first, or take another number",
            ));
        }
        if self.topics.len() + self.vehicles.len() >= MAX_SUBSCRIPTIONS {
            return Err(Refusal::new("limit", format!("at most {MAX_SUBSCRIPTIONS} subscriptions")));
        }
        let topic = match sub.to.as_str() {
            "vehicles" => {
                let filter = VehicleFilter::of(&mut sub);
                if filter.names() > MAX_NAMES {
                    return Err(Refusal::new("limit", format!("at most {MAX_NAMES} ids, routes and kinds")));
                }
                if self.who.scope == VehicleScope::Nothing {
                    return Err(Refusal::new("forbidden", "you may see no vehicle"));
                }
                return Ok(self.vehicles.add(s, filter).await?);
            }
            "alerts" => TopicKind::Alerts,
            "trips" => TopicKind::Trips,
            "events" => TopicKind::Events,
            "notices" => TopicKind::Notices,
            "records" => TopicKind::Records,
            "cadet" => TopicKind::Cadet(self.cadet(&sub).await?),
            other => {
                let name: String = other.chars().take(64).collect();
                return Err(Refusal::new("invalid", format!("to: there is no {name}")));
            }
        };
        self.follow(s, topic, sub.after.as_deref())
    }

    /// A cadet that the client may see.
    async fn cadet(&mut self, sub: &SubJson) -> Result<CadetId, Refusal> {
        let number = sub.id.as_ref().and_then(serde_json::Value::as_i64);
        let id = number.and_then(|number| CadetId::new(number).ok());
        let id = id.ok_or_else(|| Refusal::new("invalid", "id: must be a cadet's number"))?;
        let Some(caller) = &self.who.caller else { return Err(Refusal::new("forbidden", "you may see no cadet")) };
        let live = &self.parts.live;
        let request = live.context.request(caller.clone());
        records::get_cadet(&live.use_cases().records, &request, &self.who.tenant, id).await?;
        Ok(id)
    }

    fn follow(&mut self, s: u32, kind: TopicKind, after: Option<&str>) -> Result<(), Refusal> {
        if !self.who.log.may_follow(kind) {
            return Err(Refusal::new("forbidden", "you may not follow this"));
        }
        if self.topics.values().any(|other| other.overlaps(kind)) {
            return Err(Refusal::new("taken", "another subscription has these facts"));
        }
        let after = after.map(|cursor| event_of_cursor(&self.facts.view().feed, cursor));
        self.facts.follow(Topic { s, kind }, after).map_err(|message| Refusal::new("limit", message))?;
        self.topics.insert(s, kind);
        Ok(())
    }

    async fn unsubscribe(&mut self, s: u32) -> Result<(), Refusal> {
        if self.vehicles.has(s) {
            return Ok(self.vehicles.remove(s).await?);
        }
        if let Some(kind) = self.topics.remove(&s) {
            self.facts.leave(&Topic { s, kind });
        }
        // Ending what has ended is no error: the server may have ended it meanwhile.
        self.outlet.send(&render(&EndedJson { op: "ended", s }));
        Ok(())
    }

    async fn renew(&mut self, reference: &Reference<'_>, auth: AuthJson) -> Result<(), Refusal> {
        let credential = match (auth.token, auth.key) {
            (Some(token), _) => MessageCredential::Token(token),
            (None, Some(key)) => MessageCredential::DeviceKey(key),
            (None, None) => return Err(Refusal::new("invalid", "token: is required")),
        };
        let expires_at = self.renewal.renew(&credential).await.map_err(|problem| Refusal::of(&problem))?;
        let expires_in = expires_at.map(|at| at.ms_since(self.parts.live.now()) / 1_000);
        self.ok(reference, json!({ "expires_in": expires_in }));
        Ok(())
    }

    fn ok(&self, reference: &Reference<'_>, more: serde_json::Value) {
        self.outlet.send(&render(&OkJson { op: "ok", re: reference.id, more }));
    }

    fn refuse(&self, reference: &Reference<'_>, refusal: &Refusal) {
        let Refusal { code, message } = refusal;
        let retry_ms = (*code == "unavailable").then_some(RETRY_MS);
        let (s, re) = (reference.s, reference.id);
        self.outlet.send(&render(&ErrorJson { op: "error", s, re, code, message, retry_ms }));
    }
}

fn welcome(parts: &StreamParts, who: &Who) -> String {
    let caller = who.caller.as_ref();
    let expires_at = caller.and_then(|caller| caller.expires_at);
    render(&WelcomeJson {
        op: "welcome",
        v: VERSION,
        epoch: &parts.state.epoch,
        tenant: who.tenant.as_str(),
        role: caller.and_then(milepost_domain::Caller::role).map(Role::as_str),
        expires_in: expires_at.map(|at| at.ms_since(parts.live.now()) / 1_000),
        beat_s: BEAT.as_secs(),
        features: FEATURES,
        limits: LimitsJson {
            subscriptions: MAX_SUBSCRIPTIONS,
            names: MAX_NAMES,
            message_bytes: parts.max_message_bytes,
        },
    })
}

impl Refusal {
    fn of(problem: &Problem) -> Self {
        let code = match problem.status {
            401 => "not_authenticated",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            410 => "gone",
            429 => "busy",
            400..=499 => "invalid",
            _ => "unavailable",
        };
        Self::new(code, problem.detail.clone())
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::of(&Problem::from(error))
    }
}

impl Viewer for StreamViewer {
    async fn answer(&mut self, text: &str) {
        let (reference, message) = read_message(text);
        let done = match message {
            Ok(FromClient::Sub(sub)) => self.subscribe(*sub).await,
            Ok(FromClient::Unsub(unsub)) => self.unsubscribe(unsub.s).await,
            Ok(FromClient::Auth(auth)) => self.renew(&reference, auth).await,
            Ok(FromClient::Ping) => {
                let t = self.parts.live.now().unix_ms();
                self.outlet.send(&render(&PongJson { op: "pong", re: reference.id, t }));
                Ok(())
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = done {
            self.refuse(&reference, &refusal);
        }
    }

    fn say_error(&self, message: &str) {
        self.refuse(&Reference::default(), &Refusal::new("malformed", message));
    }

    async fn work(&mut self) -> Infallible {
        let Self { vehicles, facts, .. } = self;
        tokio::select! {
            never = vehicles.lane.run() => never,
            never = facts.run() => never,
        }
    }
}
