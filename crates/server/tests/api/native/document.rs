//! The OpenAPI document says what the server does.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// All operations: path, method and description.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            found.push((path.clone(), method.to_ascii_uppercase(), operation.clone()));
        }
    }
    found
}

async fn document(server: &TestServer) -> Value {
    server.get_json("/api/v1/openapi.json", "").await
}

/// The paths of `.route("…")` and `routes!(…)` in a folder of source code.
fn routes_in(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("dialects/traccar") {
            // Traccar describes its own.
        } else if path.is_dir() {
            routes_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            found.extend(text.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
}

#[tokio::test]
async fn every_route_is_described() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut routes = Vec::new();
    for folder in ["http/src", "live/src", "dialects", "server/src"] {
        routes_in(&crates.join(folder), &mut routes);
    }
    assert!(routes.iter().any(|route| route == "/auth/me"));
    // Sockets can't be described, pages are for people, the echo is for measurements and the export for a test.
    let pages = [
        "/export",
        "/login",
        "/docs",
        "/track/",
        "/driver",
        "/parcels/{id}",
        "/assets/",
        "/icon",
        "/manifest.webmanifest",
        "/sw.js",
        "/app/",
        "/reset",
        "/unsubscribe",
        "/confirm-email",
    ];
    let is_apart = |route: &str| {
        route == "/"
            || route == "/ws"
            || route == "/s"
            || route.starts_with("/ws/")
            || route.starts_with("/echo/")
            || pages.iter().any(|page| route.starts_with(page))
    };
    for route in routes.iter().filter(|route| !is_apart(route)) {
        assert!(document["paths"][route].is_object(), "{route} is missing");
    }
    // The others are described where they are routed. Each answers, and none is described without being routed.
    for (path, method, _) in operations(&document) {
        let path = path.replace("{tracking_id}", "x").replace("{rider_id}", "x").replace('{', "1").replace('}', "");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let response = server.call(method.clone(), &path, "", None).await;
        let body: Value = if path == "/api/events" { Value::Null } else { response.json().await.unwrap_or_default() };
        assert!(body["detail"] != "no such page" && body["status"] != 405, "{method} {path} is not routed");
    }
}

#[tokio::test]
async fn nothing_in_a_change_has_a_default_and_items_are_references() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for (field, value) in schema["properties"].as_object().into_iter().flatten() {
            assert!(!name.starts_with("Change") || value.get("default").is_none(), "{name}.{field}");
        }
        if let Some(item) = name.strip_prefix("Page_") {
            let items = &schema["properties"]["items"]["items"];
            assert_eq!(*items, json!({ "$ref": format!("#/components/schemas/{item}") }));
            assert!(schemas.contains_key(item), "{item}");
        }
    }
}

/// All objects in a value.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|value| objects(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn types_and_names_are_such_that_generators_know_them() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let components = &document["components"];
    let mut found = Vec::new();
    objects(&components["schemas"], &mut found);
    objects(&document["paths"], &mut found);
    let mut numbers = 0;
    for schema in found {
        let types: Vec<&str> = match &schema.get("type") {
            Some(Value::String(kind)) => vec![kind.as_str()],
            Some(Value::Array(kinds)) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
            _ => continue,
        };
        let is_nullable = types.len() == 2 && types[1] == "null";
        assert!(types.len() == 1 || is_nullable, "a list of types: {schema:?}");
        if matches!(types[0], "number" | "integer") {
            assert!(schema["format"].is_string(), "a number without a size: {schema:?}");
            numbers += 1;
        }
    }
    assert!(numbers > 100, "{numbers}");

    // One of several bodies has a name, or Go's oapi-codegen sends an empty one.
    for (path, method, operation) in operations(&document) {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert!(body.get("oneOf").is_none(), "{method} {path}");
    }

    // Types are made of both, with capitals in place of underscores.
    let schemas = components["schemas"].as_object().unwrap();
    for scheme in components["securitySchemes"].as_object().unwrap().keys() {
        let name = scheme.replace('_', "");
        assert!(schemas.keys().all(|schema| !schema.eq_ignore_ascii_case(&name)), "{scheme}");
    }
}

