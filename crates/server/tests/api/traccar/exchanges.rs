//! Replays what the real server was asked, and compares the answers: status, kind of content, fields with their types, and the first
//! line of errors. What is other is listed with its reason.

use super::support::{PASSWORD, Traccar, escaped, ordered};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};
use serde_json::{Value, json};
use std::collections::HashMap;

macro_rules! recorded {
    ($($area:literal),+ $(,)?) => {
        fn recorded(area: &str) -> Vec<Value> {
            let text = match area {
                $($area => include_str!(concat!("../../../../dialects/traccar/exchanges/", $area, ".json")),)+
                other => panic!("nothing was recorded of {other}"),
            };
            let all: Value = serde_json::from_str(text).unwrap();
            all["exchanges"].as_array().unwrap().clone()
        }
    };
}

recorded!(
    "attributes",
    "audit",
    "calendars",
    "commands",
    "devices",
    "drivers",
    "errors",
    "events",
    "geofences",
    "groups",
    "maintenance",
    "notifications",
    "orders",
    "password",
    "permissions",
    "positions",
    "reports",
    "server",
    "session",
    "share",
    "statistics",
    "users",
);

/// Exchanges whose answer is other here, and why.
const OTHER: &[(&str, &str, &str)] = &[
    ("server", "before login, no user yet", "the first start makes a user"),
    ("server", "as administrator", "what the disks have is the operator's"),
    ("server", "update", "the same"),
    ("users", "first user of a new server (no login; becomes administrator)", "the first start makes a user"),
    ("devices", "upload an image", "what is recorded is no picture"),
    ("devices", "after positions have come", "the drive comes later here"),
    ("errors", "GET with an Origin", "the settings were not changed here"),
    ("attributes", "test", "expressions are kept, and not computed"),
    ("attributes", "test, bad expression", "the same"),
    ("notifications", "update", "its number is another here"),
    ("notifications", "delete", "the same"),
    ("notifications", "test, notificator off", "mails are not sent by this way"),
    ("audit", "list", "its time is in the past here"),
    ("password", "reset, known e-mail, no mail set up", "nobody learns who has an account"),
    ("reports", "mail (no mail set up)", "said aloud, instead of sending nothing"),
    ("positions", "by id", "numbers are computed"),
    ("positions", "by two ids", "the same"),
    ("positions", "delete one", "positions are history"),
    ("events", "by id", "numbers are computed"),
    ("events", "overspeed", "the same"),
    ("events", "geofenceEnter", "the same"),
    ("events", "another user's", "the same"),
    ("session", "Bearer token", "the device is there already here"),
    ("session", "Basic auth", "the same"),
];

/// A replay: the server, and what earlier answers gave.
struct Replay {
    traccar: Traccar,
    cookies: HashMap<String, String>,
    tokens: HashMap<String, String>,
    /// Ada's number; the recorded one is 1.
    ada: i64,
    same: usize,
    wrong: Vec<String>,
}

impl Replay {
    async fn start() -> Self {
        let traccar = Traccar::start().await;
        let ada = traccar.json(Method::GET, "/api/session", None).await["id"].as_i64().unwrap();
        let cookies = HashMap::from([("<session>".to_owned(), traccar.ada.clone())]);
        let tokens = ["tampered token", "expired token"].map(|name| (format!("<{name}>"), "a.b.c".to_owned()));
        Self { traccar, cookies, tokens: HashMap::from(tokens), ada, same: 0, wrong: Vec::new() }
    }

    /// The number of a recorded user here.
    fn user(&self, recorded: i64) -> i64 {
        recorded + self.ada - 1
    }

    fn filled(&self, text: &str, is_form: bool) -> String {
        let password = if is_form { escaped(PASSWORD) } else { PASSWORD.to_owned() };
        let text = text.replace("<password>", &password);
        self.tokens.iter().fold(text, |text, (name, token)| text.replace(name, token))
    }

    async fn cookie(&mut self, recorded: &str) -> String {
        let name = recorded.trim_start_matches("JSESSIONID=");
        if !self.cookies.contains_key(name) {
            let email = if name.contains("Uma") { "uma@example.org" } else { "vic@example.org" };
            let cookie = self.traccar.log_in(email).await;
            self.cookies.insert(name.to_owned(), cookie);
        }
        self.cookies[name].clone()
    }

    /// A recorded body with this server's numbers of users.
    fn body(&self, area: &str, body: &Value, is_form: bool) -> Option<String> {
        match body {
            Value::Null => None,
            Value::String(text) => Some(self.filled(text, is_form)),
            other => {
                let mut other = other.clone();
                self.renumber(area, &mut other);
                Some(self.filled(&ordered(&other), false))
            }
        }
    }

