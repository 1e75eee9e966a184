//! Positions that come through an MQTT broker, with a real Mosquitto.

use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_test_support::{Mosquitto, fresh_postgres, run_on_postgres};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both! {
    what_apps_publish_is_stored_while_the_broker_comes_and_goes,
}

/// Publishes a message and waits until the broker has it (MQTT 3.1.1, quality of service 1).
async fn publish(broker: &Mosquitto, topic: &str, payload: &str) {
    let text = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat();
    let packet = |kind: u8, body: Vec<u8>| {
        let (mut bytes, mut length) = (vec![kind], body.len());
        loop {
            let more = if length >= 128 { 128 } else { 0 };
            bytes.push((length % 128) as u8 | more);
            length /= 128;
            if more == 0 {
                return [bytes, body].concat();
            }
        }
    };
    let mut stream = TcpStream::connect(("127.0.0.1", broker.port())).await.unwrap();
    let mut answer = [0; 4];
    let connect = packet(0x10, [text("MQTT"), vec![4, 2, 0, 60], text("test")].concat());
    stream.write_all(&connect).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    let publish = packet(0x32, [text(topic), vec![0, 7], payload.as_bytes().to_vec()].concat());
    stream.write_all(&publish).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x40, 2, 0, 7]);
    stream.write_all(&[0xe0, 0]).await.unwrap();
}

async fn track(server: &TestServer) -> Vec<Value> {
    let page = server.get_json("/api/v1/vehicles/b1/positions?limit=100", &server.admin).await;
    page["items"].as_array().unwrap().clone()
}

