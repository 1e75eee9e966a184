//! Reads a running Traccar over its API, with an administrator's token or password.

use crate::objects::{KINDS, OWNERS};
use crate::position_row::Batcher;
use crate::trips::{MAX_TRIPS, of_report};
use crate::{Batch, ForeignLink, ForeignTrip, Found, Objects, Progress, SourceError, Vehicles, plain_address};
use milepost_domain::{EntryKind, Timestamp};
use milepost_phone_formats::forwarded_position;
use reqwest::{Client, StatusCode};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::sync::mpsc;
use url::Url;

/// The longest answer; a longer one is asked for in parts, if it is of positions.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// A request that takes longer has failed.
const TIMEOUT: Duration = Duration::from_mins(2);
const DAY_MS: i64 = 86_400_000;
/// 2005-01-01T00:00:00Z, before which no position lies.
const EARLIEST_MS: i64 = 1_104_537_600_000;
/// What is asked for at once: at first, at least and at most.
const FIRST_WINDOW_MS: i64 = 30 * DAY_MS;
const SMALLEST_WINDOW_MS: i64 = 60_000;
const LARGEST_WINDOW_MS: i64 = 365 * DAY_MS;
/// An answer with more positions makes the next window smaller, one with less than a quarter of them larger.
const MANY_POSITIONS: usize = 20_000;

pub(crate) struct Api {
    client: Client,
    base: Url,
    token: Option<String>,
    password: Option<(String, String)>,
}

/// Why an answer can't be used as it is.
enum Refused {
    /// It is too long, or the server gave up.
    TooMuch(SourceError),
    Other(SourceError),
}