    fn renumber(&self, area: &str, value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|one| self.renumber(area, one)),
            Value::Object(object) => {
                for (name, value) in object.iter_mut() {
                    let is_user = name == "userId" || area == "users" && name == "id";
                    if let Some(id) = value.as_i64().filter(|id| is_user && *id > 0) {
                        *value = self.user(id).into();
                    }
                }
            }
            _ => {}
        }
    }

    fn path(&self, request: &Value) -> String {
        let path = request["path"].as_str().unwrap();
        let mut path = match path.rsplit_once('/') {
            Some((before, id)) if matches!(before, "/api/users" | "/api/session") => {
                id.parse().map_or_else(|_| path.to_owned(), |id: i64| format!("{before}/{}", self.user(id)))
            }
            _ => path.to_owned(),
        };
        if let Some(query) = request["query"].as_str() {
            let parts = query.split('&').map(|part| match part.strip_prefix("userId=").map(str::parse::<i64>) {
                Some(Ok(id)) if id > 0 => format!("userId={}", self.user(id)),
                _ => self.filled(part, false),
            });
            path = format!("{path}?{}", parts.collect::<Vec<_>>().join("&"));
        }
        path
    }

    async fn replay(&mut self, area: &str, is_wanted: impl Fn(&str) -> bool) {
        for exchange in recorded(area) {
            let name = exchange["name"].as_str().unwrap();
            if is_wanted(name) && !OTHER.iter().any(|other| (other.0, other.1) == (area, name)) {
                self.exchange(area, name, &exchange).await;
            }
        }
    }

    async fn exchange(&mut self, area: &str, name: &str, exchange: &Value) {
        let (request, expected) = (&exchange["request"], &exchange["response"]);
        let url = format!("{}{}", self.traccar.url, self.path(request));
        let method = Method::from_bytes(request["method"].as_str().unwrap().as_bytes()).unwrap();
        let mut call = self.traccar.server.http.request(method, &url);
        let headers = request["headers"].as_object().unwrap().clone();
        let is_form = headers.get("content-type").is_some_and(|kind| kind.as_str().unwrap().contains("urlencoded"));
        for (header, value) in &headers {
            let value = value.as_str().unwrap();
            let value = match header.as_str() {
                "cookie" => self.cookie(value).await,
                "authorization" if value.contains("<base64") => {
                    use base64::Engine;
                    let both = format!("ada@example.org:{PASSWORD}");
                    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both))
                }
                _ => self.filled(value, false),
            };
            call = call.header(header, value);
        }
        if name.contains("foreign Origin") {
            call = call.header("origin", "https://evil.example");
        }
        if let Some(body) = self.body(area, &request["body"], is_form) {
            // What ended in the hours after the recording ends later here.
            let is_over = name.contains("expires in a second");
            call = call.body(if is_over { body } else { body.replace("expiration=2026-11", "expiration=2099-11") });
        }
        let answer = call.send().await.unwrap();
        let mut differences = Vec::new();
        let status = answer.status().as_u16();
        if expected["status"] != status {
            differences.push(format!("status {} and not {}", status, expected["status"]));
        }
        let kind = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content = kind(header(CONTENT_TYPE));
        if let Some(recorded) = expected["headers"]["content-type"].as_str().map(kind)
            && recorded != content
        {
            differences.push(format!("content {content} and not {recorded}"));
        }
        if answer.headers().get("access-control-allow-origin").is_none_or(|origin| origin != "*") {
            differences.push("no access-control-allow-origin".to_owned());
        }
        let cookie = answer.headers().get(SET_COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned());
        if let (Some(recorded), Some(cookie)) = (expected["headers"]["set-cookie"].as_str(), cookie) {
            let named = recorded.split(['=', ';']).nth(1).unwrap().to_owned();
            self.cookies.entry(named).or_insert_with(|| cookie.split(';').next().unwrap().to_owned());
        }
        let text = answer.text().await.unwrap();
        match &expected["body"] {
            Value::String(recorded) if status >= 400 && !recorded.starts_with('<') => {
                differences
                    .extend((!same_line(recorded, &text)).then(|| format!("says {text:?} and not {recorded:?}")));
            }
            Value::String(recorded) if recorded.starts_with('<') && recorded.ends_with('>') && status == 200 => {
                self.tokens.insert(recorded.clone(), text);
            }
            recorded @ (Value::Object(_) | Value::Array(_)) if status < 300 => {
                let actual = serde_json::from_str(&text).unwrap_or(Value::Null);
                compare("", recorded, &actual, &mut differences);
            }
            _ => {}
        }
        if differences.is_empty() {
            self.same += 1;
        } else {
            self.wrong.push(format!("{area}, «{name}»: {}", differences.join("; ")));
        }
    }
}