/// Waits until so many positions are stored. Publishes again meanwhile, which is a duplicate once the first one is stored: nobody knows
/// when the server has subscribed.
async fn stored(server: &TestServer, broker: &Mosquitto, messages: &[(&str, String)], count: usize) -> Vec<Value> {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let stored = track(server).await;
        if stored.len() >= count {
            assert_eq!(stored.len(), count);
            return stored;
        }
        assert!(std::time::Instant::now() < deadline, "{} of {count} positions are stored", stored.len());
        for (topic, payload) in messages {
            publish(broker, topic, payload).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn add_device(server: &TestServer, unique_id: &str) {
    let device = json!({"vehicle_id": "b1", "unique_id": unique_id});
    json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;
}

async fn what_apps_publish_is_stored_while_the_broker_comes_and_goes(database: Database) {
    let Some(mut broker) = Mosquitto::start() else { return };
    let url = broker.url();
    let settings = [("MQTT_URL", url.as_str()), ("DEVICE_SECRETS", "jane/phone=s3cr1t"), ("DEVICE_KEYS", "required")];
    let server = database.start_with(&settings).await;
    server.add_bus("b1").await;
    add_device(&server, "jane/phone").await;
    add_device(&server, "van-7").await;
    let at = server.clock.clock().now().unix_ms() / 1000 - 3_600;
    let phone = |n: i64| {
        let message = json!({"_type": "location", "lat": 52.5 + 0.0001 * n as f64, "lon": 13.4, "tst": at + n, "vel": 43, "tid": "ne", "batt": 55});
        ("owntracks/jane/phone", message.to_string())
    };
    let van = |n: i64, rest: Value| {
        let mut one =
            json!({"latitude": 52.5 + 0.0001 * n as f64, "longitude": 13.4, "timestamp": at + n, "speed": 30});
        one.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        one
    };
    let list = json!([van(20, json!({"attributes": {"rpm": 933}})), van(30, json!({})), {"latitude": "x"}]).to_string();
    let messages = [
        phone(10),
        ("milepost/van-7", list),
        ("owntracks/jane/phone", "not JSON".to_owned()),
        ("owntracks/bob/phone", phone(11).1),
        ("milepost/van-7", String::new()),
    ];
    let first = stored(&server, &broker, &messages, 3).await;
    assert_eq!((&first[0]["speed"], &first[1]["speed"]), (&json!(43.0), &json!(30.0)));
    assert_eq!(first[0]["attributes"], json!({"battery_percent": 55, "tid": "ne"}));
    assert_eq!(first[1]["attributes"], json!({"rpm": 933}));
    let unknown = server.get_json("/api/v1/devices/unknown", &server.admin).await;
    let [bob] = unknown["items"].as_array().unwrap().as_slice() else { panic!("{unknown}") };
    assert_eq!(
        (&bob["unique_id"], &bob["protocol"], &bob["address"]),
        (&json!("bob/phone"), &json!("mqtt"), &Value::Null)
    );

    // The broker is away, and comes back.
    broker.stop();
    broker.run();
    stored(&server, &broker, &[phone(40)], 4).await;

    // The server is away: the broker keeps what comes for it, once.
    let messages = [phone(50), ("milepost/van-7", van(60, json!({})).to_string())];
    let publishing = async {
        for (topic, payload) in &messages {
            publish(&broker, topic, payload).await;
        }
    };
    let server = server.restart_after(&settings, publishing).await;
    stored(&server, &broker, &[], 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_can_not_be_stored_holds_up_no_others_and_is_not_lost() {
    let (Some(broker), Some(database)) = (Mosquitto::start(), fresh_postgres().await) else { return };
    let url = broker.url();
    let settings = [("MQTT_URL", url.as_str()), ("MQTT_TOPICS", "milepost/+")];
    let server = TestServer::start_with(&[settings[0], settings[1], ("DATABASE_URL", &database)]).await;
    server.add_bus("b1").await;
    server.add_bus("poisoned").await;
    add_device(&server, "van-7").await;
    let device = json!({"vehicle_id": "poisoned", "unique_id": "van-8"});
    json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;
    // A fault of the database for one vehicle's positions.
    let fault = "create function fault() returns trigger language plpgsql as $$ begin raise exception 'a fault'; end $$;
        create trigger fault before insert on positions for each row when (new.latitude = 66) execute function fault();";
    run_on_postgres(&database, fault).await;
    let at = server.clock.clock().now().unix_ms() / 1000 - 3_600;
    let fix = |latitude: f64, n: i64| json!({"latitude": latitude, "longitude": 13.4, "timestamp": at + n}).to_string();
    let good = [("milepost/van-7", fix(52.5, 1))];
    stored(&server, &broker, &good, 1).await;
    publish(&broker, "milepost/van-8", &fix(66.0, 2)).await;
    publish(&broker, "milepost/van-8", "malformed").await;
    stored(&server, &broker, &[("milepost/van-7", fix(52.6, 3))], 2).await;
    let parked = server.folder().join("mqtt-parked");
    let count = || std::fs::read_dir(&parked).map_or(0, |files| files.count());
    let deadline = std::time::Instant::now() + PATIENCE;
    while count() == 0 {
        assert!(std::time::Instant::now() < deadline, "it is kept");
        server.clock.turn(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Others of its topic go on.
    publish(&broker, "milepost/van-8", &fix(52.7, 4)).await;
    let poisoned = "/api/v1/vehicles/poisoned/positions?limit=100";
    let positions =
        async |server: &TestServer| server.get_json(poisoned, &server.admin).await["items"].as_array().unwrap().len();
    while positions(&server).await < 1 {
        assert!(std::time::Instant::now() < deadline, "the next one is stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let metrics = server.get("/metrics", &server.admin).await.text().await.unwrap();
    for line in [
        "milepost_mqtt_messages_parked_total 1",
        "milepost_mqtt_messages_unreadable_total 1",
        "milepost_mqtt_connected 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }

    // The fault is mended: the next start stores it.
    run_on_postgres(&database, "drop trigger fault on positions").await;
    let server = server.restart(&settings).await;
    while positions(&server).await < 2 || count() > 0 {
        assert!(std::time::Instant::now() < deadline, "it is stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_the_messages_of_a_broker() {
    let (Some(broker), Some(database)) = (Mosquitto::start(), fresh_postgres().await) else { return };
    let url = broker.url();
    let settings = [("MQTT_URL", url.as_str()), ("MQTT_TOPICS", "milepost/+")];
    let one = TestServer::start_with(&[settings[0], settings[1], ("DATABASE_URL", &database)]).await;
    one.add_bus("b1").await;
    add_device(&one, "van-7").await;
    let two = one.start_beside(&settings).await;
    let at = one.clock.clock().now().unix_ms() / 1000 - 3_600;
    let fix =
        |n: i64| json!({"latitude": 52.5, "longitude": 13.4 + 0.0001 * n as f64, "timestamp": at + n}).to_string();
    let metric = async |server: &TestServer, name: &str| {
        let metrics = server.get("/metrics", &server.admin).await.text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<usize>().unwrap()
    };
    let taken = async |server: &TestServer| metric(server, "milepost_mqtt_messages_total ").await;
    // Until both have subscribed and got some.
    let (mut sent, deadline) = (0, std::time::Instant::now() + PATIENCE);
    while taken(&one).await == 0 || taken(&two).await == 0 {
        assert!(std::time::Instant::now() < deadline, "{} and {}", taken(&one).await, taken(&two).await);
        sent += 1;
        publish(&broker, "milepost/van-7", &fix(sent)).await;
    }
    for n in 0..40 {
        publish(&broker, "milepost/van-7", &fix(1_000 + n)).await;
    }
    let begin = milepost_http::rfc3339(one.clock.clock().now().plus_ms(-3_600_000 + 900_000));
    let later = format!("/api/v1/vehicles/b1/positions?limit=100&from={begin}");
    let so_many = async |server: &TestServer, count: usize| loop {
        let page = server.get_json(&later, &server.admin).await;
        let stored = page["items"].as_array().unwrap().len();
        if stored >= count {
            return assert_eq!(stored, count);
        }
        assert!(std::time::Instant::now() < deadline, "{stored} of {count} are stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    so_many(&one, 40).await;
    for node in [&one, &two] {
        assert_eq!(metric(node, "milepost_positions_duplicate_total ").await, 0, "each message came to one of them");
    }
    // While one node is away, the broker keeps its share.
    let publishing = async {
        for n in 40..50 {
            publish(&broker, "milepost/van-7", &fix(1_000 + n)).await;
        }
    };
    let _one = one.restart_after(&settings, publishing).await;
    so_many(&two, 50).await;
}
