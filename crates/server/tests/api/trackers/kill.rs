//! kill -9 while trackers send: they send again what was not acknowledged, and nothing is lost or doubled.

use super::support::{hex, unhex};
use crate::native::kill_nine::start_with;
use crate::support::signing::operator_token;
use crate::support::{PATIENCE, http_client};
use milepost_device_protocols::checksum::crc16_ibm;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROUNDS: usize = 5;
const TRACKERS: usize = 8;
/// 2026-01-01T00:00:00Z, from which fixes are a second apart.
const START_S: u64 = 1_767_225_600;

/// A tracker's memory: fixes that were not acknowledged, by their number.
struct Memory {
    imei: String,
    unsent: VecDeque<u64>,
    made: u64,
}

/// Codec 8 with these fixes.
fn packet(fixes: &[u64]) -> Vec<u8> {
    let mut body = vec![8, fixes.len() as u8];
    for number in fixes {
        body.extend(((START_S + number) * 1_000).to_be_bytes());
        body.push(0);
        body.extend(134_000_000_u32.to_be_bytes());
        body.extend((525_000_000 + *number as u32 * 10).to_be_bytes());
        // 35 m, north, 9 satellites, 5 km/h, no values.
        body.extend(unhex("00230000090005000000000000"));
    }
    body.push(fixes.len() as u8);
    let crc = u32::from(crc16_ibm(&body)).to_be_bytes();
    [&[0; 4][..], &(body.len() as u32).to_be_bytes(), &body, &crc].concat()
}

/// Sends as a tracker does, until the connection breaks. Counts what was acknowledged.
async fn send_until_death(port: u16, memory: &mut Memory, acknowledged: &AtomicU64) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(&[&[0, 15], memory.imei.as_bytes()].concat()).await?;
    let mut taken = [0];
    stream.read_exact(&mut taken).await?;
    assert_eq!(taken, [1], "{}", memory.imei);
    loop {
        for _ in 0..5 {
            memory.unsent.push_back(memory.made);
            memory.made += 1;
        }
        // The newest first, as some devices do.
        let sent: Vec<u64> = memory.unsent.iter().rev().take(20).copied().collect();
        stream.write_all(&packet(&sent)).await?;
        let mut count = [0; 4];
        stream.read_exact(&mut count).await?;
        assert_eq!(u32::from_be_bytes(count) as usize, sent.len(), "{}", hex(&count));
        memory.unsent.retain(|number| !sent.contains(number));
        acknowledged.fetch_add(sent.len() as u64, Ordering::Relaxed);
    }
}

async fn kill_while_trackers_send(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let http = http_client();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ports = format!("teltonika={port}");
    let mut settings = vec![("DEVICE_PORTS", ports.as_str()), ("DEVICE_BIND", "127.0.0.1")];
    settings.extend(database.map(|url| ("DATABASE_URL", url)));
    let mut memories: Vec<Memory> = (0..TRACKERS)
        .map(|number| Memory { imei: format!("35630704244{number:04}"), unsent: VecDeque::new(), made: 0 })
        .collect();
    let acknowledged = Arc::new(AtomicU64::new(0));
    for round in 0..=ROUNDS {
        let (server, url) = start_with(folder.path(), &settings);
        if round == 0 {
            for (number, memory) in memories.iter().enumerate() {
                let vehicle = json!({ "id": format!("b{number}"), "kind": "bus", "label": "b" });
                let device = json!({ "vehicle_id": format!("b{number}"), "unique_id": memory.imei });
                for (path, body) in [("vehicles", vehicle), ("devices", device)] {
                    let added = http.post(format!("{url}/api/v1/{path}")).bearer_auth(operator_token()).json(&body);
                    assert_eq!(added.send().await.unwrap().status(), 201);
                }
            }
        }
        let dead = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = memories
            .drain(..)
            .map(|mut memory| {
                let (acknowledged, dead) = (Arc::clone(&acknowledged), Arc::clone(&dead));
                tokio::spawn(async move {
                    while !dead.load(Ordering::Relaxed) {
                        let _ = send_until_death(port, &mut memory, &acknowledged).await;
                    }
                    memory
                })
            })
            .collect();
        // After an amount of work instead of a time, so that each round kills the server at another moment.
        let (begun, goal) = (Instant::now(), acknowledged.load(Ordering::Relaxed) + 100 + 70 * round as u64);
        while acknowledged.load(Ordering::Relaxed) < goal && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(acknowledged.load(Ordering::Relaxed) >= goal, "round {round}: too few were acknowledged");
        dead.store(true, Ordering::Relaxed);
        drop(server);
        for sender in senders {
            memories.push(sender.await.unwrap());
        }
    }

    let (_server, url) = start_with(folder.path(), &settings);
    for (number, memory) in memories.iter().enumerate() {
        let mut stored: Vec<u64> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{url}/api/v1/vehicles/b{number}/positions?outliers=1&limit=1000{cursor}");
            let page: Value = http.get(path).bearer_auth(operator_token()).send().await.unwrap().json().await.unwrap();
            for item in page["items"].as_array().unwrap() {
                let at: jiff::Timestamp = item["timestamp"].as_str().unwrap().parse().unwrap();
                stored.push(at.as_second() as u64 - START_S);
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(stored.is_sorted_by(|a, b| a < b), "no fix is stored twice");
        let lost: Vec<_> = (0..memory.made)
            .filter(|number| !memory.unsent.contains(number) && stored.binary_search(number).is_err())
            .collect();
        assert!(lost.is_empty(), "{lost:?} of {} are lost", memory.made);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_what_trackers_were_told_is_taken() {
    kill_while_trackers_send(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_what_trackers_were_told_is_taken() {
    let Some(database) = crate::support::fresh_postgres().await else { return };
    kill_while_trackers_send(Some(&database)).await;
}