/// The same first line. Names of indexes and the numbers of Java's own errors are the database's and the machine's.
fn same_line(recorded: &str, actual: &str) -> bool {
    let line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let begin = |text: &str| {
        let text = line(text);
        let end = ["Exception: ", "violation: ", "column "]
            .iter()
            .filter_map(|word| text.find(word).map(|at| at + word.len()));
        text[..end.max().unwrap_or(text.len())].to_owned()
    };
    let is_machines =
        ["Storage", "NegativeArraySize", "ArrayIndexOutOfBounds", "Unexpected character", "ical4j", "NullPointer"];
    let is_machine = is_machines.iter().any(|word| recorded.contains(word));
    line(recorded) == line(actual)
        || is_machine
            && (begin(recorded) == begin(actual) || recorded.contains("ArrayIndex") || recorded.contains("Unexpected"))
}

/// Every recorded field is there with the same type, and no other one. Null, as recorded, may be anything: it was unknown there.
fn compare(path: &str, recorded: &Value, actual: &Value, differences: &mut Vec<String>) {
    match (recorded, actual) {
        (Value::Null, _) | (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => {}
        (Value::Number(_), Value::Number(_)) => {}
        (Value::Array(recorded), Value::Array(actual)) => match (recorded.first(), actual.first()) {
            (Some(recorded), Some(actual)) => compare(&format!("{path}[0]"), recorded, actual, differences),
            (None, None) => {}
            _ => differences.push(format!("{path} has {} and not {}", actual.len(), recorded.len())),
        },
        (Value::Object(recorded), Value::Object(actual)) => {
            let is_own = path.ends_with("attributes");
            for (name, value) in recorded {
                match actual.get(name) {
                    Some(actual) => compare(&format!("{path}.{name}"), value, actual, differences),
                    // Hours are the device's, where it counts them.
                    None if is_own && name == "hours" => {}
                    None => differences.push(format!("{path}.{name} is missing")),
                }
            }
            for name in actual.keys().filter(|name| !is_own && !recorded.contains_key(*name)) {
                differences.push(format!("{path}.{name} is too much"));
            }
        }
        _ => differences.push(format!("{path} is {actual} and not {recorded}")),
    }
}

/// Sends the recorded drive of truck-1, which was yesterday there.
async fn drive(traccar: &Traccar) {
    let drive: Value = serde_json::from_str(include_str!("../../../../dialects/traccar/exchanges/drive.json")).unwrap();
    for fix in drive.as_array().unwrap() {
        let of = |name: &str| fix[name].to_string().trim_matches('"').to_owned();
        let mut query = format!(
            "id=truck-1&timestamp={}&lat={}&lon={}&speed={}&ignition={}&altitude=150&accuracy=5&batt=80",
            of("time"),
            of("latitude"),
            of("longitude"),
            of("speed_knots"),
            of("ignition")
        );
        if fix["ignition"] == true {
            query.push_str("&driverUniqueId=drv-1");
        }
        if of("time").contains("T19:04:37") {
            query.push_str("&alarm=sos");
        }
        traccar.report(&query).await;
    }
}

/// Waits until the drive's trips were found.
async fn folded(traccar: &Traccar) {
    let path = "/api/reports/trips?deviceId=1&from=2026-11-29T18:00:00Z&to=2026-11-29T21:00:00Z";
    let begun = std::time::Instant::now();
    while traccar.json(Method::GET, path, None).await.as_array().unwrap().len() < 3 {
        assert!(begun.elapsed() < crate::support::PATIENCE, "three trips");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn recorded_exchanges_are_answered_as_the_real_server_did() {
    let mut replay = Replay::start().await;
    let all = |_: &str| true;
    replay.replay("server", all).await;
    replay.replay("users", |name| name != "delete").await;
    replay.replay("groups", |name| !name.starts_with("delete")).await;
    replay.replay("devices", |name| !name.starts_with("delete")).await;
    replay.replay("geofences", |name| !matches!(name, "delete" | "of a device, linked")).await;
    replay.replay("permissions", all).await;
    replay.replay("geofences", |name| name == "of a device, linked").await;
    for area in ["drivers", "maintenance", "calendars", "attributes", "notifications", "commands", "orders"] {
        replay.replay(area, all).await;
    }
    for area in ["statistics", "audit", "errors", "password"] {
        replay.replay(area, all).await;
    }
    drive(&replay.traccar).await;
    folded(&replay.traccar).await;
    for area in ["positions", "reports", "share", "events", "session"] {
        replay.replay(area, all).await;
    }
    replay.replay("groups", |name| name.starts_with("delete")).await;
    replay.replay("geofences", |name| name == "delete").await;
    replay.replay("devices", |name| name.starts_with("delete")).await;
    replay.replay("users", |name| name == "delete").await;
    let Replay { same, wrong, .. } = replay;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), same + wrong.len(), wrong.join("\n"));
    assert!(same > 150, "{same}");
    assert_eq!(json!(OTHER.len()), json!(OTHER.iter().filter(|other| !other.2.is_empty()).count()));
}
