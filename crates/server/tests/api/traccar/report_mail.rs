//! Reports that Traccar's clients ask for by mail.

use super::support::Traccar;
use crate::outgoing::mail::MailServer;
use crate::outgoing::report_mail::{attached, file_name};
use reqwest::Method;
use serde_json::json;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[tokio::test]
async fn a_report_goes_by_mail_as_a_workbook() {
    let Some(mails) = MailServer::start() else { return };
    let url = format!("smtp://127.0.0.1:{}", mails.port);
    let settings =
        [("SMTP_URL", url.as_str()), ("MAIL_FROM", "track@example.org"), ("PUBLIC_URL", "https://track.example.org")];
    let traccar = Traccar::start_with(&settings).await;
    let truck = traccar.device("truck-1").await;
    let (pat, cookie) = traccar.plain_user("pat@example.org").await;
    let link = json!({ "userId": pat, "deviceId": truck });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let window = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";
    let ask = async |path: &str, cookie: &str| traccar.get(path, cookie).await.status().as_u16();

    assert_eq!(ask(&format!("/api/reports/trips/mail?deviceId={truck}&{window}"), &traccar.ada).await, 204);
    let mail = mails.mail(&traccar.server, 1).await;
    assert_eq!(mail["to"], json!(["ada@example.org"]));
    let subject = mail["headers"]["Subject"].as_str().unwrap();
    assert!(subject.starts_with("Trips: 1 November 2026, 00:00 – 2 November 2026, 00:00 (UTC)"), "{subject}");
    let name = file_name(&mail);
    assert_eq!((name.as_str(), &mail["files"][&name]["type"]), ("trips.xlsx", &json!(XLSX)));
    assert!(attached(&mail, &name).starts_with(b"PK"));

    assert_eq!(ask(&format!("/api/reports/summary?deviceId={truck}&{window}&mail=true"), &cookie).await, 204);
    let mail = mails.mail(&traccar.server, 2).await;
    assert_eq!((&mail["to"], file_name(&mail)), (&json!(["pat@example.org"]), "summary.xlsx".to_owned()));
    assert_eq!(ask("/api/reports/devices/mail", &traccar.ada).await, 204);
    assert_eq!(file_name(&mails.mail(&traccar.server, 3).await), "devices.xlsx");
    assert_eq!(ask(&format!("/api/reports/combined/mail?{window}"), &traccar.ada).await, 404, "it has no workbook");
    assert_eq!(ask(&format!("/api/reports/trips/mail?{window}"), "").await, 401);
}

#[tokio::test]
async fn without_a_mail_server_it_is_refused_aloud() {
    let traccar = Traccar::start().await;
    let window = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";
    for path in [format!("/api/reports/trips/mail?{window}"), format!("/api/reports/trips?{window}&mail=true")] {
        let answer = traccar.get(&path, &traccar.ada).await;
        assert_eq!(answer.status(), 400);
        let text = answer.text().await.unwrap();
        assert!(text.contains("this server sends no mail"), "{text}");
    }
}