#[tokio::test]
async fn bounds_of_the_document_are_those_of_the_server() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let document = document(&server).await;
    let schema = |name: &str, field: &str| document["components"]["schemas"][name]["properties"][field].clone();
    let admin = &server.admin;

    for (field, minimum, maximum) in [
        ("latitude", true, true),
        ("longitude", true, true),
        ("speed", true, true),
        ("heading", true, true),
        ("accuracy", true, false),
        ("altitude", true, true),
        ("odometer_km", true, true),
        ("fuel_level_l", true, true),
    ] {
        let bound = |name: &str| schema("NewPosition", field)[name].as_f64().unwrap();
        let at = async |value: f64| {
            let mut position = json!({"vehicle_id": "b1", "latitude": 1, "longitude": 2});
            position[field] = json!(value);
            server.post("/api/v1/positions", admin, position).await.status().as_u16()
        };
        if minimum {
            let least = bound("minimum");
            assert_eq!((at(least).await, at(least - 0.01).await), (201, 422), "{field}");
        }
        if maximum {
            let most = bound("maximum");
            assert_eq!((at(most).await, at(most + 0.01).await), (201, 422), "{field}");
        }
    }

    for (path, schema_name, field, rest) in [
        ("vehicles", "NewVehicle", "label", json!({"kind": "bus"})),
        ("vehicles", "NewVehicle", "kind", json!({"label": "x"})),
        ("vehicles", "NewVehicle", "id", json!({"kind": "bus", "label": "x"})),
        ("vehicles", "NewVehicle", "status", json!({"kind": "bus", "label": "x"})),
        ("users", "NewUser", "username", json!({"role": "driver"})),
        ("cadets", "NewCadet", "name", json!({})),
        ("cadets", "NewCadet", "student_id", json!({"name": "x"})),
        ("alerts", "NewAlert", "title", json!({"type": "system_error", "message": "x"})),
        ("alerts", "NewAlert", "message", json!({"type": "system_error", "title": "x"})),
        ("alerts", "NewAlert", "subject", json!({"type": "system_error", "title": "x", "message": "x"})),
        ("tenants", "Tenant", "id", json!({"name": "x"})),
    ] {
        let most = usize::try_from(schema(schema_name, field)["maxLength"].as_u64().unwrap()).unwrap();
        let of_length = async |length: usize| {
            let mut body = rest.clone();
            body[field] = json!("x".repeat(length));
            server.post(&format!("/api/v1/{path}"), admin, body).await.status().as_u16()
        };
        assert_eq!((of_length(0).await, of_length(1).await), (422, 201), "{path} {field}");
        assert_eq!((of_length(most).await, of_length(most + 1).await), (201, 422), "{path} {field}");
    }

    let parameters = document["paths"]["/api/v1/vehicles"]["get"]["parameters"].as_array().unwrap();
    let limit = &parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap()["schema"];
    for (limit, status) in [(limit["minimum"].as_u64(), 200), (limit["maximum"].as_u64(), 200)] {
        let listed = server.get(&format!("/api/v1/vehicles?limit={}", limit.unwrap()), admin).await;
        assert_eq!(listed.status().as_u16(), status);
    }
    let beyond = limit["maximum"].as_u64().unwrap() + 1;
    assert_eq!(server.get(&format!("/api/v1/vehicles?limit={beyond}"), admin).await.status(), 422);

    for role in schema("NewUser", "role")["enum"].as_array().unwrap() {
        let user = json!({"username": format!("of-{}", role.as_str().unwrap()), "role": role});
        assert_eq!(server.post("/api/v1/users", admin, user).await.status(), 201, "{role}");
    }
    for kind in schema("NewAlert", "type")["enum"].as_array().unwrap() {
        let alert = json!({"type": kind, "title": "x", "message": "x"});
        assert_eq!(server.post("/api/v1/alerts", admin, alert).await.status(), 201, "{kind}");
    }
}

