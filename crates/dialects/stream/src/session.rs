//! One client's session, on a socket or a stream: its subscriptions, and what keeps them going.

use crate::StreamParts;
use crate::beat::{BEAT, TenantBeat};
use crate::convert::render;
use crate::facts::{FactView, Topic};
use crate::greeting::VERSION;
use crate::inbound::{Reference, Refusal};
use crate::space::Space;
use crate::state::event_of_cursor;
use crate::things::Things;
use crate::topic::TopicKind;
use crate::vehicles::{VehicleFilter, VehicleSubscriptions};
use crate::who::Who;
use crate::wire::{EndedJson, ErrorJson, LimitsJson, NumberedJson, SubJson, WelcomeJson};
use milepost_domain::{CadetId, Role, VehicleScope};
use milepost_http::Problem;
use milepost_live::{Outlet, TopicFollower};
use milepost_service::{Request, ServiceError, records};
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
const FEATURES: &[&str] = &["near", "within", "clusters"];

pub(crate) struct Session {
    pub(crate) parts: StreamParts,
    pub(crate) who: Arc<Who>,
    pub(crate) outlet: Outlet,
    pub(crate) vehicles: VehicleSubscriptions,
    facts: TopicFollower<FactView>,
    topics: BTreeMap<u32, TopicKind>,
    things: Things,
    _beat: Arc<TenantBeat>,
}

impl Session {
    /// Greets the client. It follows nothing yet. `subs` are what the URL of a stream asks for.
    pub(crate) async fn begin(
        parts: StreamParts,
        outlet: Outlet,
        who: Who,
        subs: Option<&[SubJson]>,
    ) -> Result<Self, Problem> {
        let feed = parts.state.feed(&parts.live).await?;
        let beat = parts.state.beat(&who.tenant, &feed);
        let who = Arc::new(who);
        outlet.send(&welcome(&parts, &who, subs));
        let view = FactView {
            live: parts.live.clone(),
            caller: who.caller.clone(),
            tenant: who.tenant.clone(),
            viewer: who.log,
            reader: who.reader.clone(),
            feed,
        };
        let facts = TopicFollower::new(&parts.live, outlet.clone(), view);
        let (of_vehicles, of_things) = (Arc::clone(&who), Arc::clone(&who));
        let vehicles = VehicleSubscriptions::new(parts.live.clone(), of_vehicles, outlet.clone(), Arc::clone(&beat));
        let things = Things::new(parts.clone(), of_things, outlet.clone(), Arc::clone(&vehicles.lane));
        Ok(Self { parts, who, outlet, vehicles, facts, topics: BTreeMap::new(), things, _beat: beat })
    }

    /// Makes several subscriptions, whose facts begin together after one cursor, and tells of those that are refused.
    pub(crate) async fn subscribe_all(&mut self, subs: Vec<SubJson>, after: Option<&str>) {
        let (mut topics, mut others) = (Vec::new(), Vec::new());
        for sub in subs {
            match self.topic(&sub).await {
                Ok(Some(kind)) => match self.check_topic(sub.s, kind) {
                    Ok(()) => {
                        self.topics.insert(sub.s, kind);
                        topics.push(Topic { s: sub.s, kind });
                    }
                    Err(refusal) => self.refuse_sub(sub.s, &refusal),
                },
                Ok(None) => others.push(sub),
                Err(refusal) => self.refuse_sub(sub.s, &refusal),
            }
        }
        for sub in others {
            let s = sub.s;
            if let Err(refusal) = self.subscribe(sub).await {
                self.refuse_sub(s, &refusal);
            }
        }
        if !topics.is_empty() {
            let after = after.map(|cursor| event_of_cursor(&self.facts.view().feed, cursor));
            // There is room: these are the first ones.
            let _ = self.facts.follow(topics, after);
        }
    }

    pub(crate) async fn subscribe(&mut self, mut sub: SubJson) -> Result<(), Refusal> {
        let s = sub.s;
        if let Some(kind) = self.topic(&sub).await? {
            self.check_topic(s, kind)?;
            let after = sub.after.as_deref().map(|cursor| event_of_cursor(&self.facts.view().feed, cursor));
            self.facts.follow(vec![Topic { s, kind }], after).map_err(|message| Refusal::new("limit", message))?;
            self.topics.insert(s, kind);
            return Ok(());
        }
        self.check_number(s)?;
        match sub.to.as_str() {
            "vehicles" | "view" => {
                let filter = if sub.to == "view" { VehicleFilter::of_view(&sub)? } else { VehicleFilter::of(&mut sub) };
                if filter.names() > MAX_NAMES {
                    return Err(Refusal::new("limit", format!("at most {MAX_NAMES} ids, routes and kinds")));
                }
                if self.who.scope == VehicleScope::Nothing {
                    return Err(Refusal::new("forbidden", "you may see no vehicle"));
                }
                Ok(self.vehicles.add(s, filter).await?)
            }
            "near" | "within" => self.ask_map(sub).await,
            _ => self.things.add(&sub).await,
        }
    }

