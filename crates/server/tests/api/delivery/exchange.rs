//! Replays the recorded exchange of the delivery dialect against a real server, byte for byte.

use crate::support::signing::token_for;
use crate::support::{TestServer, Watcher};

#[tokio::test]
async fn the_replaced_systems_messages() {
    replay(include_str!("../../../../dialects/delivery/exchanges/original.txt")).await;
}

async fn replay(exchange: &str) {
    let server = TestServer::start().await;
    let rider = token_for("RIDER-789", "rider", "default", 600);
    let admin = server.admin.clone();
    let credential = |who: &str| match who {
        "rider" => rider.clone(),
        "admin" => admin.clone(),
        _ => String::new(),
    };
    let mut id = "TRK".to_owned();
    let mut answer = (0, String::new());
    let mut watcher: Option<Watcher> = None;
    let mut checked = 0;
    for line in exchange.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "post" | "get" => {
                let (who, rest) = rest.split_once(' ').unwrap();
                let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
                let url = format!("{}{}", server.url, path.replace("TRK", &id));
                let request = if verb == "get" { server.http.get(url) } else { server.http.post(url) };
                let mut request = request.header("Content-Type", "application/json").body(body.to_owned());
                if who != "-" {
                    request = request.bearer_auth(credential(who));
                }
                let response = request.send().await.unwrap();
                answer = (response.status().as_u16(), response.text().await.unwrap());
                if path == "/tracking/start" {
                    let json: serde_json::Value = serde_json::from_str(&answer.1).unwrap();
                    id = json["tracking_id"].as_str().unwrap().to_owned();
                }
            }
            "200" => {
                assert_eq!((answer.0, masked(&answer.1, &id).as_str()), (200, rest));
                checked += 1;
            }
            "open" => {
                let query = if rest == "-" { String::new() } else { format!("?token={}", credential(rest)) };
                watcher = Some(server.try_watch(&format!("/ws/tracking/{id}{query}"), &[]).await.unwrap());
            }
            ">>" => watcher.as_mut().unwrap().send_text(rest).await,
            "<<" => {
                let text = watcher.as_mut().unwrap().next_text().await;
                assert_eq!(masked(&text, &id), rest, "at {line}");
                checked += 1;
            }
            other => panic!("unknown verb {other}"),
        }
    }
    assert!(checked > 10);
}

/// Replaces what differs from run to run by placeholders.
fn masked(text: &str, id: &str) -> String {
    let mut masked = text.replace(id, "TRK");
    for (field, end, word) in [
        ("\"timestamp\":", &[',', '}'][..], "T"),
        ("\"updated_at\":", &[','], "T"),
        ("\"expires_at\":", &['}'], "T"),
        ("\"eta\":{", &['}'], ""),
    ] {
        let mut from = 0;
        while let Some(found) = masked[from..].find(field) {
            let start = from + found + field.len();
            let length = masked[start..].find(end).unwrap();
            if field.ends_with('{') {
                masked.replace_range(start - 1..=start + length, "ETA");
            } else {
                assert!(masked[start..start + length].parse::<i64>().unwrap() > 1_700_000_000, "{masked}");
                masked.replace_range(start..start + length, word);
            }
            from = start;
        }
    }
    masked
}
