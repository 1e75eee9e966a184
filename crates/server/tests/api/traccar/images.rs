//! Pictures of devices.

use super::support::Traccar;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use reqwest::{Method, Response};
use serde_json::json;

/// A PNG of four pixels, with a text beside the picture.
fn png() -> Vec<u8> {
    const DATA: &str = "89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a730000001049444154789c6350683800440c100a00240e05817c0747740000000049454e44ae426082";
    let mut bytes = crate::trackers::support::unhex(DATA);
    bytes.extend_from_slice(b"GPSLatitude");
    bytes
}

async fn upload(traccar: &Traccar, device: i64, cookie: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let request = traccar.server.http.post(format!("{}/api/devices/{device}/image", traccar.url));
    request.header(COOKIE, cookie).header(CONTENT_TYPE, kind).body(bytes).send().await.unwrap()
}

#[tokio::test]
async fn a_picture_is_kept_without_what_was_beside_it_and_shown_to_who_sees_its_device() {
    let traccar = Traccar::start().await;
    let (truck, van) = (traccar.device("truck-1").await, traccar.device("van 2").await);
    let media = "/api/media/truck-1/device.png";
    assert_eq!(traccar.get(media, &traccar.ada).await.status(), 404);
    let answer = upload(&traccar, truck, &traccar.ada, "image/png", png()).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "device.png"));
    let shown = traccar.get(media, &traccar.ada).await;
    assert_eq!((shown.status().as_u16(), shown.headers()[CONTENT_TYPE].to_str().unwrap()), (200, "image/jpeg"));
    let bytes = shown.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0xff, 0xd8]) && !bytes.windows(7).any(|window| window == b"GPSLati"));
    // traccar-web notes the name at the device itself.
    let mut device = traccar.json(Method::GET, &format!("/api/devices/{truck}"), None).await;
    device["attributes"] = json!({ "deviceImage": "device.png" });
    let device = traccar.json(Method::PUT, &format!("/api/devices/{truck}"), Some(device)).await;
    assert_eq!(device["attributes"]["deviceImage"], "device.png");

    let (_, uma) = traccar.plain_user("uma@example.org").await;
    assert_eq!(traccar.get(media, &uma).await.status(), 404);
    assert_eq!(traccar.get(media, "").await.status(), 401);
    assert_eq!(upload(&traccar, truck, &uma, "image/png", png()).await.status(), 400);
    for (kind, bytes) in [("image/svg+xml", b"<svg/>".to_vec()), ("image/png", b"no picture".to_vec())] {
        let refused = upload(&traccar, van, &traccar.ada, kind, bytes).await;
        let text = refused.text().await.unwrap();
        assert_eq!(text, "java.lang.IllegalArgumentException: Unsupported image type", "{kind}");
    }
    assert_eq!(traccar.get("/api/media/truck-1/..%2Fdevice.png", &traccar.ada).await.status(), 404);
    assert_eq!(traccar.get("/api/media/van%202/device.png", &traccar.ada).await.status(), 404);

    // A device that is made anew under the name has no picture of the old one.
    let path = format!("/api/devices/{truck}");
    assert_eq!(traccar.call(Method::DELETE, &path, &traccar.ada, None).await.status(), 204);
    traccar.device("truck-1").await;
    assert_eq!(traccar.get(media, &traccar.ada).await.status(), 404);
}
