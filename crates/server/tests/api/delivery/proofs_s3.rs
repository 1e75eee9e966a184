//! Proofs in a bucket of an S3 server, which goes away, comes back, and holds a damaged file.

use crate::delivery::proofs::{PNG, send_proof};
use crate::delivery::session::start;
use crate::support::signing::token_for;
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_store::Retention;
use milepost_test_support::{S3_KEY, S3Server};
use reqwest::Response;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn rider() -> String {
    token_for("r1", "rider", "default", 600)
}

async fn server_with(s3: &S3Server, key: &str) -> TestServer {
    let url = s3.url();
    TestServer::start_with(&[
        ("PROOF_STORE", "s3://proofs/of/milepost"),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", S3_KEY.1),
    ])
    .await
}

/// The files of the server's objects in a folder and those below it.
fn objects(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .flat_map(|path| if path.is_dir() { objects(&path) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with("_object"))
        .collect();
    found.sort();
    found
}

async fn refused_for_now(response: Response) {
    let waits = response.headers().contains_key("retry-after");
    let status = response.status().as_u16();
    assert!(status == 503 && waits, "{status} {:?}", response.text().await);
}

#[tokio::test]
async fn a_proof_is_kept_in_a_bucket_and_leaves_it_with_its_session() {
    let Some(s3) = S3Server::start() else { return };
    let server = server_with(&s3, S3_KEY.0).await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    let parts = [("signature", PNG), ("photo", PNG), ("receiver", b"Ann")];
    let added = json_of(send_proof(&server, &path, &rider(), &parts, None).await, 201).await;
    let id = added["id"].as_str().unwrap();
    let kept = objects(&s3.folder());
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|file| file.to_string_lossy().contains(&format!("of/milepost/{id}/"))), "{kept:?}");
    let file = |number: i64| format!("{path}/{id}/files/{number}");
    for (number, kind) in [(1, "image/png"), (2, "image/jpeg")] {
        let read = server.get(&file(number), &rider()).await;
        assert_eq!((read.status().as_u16(), read.headers()["content-type"].to_str().unwrap()), (200, kind));
        let sum = ring::digest::digest(&ring::digest::SHA256, &read.bytes().await.unwrap());
        let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(added["files"][usize::try_from(number - 1).unwrap()]["sha256"], sum);
    }
    // What was changed in the bucket is not shown as the proof.
    let mut damaged = std::fs::read(&kept[0]).unwrap();
    let last = damaged.last_mut().unwrap();
    *last ^= 1;
    std::fs::write(&kept[0], damaged).unwrap();
    assert_eq!(server.get(&file(1), &rider()).await.status(), 500);
    std::fs::remove_file(&kept[1]).unwrap();
    assert_eq!(server.get(&file(2), &rider()).await.status(), 404);
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    let later = server.clock.clock().now().plus_ms(100 * 24 * 60 * 60 * 1_000);
    server.running.assembly.store.prune(later, &retention).await.unwrap();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !objects(&s3.folder()).is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "the files of a removed session stay");
        server.clock.turn(Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_proof_is_not_called_stored_while_its_bucket_is_away() {
    let Some(mut s3) = S3Server::start() else { return };
    let server = server_with(&s3, S3_KEY.0).await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    let parts = [("photo", PNG), ("receiver", &b"Ann"[..])];
    let send = async || send_proof(&server, &path, &rider(), &parts, Some("k1")).await;
    s3.stop();
    refused_for_now(send().await).await;
    assert_eq!(server.get_json(&path, &rider()).await["items"], Value::Array(Vec::new()));
    s3.run();
    let added = json_of(send().await, 201).await;
    assert_eq!(json_of(send().await, 201).await, added, "and it is one proof");
    assert_eq!(server.get_json(&path, &rider()).await["items"].as_array().unwrap().len(), 1);
    let file = format!("{path}/{}/files/1", added["id"].as_str().unwrap());
    s3.stop();
    refused_for_now(server.get(&file, &rider()).await).await;
    s3.run();
    assert_eq!(server.get(&file, &rider()).await.status(), 200);
}

#[tokio::test]
async fn a_wrong_key_keeps_nothing_and_loses_nothing() {
    let Some(s3) = S3Server::start() else { return };
    let server = server_with(&s3, "STRANGER").await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    refused_for_now(send_proof(&server, &path, &rider(), &[("photo", PNG)], None).await).await;
    assert_eq!(objects(&s3.folder()), Vec::<PathBuf>::new());
    // A proof without a picture needs no bucket.
    json_of(send_proof(&server, &path, &rider(), &[("code", b"4711")], None).await, 201).await;
}