impl Api {
    pub(crate) fn open(address: &str, token: Option<String>) -> Result<Self, SourceError> {
        let wrong = || SourceError::Refused("the address of Traccar's API can't be read".to_owned());
        let mut base = Url::parse(address).map_err(|_| wrong())?;
        let password = match (base.username(), base.password()) {
            ("", _) => None,
            (name, password) => Some((decoded(name), decoded(password.unwrap_or_default()))),
        };
        if token.is_none() && password.is_none() {
            return Err(SourceError::Refused(
                "Traccar's API needs the token of an administrator: --token, or TRACCAR_TOKEN".to_owned(),
            ));
        }
        base.set_username("").and_then(|()| base.set_password(None)).map_err(|()| wrong())?;
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').trim_end_matches("/api").to_owned();
        base.set_path(&format!("{path}/api/"));
        let client = Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { client, base, token, password })
    }

    pub(crate) fn name(&self) -> String {
        plain_address(&self.base).trim_end_matches("/api").to_owned()
    }

    async fn ask(&self, path: &str) -> Result<Value, Refused> {
        let url = self.base.join(path).map_err(|_| Refused::Other(SourceError::Unanswered("a path".to_owned())))?;
        let mut request = self.client.get(url).header("accept", "application/json");
        request = match (&self.token, &self.password) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some((name, password))) => request.basic_auth(name, Some(password)),
            (None, None) => request,
        };
        let mut response = request.send().await.map_err(|error| {
            let too_slow = error.is_timeout();
            let error = SourceError::from(error);
            if too_slow { Refused::TooMuch(error) } else { Refused::Other(error) }
        })?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| Refused::Other(error.into()))? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ANSWER_BYTES {
                return Err(Refused::TooMuch(SourceError::Unanswered(format!("{path} answers with more than 64 MiB"))));
            }
        }
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body);
            let text = text.lines().next().unwrap_or_default().chars().take(200).collect();
            let error = SourceError::Answered { path: path.to_owned(), status: status.as_u16(), text };
            let is_denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            return Err(if is_denied { Refused::Other(error) } else { Refused::TooMuch(error) });
        }
        let no_json =
            |_| Refused::Other(SourceError::Unanswered(format!("{path} answers with something else than JSON")));
        serde_json::from_slice(&body).map_err(no_json)
    }

    async fn ask_whole(&self, path: &str) -> Result<Value, SourceError> {
        self.ask(path).await.map_err(|(Refused::TooMuch(error) | Refused::Other(error))| error)
    }

    /// A list; `None` where this version of the server has none.
    async fn list(&self, path: &str) -> Result<Option<Vec<Map<String, Value>>>, SourceError> {
        let answer = match self.ask_whole(path).await {
            Ok(answer) => answer,
            Err(SourceError::Answered { status: 400 | 404 | 405, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(objects_of(answer)))
    }

    pub(crate) async fn read_objects(&self) -> Result<Objects, SourceError> {
        let mut objects = Objects::default();
        for foreign in &KINDS {
            let mut list = match foreign.kind {
                // Every version has them: what is refused here is refused for good.
                EntryKind::Vehicle => objects_of(self.ask_whole(foreign.path).await?),
                _ => self.list(foreign.path).await?.unwrap_or_default(),
            };
            // They come by name; in the order of their numbers they get the same ones on a new server.
            list.sort_by_key(|object| object.get("id").and_then(Value::as_i64));
            for found in list {
                objects.add(foreign.kind, Found::Json(found))?;
            }
        }
        for owner in OWNERS {
            for foreign in KINDS.iter().filter(|foreign| can_have(owner, foreign.kind)) {
                self.read_links(owner, foreign.kind, &mut objects).await?;
            }
        }
        objects.checked()
    }

    async fn read_links(&self, owner: EntryKind, member: EntryKind, objects: &mut Objects) -> Result<(), SourceError> {
        let (owner_key, member_key) = (key_of(owner, false), key_of(member, owner == member));
        if let Some(pairs) = self.list(&format!("permissions?{owner_key}=0&{member_key}=0")).await? {
            for pair in pairs {
                let number = |key: &str| {
                    pair.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.as_i64())
                };
                if let (Some(has), Some(what)) = (number(&owner_key), number(&member_key)) {
                    objects.add_link(ForeignLink { owner: (owner, has), member: (member, what) })?;
                }
            }
            return Ok(());
        }
        // Older versions answer only who has what, one after the other.
        let ids: Vec<i64> = objects.of_kind.get(&owner).into_iter().flatten().filter_map(id_of).collect();
        let path = KINDS.iter().find(|foreign| foreign.kind == member).map_or("", |foreign| foreign.path);
        let path = path.split('?').next().unwrap_or_default();
        for id in ids {
            for found in self.list(&format!("{path}?{owner_key}={id}")).await?.unwrap_or_default() {
                if let Some(what) = found.get("id").and_then(Value::as_i64) {
                    objects.add_link(ForeignLink { owner: (owner, id), member: (member, what) })?;
                }
            }
        }
        Ok(())
    }

    /// The report of a device's trips, as Traccar's own application shows it.
    pub(crate) async fn list_trips(
        &self,
        device: i64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ForeignTrip>, SourceError> {
        let (from, to) = (iso(from.unix_ms()), iso(to.unix_ms()));
        let path = format!("reports/trips?deviceId={device}&from={from}&to={to}");
        let trips = objects_of(self.ask_whole(&path).await?);
        Ok(trips.iter().filter_map(of_report).take(MAX_TRIPS).collect())
    }

    /// All positions of one device after the other, in windows of time that fit the answers.
    pub(crate) async fn send_positions(
        &self,
        vehicles: &Vehicles,
        progress: &Progress,
        now: Timestamp,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        let mut batcher = Batcher::new(batches, now);
        // Positions may be ahead of the clock.
        let end_ms = now.unix_ms() + DAY_MS;
        for (device, vehicle) in vehicles.iter().filter(|(device, _)| **device >= progress.device) {
            let after = progress.after.filter(|_| *device == progress.device).map(Timestamp::unix_ms);
            let mut from_ms = after.unwrap_or(EARLIEST_MS);
            let mut window_ms = FIRST_WINDOW_MS;
            let state =
                |after: i64| Progress { device: *device, after: Timestamp::from_unix_ms(after), ..Progress::default() };
            while from_ms < end_ms {
                // Both ends are within.
                let to_ms = (from_ms + window_ms).min(end_ms);
                let path = format!("positions?deviceId={device}&from={}&to={}", iso(from_ms), iso(to_ms - 1));
                let answer = match self.ask(&path).await {
                    Ok(Value::Array(items)) => items,
                    Ok(_) => return Err(SourceError::Unanswered("positions are no list".to_owned())),
                    Err(Refused::TooMuch(_)) if window_ms > SMALLEST_WINDOW_MS => {
                        window_ms = (window_ms / 4).max(SMALLEST_WINDOW_MS);
                        continue;
                    }
                    Err(Refused::TooMuch(error) | Refused::Other(error)) => return Err(error),
                };
                let count = answer.len();
                for item in answer {
                    let Some(report) = object(item).and_then(|position| forwarded_position(&position).ok()) else {
                        continue;
                    };
                    if batcher.take(vehicle, &report) {
                        batcher.send(None).await?;
                    }
                }
                from_ms = to_ms;
                batcher.send(Some(state(from_ms))).await?;
                if count > MANY_POSITIONS {
                    window_ms = (window_ms / 2).max(SMALLEST_WINDOW_MS);
                } else if count < MANY_POSITIONS / 4 {
                    window_ms = (window_ms * 2).min(LARGEST_WINDOW_MS);
                }
            }
            batcher.send(Some(Progress { device: device + 1, ..Progress::default() })).await?;
        }
        // Another import reads all again: late positions could be anywhere.
        batcher.send(Some(Progress::default())).await
    }
}

/// What a user, a group and a device can have.
fn can_have(owner: EntryKind, member: EntryKind) -> bool {
    match member {
        EntryKind::Settings => false,
        EntryKind::User | EntryKind::Group | EntryKind::Vehicle | EntryKind::Calendar => owner == EntryKind::User,
        _ => true,
    }
}

fn key_of(kind: EntryKind, is_managed: bool) -> String {
    let word = KINDS.iter().find(|foreign| foreign.kind == kind).map_or("", |foreign| foreign.word);
    if is_managed { "managedUserId".to_owned() } else { format!("{word}Id") }
}

/// The objects of a list, or the only one.
fn objects_of(answer: Value) -> Vec<Map<String, Value>> {
    match answer {
        Value::Array(items) => items.into_iter().filter_map(object).collect(),
        one => object(one).into_iter().collect(),
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn id_of(found: &Found) -> Option<i64> {
    match found {
        Found::Json(object) => object.get("id").and_then(Value::as_i64),
        Found::Row { .. } => None,
    }
}

fn iso(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A user name and a password are escaped in an address.
fn decoded(text: &str) -> String {
    let query = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
