//! Section 3 of the contract, cadets: each change has its event, and a write that changes nothing has none.

use crate::support::databases::{Database, on_both};
use crate::support::signing::claims_token;
use crate::support::{TestServer, json_of};
use milepost_domain::{Event, Fact, ScoreChange};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(one_story);

/// One cadet's term: added, graded, a grade taken back, attendance corrected, scores entered and taken back.
async fn one_story(database: Database) {
    let server = database.start().await;
    let body = json!({"name": "Ána O'Cruz 🎖", "student_id": "2024-00123"});
    let added = json_of(server.post("/api/v1/cadets", &server.admin, body).await, 201).await;
    let id = added["id"].as_i64().unwrap();
    let path = format!("/api/v1/cadets/{id}");
    let (_, cadet) = server.add_user(json!({"username": "ana", "role": "cadet", "cadet_id": id})).await;
    let expected = json!({
        "id": id, "name": "Ána O'Cruz 🎖", "student_id": "2024-00123", "merit_points": 0, "demerit_points": 0,
        "attendance_present": 0, "prelim_score": null, "midterm_score": null, "final_score": null,
        "created_at": added["created_at"], "attendance": [],
    });
    assert_eq!(added, expected);
    assert_eq!(server.get_json(&path, &cadet).await, expected);
    let before = server.events().await.len();

    let merit = server.grade(id, "merit", 20).await;
    server.grade(id, "merit", 5).await;
    server.grade(id, "demerit", 10).await;
    let grades = server.get_json(&format!("{path}/grades"), &cadet).await;
    let shown: Vec<_> = grades["items"].as_array().unwrap().iter().map(|g| (&g["type"], &g["points"])).collect();
    let of = |kind: &str, points: i64| (json!(kind), json!(points));
    let expected = [of("demerit", 10), of("merit", 5), of("merit", 20)];
    assert_eq!(shown, expected.iter().map(|(kind, points)| (kind, points)).collect::<Vec<_>>());
    assert_eq!((&grades["items"][0]["cadet_id"], &grades["items"][0]["reason"]), (&json!(id), &json!("because")));

    let take_back = async || server.call(Method::DELETE, &format!("{path}/grades/{merit}"), &server.admin, None).await;
    assert_eq!(take_back().await.status(), 204);
    assert_eq!(take_back().await.status(), 404);

    let came = json!({"status": "present", "time_in": "08:00"});
    let shown = json!({"training_day_id": 5, "status": "present", "time_in": "08:00:00", "time_out": null});
    assert_eq!(server.attend(id, 5, came.clone()).await, shown);
    assert_eq!(server.attend(id, 5, came).await, shown);
    server.attend(id, 6, json!({"status": "present", "time_in": "22:00:30", "time_out": "02:00"})).await;
    server.attend(id, 6, json!({"status": "late"})).await;
    let entered = server.score(id, json!({"prelim_score": 85.5, "final_score": 90})).await;
    assert_eq!((&entered["prelim_score"], &entered["final_score"]), (&json!(85.5), &json!(90.0)));
    server.score(id, json!({"prelim_score": 85.5})).await;
    server.score(id, json!({})).await;
    server.score(id, json!({"final_score": null, "prelim_score": 85.5})).await;

    let now = server.get_json(&path, &cadet).await;
    let expected = json!({
        "id": id, "name": "Ána O'Cruz 🎖", "student_id": "2024-00123", "merit_points": 5, "demerit_points": 10,
        "attendance_present": 1, "prelim_score": 85.5, "midterm_score": null, "final_score": null,
        "created_at": added["created_at"],
        "attendance": [{"training_day_id": 6, "status": "late", "time_in": null, "time_out": null}, shown],
    });
    assert_eq!(now, expected);
    has_each_change_once(&server.events().await[before..]);

    let id_again = server.add_cadet("Ben").await;
    assert!(id_again > id);
    let listed = server.get_json("/api/v1/cadets?limit=1", &server.admin).await;
    let rest = format!("/api/v1/cadets?limit=1&cursor={}", listed["next"].as_str().unwrap());
    assert_eq!(listed["items"][0]["id"], id);
    assert_eq!(server.get_json(&rest, &server.admin).await["items"][0]["name"], "Ben");
}

