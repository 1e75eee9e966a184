//! A server that Traccar's clients use, and its people.

use crate::support::TestServer;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery 9";

/// A server with the API on a port of its own, and an administrator.
pub struct Traccar {
    pub server: TestServer,
    pub url: String,
    /// Ada's cookie.
    pub ada: String,
}

impl Traccar {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&'static str, &str)]) -> Self {
        let own = [("TRACCAR_LISTEN", "127.0.0.1:0"), ("TRACCAR_API", "1")];
        let server = TestServer::start_with(&[&own[..], settings].concat()).await;
        let url = format!("http://{}", server.running.traccar_address.unwrap());
        let mut traccar = Self { server, url, ada: String::new() };
        let ada =
            json!({ "username": "ada@example.org", "password": PASSWORD, "role": "admin", "email": "ada@example.org" });
        assert_eq!(traccar.server.post("/api/v1/users", &traccar.server.admin, ada).await.status(), 201);
        traccar.ada = traccar.log_in("ada@example.org").await;
        traccar
    }

    fn http(&self) -> &Client {
        &self.server.http
    }

    /// The session's cookie of a login by form.
    pub async fn log_in(&self, email: &str) -> String {
        let answer = self.form("/api/session", "", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), 200, "{email}");
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("JSESSIONID=") && cookie.contains("HttpOnly"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response {
        let body =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&");
        let request = self.http().post(format!("{}{path}", self.url)).header(COOKIE, cookie).body(body);
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }

    pub async fn call(&self, method: Method, path: &str, cookie: &str, body: Option<Value>) -> Response {
        let mut request = self.http().request(method, format!("{}{path}", self.url));
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(ordered(&body));
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Response {
        self.call(Method::GET, path, cookie, None).await
    }

    /// What an administrator's call answers, which must be 200.
    pub async fn json(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = self.call(method, path, &self.ada, body).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A plain user, its number and cookie.
    pub async fn plain_user(&self, email: &str) -> (i64, String) {
        let user = json!({ "name": email, "email": email, "password": PASSWORD });
        let id = self.json(Method::POST, "/api/users", Some(user)).await["id"].as_i64().unwrap();
        (id, self.log_in(email).await)
    }

    /// A new device's number.
    pub async fn device(&self, unique_id: &str) -> i64 {
        let device = json!({ "name": unique_id, "uniqueId": unique_id });
        self.json(Method::POST, "/api/devices", Some(device)).await["id"].as_i64().unwrap()
    }

    /// A device reports as OsmAnd does.
    pub async fn report(&self, query: &str) {
        let answer = self.server.get(&format!("/devices/osmand?{query}"), "").await;
        assert_eq!(answer.status(), 200, "{query}");
    }
}

/// The text of a body. The order of a link's two keys counts: first who has, then what it has.
pub fn ordered(body: &Value) -> String {
    const OWNERS: [&str; 3] = ["userId", "groupId", "deviceId"];
    match body {
        Value::Array(list) => format!("[{}]", list.iter().map(ordered).collect::<Vec<_>>().join(",")),
        Value::Object(link) if link.len() == 2 && link.keys().all(|key| key.ends_with("Id")) => {
            let mut keys: Vec<_> = link.iter().collect();
            keys.sort_by_key(|(key, _)| OWNERS.iter().position(|owner| owner == key).unwrap_or(OWNERS.len()));
            let pairs = keys.iter().map(|(key, value)| format!("\"{key}\":{value}"));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