#[tokio::test]
async fn every_form_of_a_file_is_described() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let document = document(&server).await;
    let operation = &document["paths"]["/api/v1/vehicles/{id}/positions"]["get"];
    let parameters = operation["parameters"].as_array().unwrap();
    let format = parameters.iter().find(|parameter| parameter["name"] == "format").unwrap();
    let mut kinds = Vec::new();
    for format in format["schema"]["enum"].as_array().unwrap() {
        let path = format!("/api/v1/vehicles/b1/positions?format={}", format.as_str().unwrap());
        let response = server.get(&path, &server.admin).await;
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        kinds.push(kind.split(';').next().unwrap().to_owned());
    }
    kinds.sort();
    let described: Vec<_> = operation["responses"]["200"]["content"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(kinds, described);
}

#[tokio::test]
async fn devices_may_call_what_the_document_says() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let device = json!({"id": "d1", "vehicle_id": "b1"});
    let key = json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await["key"].clone();
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&document(&server).await) {
        let security = operation["security"].as_array().unwrap();
        if security.is_empty() || path == "/api/events" {
            continue;
        }
        let is_described = security.iter().any(|scheme| scheme.get("device_key").is_some());
        let at = path.replace("/vehicles/{id}", "/vehicles/b1").replace("{device_id}", "d1");
        let at = at.replace("{tracking_id}", "x").replace("{rider_id}", "x");
        let at = at
            .split('{')
            .map(|part| part.split_once('}').map_or_else(|| part.to_owned(), |(_, rest)| format!("1{rest}")));
        let at: String = at.collect();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = server.http.request(method.clone(), format!("{}{at}?at=0", server.url));
        let request = request.header("X-Device-Key", key.as_str().unwrap());
        let status = request.json(&json!({"latitude": 1, "longitude": 2})).send().await.unwrap().status();
        // The trip and its path are of nobody.
        if status.is_success() != is_described && !(is_described && status == 404) {
            wrong.push(format!("{method} {at}: {status}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn no_cache_stores_an_answer_and_no_browser_guesses_its_type() {
    let server = TestServer::start().await;
    for (path, status) in
        [("/api/v1/vehicles", 200), ("/api/v1/vehicles/none", 404), ("/auth/me", 200), ("/no/page", 404)]
    {
        let answer = server.get(path, &server.admin).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
    }
    // A route that says more is obeyed.
    let page = server.get("/icon.svg", "").await;
    assert_eq!(page.headers()["cache-control"], "max-age=86400");
}

#[tokio::test]
async fn thresholds_have_the_bounds_of_the_document() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let fields = document["components"]["schemas"]["ChangeRules"]["properties"].as_object().unwrap();
    assert!(fields.len() > 30);
    for (field, schema) in fields {
        let is_whole = schema["type"].to_string().contains("integer");
        // Whether the value is within its own bounds. It may still not fit another threshold.
        let fits = async |value: f64| {
            let value = if is_whole { json!(value.round() as i64) } else { json!(value) };
            let change = Some(json!({ field: value }));
            let answer = server.call(Method::PATCH, "/api/v1/fleet/rules", &server.admin, change).await;
            answer.status() == 200 || answer.text().await.unwrap().contains("must not be less than")
        };
        let step = if is_whole { 1.0 } else { 0.01 };
        let (least, most) = (schema["minimum"].as_f64().unwrap(), schema["maximum"].as_f64().unwrap());
        assert!(fits(least).await && !fits(least - step).await, "{field} from {least}");
        assert!(fits(most).await && !fits(most + step).await, "{field} to {most}");
    }
}