/// The events of the term. Writes that changed nothing have none.
fn has_each_change_once(events: &[Event]) {
    let mut published = Vec::new();
    for event in events {
        published.push(match &event.fact {
            Fact::GradeUpdated(grade) => {
                let (sign, standing) = (if grade.removed { -1 } else { 1 }, &grade.standing);
                format!(
                    "grade {} {}/{}",
                    sign * grade.given.points.get(),
                    standing.merit_points,
                    standing.demerit_points
                )
            }
            Fact::AttendanceUpdated(update) => {
                let status = update.attendance.status.as_str();
                format!("day {} {status} {}", update.training_day_id, update.attendance_present)
            }
            Fact::ScoresUpdated(update) => {
                let ScoreChange { prelim, midterm, r#final } = update.changed;
                let of =
                    |change: Option<Option<_>>| change.map_or("-", |new| if new.is_some() { "set" } else { "null" });
                format!("scores {} {} {}", of(prelim), of(midterm), of(r#final))
            }
            other => panic!("{other:?}"),
        });
    }
    let expected = [
        "grade 20 20/0",
        "grade 5 25/0",
        "grade 10 25/10",
        "grade -20 5/10",
        "day 5 present 1",
        "day 6 present 2",
        "day 6 late 1",
        "scores set - set",
        "scores - - null",
    ];
    assert_eq!(published, expected);
}

#[tokio::test]
async fn a_student_id_is_unique_within_its_tenant_only() {
    let server = TestServer::start().await;
    let add = async |token: &str| {
        server.post("/api/v1/cadets", token, json!({"name": "Ana", "student_id": "1"})).await.status().as_u16()
    };
    assert_eq!((add(&server.admin).await, add(&server.admin).await), (201, 409));
    assert_eq!(add(&claims_token("9", "admin", "acme")).await, 201);
    // Any number of cadets may be without a student id.
    server.add_cadet("Ben").await;
    server.add_cadet("Ben").await;
}

#[tokio::test]
async fn a_grade_sent_again_with_its_idempotency_key_is_given_once() {
    let server = TestServer::start().await;
    let id = server.add_cadet("Ana").await;
    let give = async || {
        let url = format!("{}/api/v1/cadets/{id}/grades", server.url);
        let body = json!({"type": "merit", "points": 5, "reason": "x"});
        let request = server.http.post(url).bearer_auth(&server.admin).header("Idempotency-Key", "one").json(&body);
        json_of(request.send().await.unwrap(), 201).await
    };
    let first = give().await;
    let events = server.events().await.len();
    assert_eq!(give().await, first);
    assert_eq!(server.events().await.len(), events);
    assert_eq!(server.get_json(&format!("/api/v1/cadets/{id}"), &server.admin).await["merit_points"], 5);
}

#[tokio::test]
async fn lists_of_records_come_in_pages_without_gap_or_double() {
    let server = TestServer::start().await;
    let id = server.add_cadet("Ana").await;
    for number in 1..=5 {
        server.grade(id, "merit", number).await;
        server.attend(id, number * 10, json!({"status": "absent"})).await;
    }
    let all = async |list: &str, field: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/cadets/{id}/{list}?limit=2{cursor}");
            let page = server.get_json(&path, &server.admin).await;
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].as_i64().unwrap()));
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(all("grades", "points").await, [5, 4, 3, 2, 1]);
    assert_eq!(all("attendance", "training_day_id").await, [50, 40, 30, 20, 10]);
    let problem = json_of(server.get(&format!("/api/v1/cadets/{id}/grades?cursor=x"), &server.admin).await, 400).await;
    assert_eq!(problem["detail"], "cursor must be the next of a page before");
}

#[tokio::test]
async fn an_event_is_published_by_hand_and_changes_no_record() {
    let server = TestServer::start().await;
    let id = server.add_cadet("Ana").await;
    let publish = async |body: Value| json_of(server.post("/api/v1/sync-events", &server.admin, body).await, 201).await;
    let payload = json!({"type": "merit", "points": 5, "nested": {"lines": ["a\u{0}b", null, 1.5, true]}});
    let published = publish(json!({"event_type": "grade_update", "cadet_id": id, "payload": payload})).await;
    assert_eq!((&published["event_type"], &published["cadet_id"]), (&json!("grade_update"), &json!(id)));
    assert_eq!(published["payload"], payload);
    let to_staff = publish(json!({"event_type": "term.closed", "payload": {}})).await;
    assert_eq!(to_staff["event_id"].as_i64(), published["event_id"].as_i64().map(|id| id + 1));
    assert_eq!(to_staff["cadet_id"], Value::Null);

    let events = server.events().await;
    let Fact::ManualEvent(stored) = &events[published["event_id"].as_i64().unwrap() as usize - 1].fact else {
        panic!("{events:?}")
    };
    assert_eq!(serde_json::from_str::<Value>(stored.payload.as_str()).unwrap(), payload);
    assert_eq!(server.get_json(&format!("/api/v1/cadets/{id}"), &server.admin).await["merit_points"], 0);
}

#[tokio::test]
async fn a_superadmin_writes_in_the_tenant_that_it_names_and_nobody_else_does() {
    let server = TestServer::start().await;
    let root = &server.admin;
    let named_in_query =
        json_of(server.post("/api/v1/cadets?tenant=acme", root, json!({"name": "A"})).await, 201).await;
    let body = json!({"name": "B", "tenant": "acme"});
    let named_in_body = json_of(server.post("/api/v1/cadets", root, body.clone()).await, 201).await;
    let event = json!({"event_type": "x", "payload": {}, "cadet_id": named_in_query["id"]});
    json_of(server.post("/api/v1/sync-events?tenant=acme", root, event.clone()).await, 201).await;
    // The cadet does not belong to the superadmin's own tenant.
    assert_eq!(server.post("/api/v1/sync-events", root, event.clone()).await.status(), 422);
    let grade = json!({"type": "merit", "points": 1, "reason": "x"});
    let path = format!("/api/v1/cadets/{}/grades", named_in_body["id"]);
    assert_eq!(server.post(&path, root, grade.clone()).await.status(), 404);
    json_of(server.post(&format!("{path}?tenant=acme"), root, grade).await, 201).await;
    let ids = async |path: &str, token: &str| {
        let page = server.get_json(path, token).await;
        page["items"].as_array().unwrap().iter().map(|cadet| cadet["id"].clone()).collect::<Vec<_>>()
    };
    let expected = [named_in_query["id"].clone(), named_in_body["id"].clone()];
    assert_eq!(ids("/api/v1/cadets?tenant=acme", root).await, expected);
    assert_eq!(ids("/api/v1/cadets", &claims_token("9", "training_staff", "acme")).await, expected);
    assert_eq!(ids("/api/v1/cadets", root).await, [Value::Null; 0]);
    let staff = claims_token("9", "admin", "default");
    for (path, body) in [("/api/v1/cadets", body), ("/api/v1/sync-events?tenant=acme", event)] {
        assert_eq!(server.post(path, &staff, body).await.status(), 403, "{path}");
    }
    assert_eq!(server.get("/api/v1/cadets?tenant=acme", &staff).await.status(), 403);
}