    /// Follows the vehicles that a question selects, as they move.
    async fn ask_map(&mut self, mut sub: SubJson) -> Result<(), Refusal> {
        let request = self.request()?;
        if self.who.scope == VehicleScope::Nothing {
            return Err(Refusal::new("forbidden", "you may see no vehicle"));
        }
        let space = match sub.to.as_str() {
            "near" => Space::near(&mut sub)?,
            _ => {
                let use_cases = self.parts.live.use_cases();
                Space::within(&mut sub, use_cases, &request, &self.who.tenant).await?
            }
        };
        if space.names() > MAX_NAMES {
            return Err(Refusal::new("limit", format!("at most {MAX_NAMES} routes and kinds")));
        }
        self.vehicles.add_space(sub.s, space, VehicleFilter::of_space(&sub)).await
    }

    pub(crate) async fn unsubscribe(&mut self, s: u32) -> Result<(), Refusal> {
        if self.vehicles.has(s) {
            return Ok(self.vehicles.remove(s).await?);
        }
        self.things.remove(s);
        let ended = render(&EndedJson { op: "ended", s });
        match self.topics.remove(&s) {
            // Facts of it may be under way.
            Some(kind) => self.facts.leave(&Topic { s, kind }, ended),
            // Ending what has ended is no error: the server may have ended it meanwhile.
            None => self.outlet.send(&ended),
        }
        Ok(())
    }

    /// The request of a client that is no visitor.
    pub(crate) fn request(&self) -> Result<Request, Refusal> {
        let caller = self.who.caller.clone();
        let caller = caller.ok_or_else(|| Refusal::new("forbidden", "visitors change nothing"))?;
        Ok(self.parts.live.context.request(caller))
    }

    pub(crate) fn refuse(&self, reference: &Reference<'_>, refusal: &Refusal) {
        let Refusal { code, message } = refusal;
        let retry_ms = (*code == "unavailable").then_some(RETRY_MS);
        let (s, re) = (reference.s, reference.id);
        self.outlet.send(&render(&ErrorJson { op: "error", s, re, code, message, retry_ms }));
    }

    fn refuse_sub(&self, s: u32, refusal: &Refusal) {
        self.refuse(&Reference { s: Some(s), id: None }, refusal);
    }

    /// Keeps the subscriptions going, and never returns. Dropping the future loses nothing.
    pub(crate) async fn run(&mut self) -> Infallible {
        let Self { vehicles, facts, things, .. } = self;
        tokio::select! {
            never = vehicles.run() => never,
            never = facts.run() => never,
            never = things.run() => never,
        }
    }

    /// The facts that a subscription asks for; `None` if it asks for something else.
    async fn topic(&mut self, sub: &SubJson) -> Result<Option<TopicKind>, Refusal> {
        Ok(Some(match sub.to.as_str() {
            "alerts" => TopicKind::Alerts,
            "trips" => TopicKind::Trips,
            "events" => TopicKind::Events,
            "notices" => TopicKind::Notices,
            "records" => TopicKind::Records,
            "cadet" => TopicKind::Cadet(self.cadet(sub).await?),
            _ => return Ok(None),
        }))
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

    fn check_topic(&mut self, s: u32, kind: TopicKind) -> Result<(), Refusal> {
        self.check_number(s)?;
        if !self.who.log.may_follow(kind) {
            return Err(Refusal::new("forbidden", "you may not follow this"));
        }
        if self.topics.values().any(|other| other.overlaps(kind)) {
            return Err(Refusal::new("taken", "another subscription has these facts"));
        }
        Ok(())
    }

    fn check_number(&mut self, s: u32) -> Result<(), Refusal> {
        if self.topics.contains_key(&s) || self.vehicles.has(s) || self.things.has(s) {
            let message = "this number has a subscription: unsub it first, or take another number";
            return Err(Refusal::new("taken", message));
        }
        if self.topics.len() + self.vehicles.len() + self.things.len() >= MAX_SUBSCRIPTIONS {
            return Err(Refusal::new("limit", format!("at most {MAX_SUBSCRIPTIONS} subscriptions")));
        }
        Ok(())
    }
}

fn welcome(parts: &StreamParts, who: &Who, subs: Option<&[SubJson]>) -> String {
    let caller = who.caller.as_ref();
    let expires_at = caller.and_then(|caller| caller.expires_at);
    let numbered: Option<Vec<_>> =
        subs.map(|subs| subs.iter().map(|sub| NumberedJson { s: sub.s, to: sub.to.clone() }).collect());
    render(&WelcomeJson {
        op: "welcome",
        v: VERSION,
        epoch: &parts.state.epoch,
        tenant: who.tenant.as_str(),
        role: caller.and_then(milepost_domain::Caller::role).map(Role::as_str),
        expires_in: expires_at.map(|at| at.ms_since(parts.live.now()) / 1_000),
        form: if who.form.rows { "rows" } else { "json" },
        subs: numbered.as_deref(),
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
    pub(crate) fn of(problem: &Problem) -> Self {
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
