//! The map of streets, as a map reads it: in ranges of one archive.

use crate::support::{TestServer, json_of};
use reqwest::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderMap};
use std::path::Path;

const ARCHIVE: &str = "/app/basemap.pmtiles";

/// An archive of which only the beginning is right: the server looks at no more.
fn write_archive(path: &Path, content: u8) -> Vec<u8> {
    let mut archive = b"PMTiles\x03".to_vec();
    archive.resize(200_000, content);
    std::fs::write(path, &archive).unwrap();
    archive
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn get(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let url = format!("{}{ARCHIVE}", server.url);
    let request = headers.iter().fold(server.http.get(url), |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

#[tokio::test]
async fn a_map_of_streets_is_read_in_ranges_of_one_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.pmtiles");
    let archive = write_archive(&path, 1);
    let server = TestServer::start_with(&[("MILEPOST_BASEMAP", path.to_str().unwrap())]).await;
    assert_eq!(json_of(server.get("/app/config.json", "").await, 200).await["basemap_url"], ARCHIVE);

    let whole = get(&server, &[("accept-encoding", "gzip")]).await;
    assert_eq!((whole.status, &whole.body), (200, &archive));
    assert_eq!(whole.headers[ACCEPT_RANGES], "bytes");
    let tag = whole.headers[ETAG].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"'), "strong: {tag}");

    for (range, from, to) in [
        ("bytes=0-126", 0, 126),
        ("bytes=150000-199999", 150_000, 199_999),
        ("bytes=199999-", 199_999, 199_999),
        ("bytes=-10", 199_990, 199_999),
        ("bytes=199990-999999", 199_990, 199_999),
    ] {
        let part = get(&server, &[("range", range)]).await;
        assert_eq!(
            (part.status, part.headers[CONTENT_RANGE].to_str().unwrap()),
            (206, &*format!("bytes {from}-{to}/200000"))
        );
        assert_eq!(part.body, archive[from..=to]);
        assert_eq!(part.headers[ETAG], tag);
    }
    for range in ["bytes=200000-", "bytes=5-4", "bytes=x", "bytes=-0", "bytes=0-1,5-6", "bytes=99999999999999999999-"] {
        let refused = get(&server, &[("range", range)]).await;
        assert_eq!(
            (refused.status, refused.headers[CONTENT_RANGE].to_str().unwrap()),
            (416, "bytes */200000"),
            "{range}"
        );
    }
    assert_eq!(get(&server, &[("if-none-match", &tag)]).await.status, 304);
    assert_eq!(get(&server, &[("if-range", &tag), ("range", "bytes=0-1")]).await.status, 206);

    let newer = folder.path().join("newer.pmtiles");
    let archive = write_archive(&newer, 2);
    std::fs::rename(&newer, &path).unwrap();
    let replaced = get(&server, &[("if-range", &tag), ("range", "bytes=0-1")]).await;
    assert_eq!((replaced.status, &replaced.body), (200, &archive));
    assert_ne!(replaced.headers[ETAG], tag);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(get(&server, &[]).await.status, 404);
}

#[tokio::test]
async fn without_an_archive_there_is_no_map_of_streets() {
    let server = TestServer::start().await;
    assert!(json_of(server.get("/app/config.json", "").await, 200).await["basemap_url"].is_null());
    assert_eq!(get(&server, &[]).await.status, 404);
}
