//! The academy: cadets with scores, merits and demerits, attendance; and staff that goes on entering them.

use super::Tour;
use crate::SimulateError;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const NAMES: [&str; 14] = [
    "Adi Wijaya",
    "Bella Santos",
    "Chen Wei",
    "Dewi Lestari",
    "Emil Novak",
    "Farah Khan",
    "Gita Rao",
    "Hugo Blanc",
    "Intan Permata",
    "Jonas Berg",
    "Kofi Mensah",
    "Lara Costa",
    "Miguel Ortiz",
    "Nadia Haddad",
];
const REASONS: [(&str, i64, &str); 6] = [
    ("merit", 3, "Helped a junior with navigation"),
    ("demerit", 2, "Late for the morning parade"),
    ("merit", 5, "Best chart of the class"),
    ("merit", 2, "Kept the boat shed in order"),
    ("demerit", 1, "Uniform incomplete"),
    ("merit", 4, "Led the night watch"),
];
const CHANGE_EVERY: Duration = Duration::from_secs(7);

pub(super) async fn prepare(tour: &Tour) -> Result<(), SimulateError> {
    tour.add_user("stefan", "training_staff", json!({})).await?;
    let mut dice = fastrand::Rng::with_seed(11);
    for (index, name) in NAMES.iter().enumerate() {
        let cadet = json!({ "name": name, "student_id": format!("HA-{}", 2_201 + index) });
        let id = tour.post("/api/v1/cadets", cadet).await?["id"].clone();
        let score = |dice: &mut fastrand::Rng| f64::from(dice.i32(110..196)) / 2.0;
        let scores = json!({ "prelim_score": score(&mut dice), "midterm_score": score(&mut dice) });
        tour.change(Method::PATCH, &format!("/api/v1/cadets/{id}/scores"), scores).await?;
        for day in 1..=5 {
            let status = ["present", "present", "present", "late", "present", "absent"][dice.usize(0..6)];
            let path = format!("/api/v1/cadets/{id}/attendance/{day}");
            tour.change(Method::PUT, &path, json!({ "status": status })).await?;
        }
        for _ in 0..dice.usize(1..4) {
            give_grade(tour, &id, dice.usize(0..REASONS.len())).await?;
        }
        if index == 0 {
            tour.add_user("casey", "cadet", json!({ "cadet_id": id })).await?;
        }
    }
    Ok(())
}

/// Grades come all the time, and the final scores one after the other.
pub(super) async fn play(tour: &Tour) -> Result<(), SimulateError> {
    let cadets = tour.change(Method::GET, "/api/v1/cadets?limit=100", Value::Null).await?;
    let ids: Vec<Value> = cadets["items"].as_array().into_iter().flatten().map(|cadet| cadet["id"].clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut dice = fastrand::Rng::with_seed(12);
    for number in 0_usize.. {
        tokio::time::sleep(CHANGE_EVERY).await;
        if number % 2 == 0 {
            give_grade(tour, &ids[dice.usize(0..ids.len())], dice.usize(0..REASONS.len())).await?;
        } else {
            let id = &ids[number / 2 % ids.len()];
            let scores = json!({ "final_score": f64::from(dice.i32(110..196)) / 2.0 });
            tour.change(Method::PATCH, &format!("/api/v1/cadets/{id}/scores"), scores).await?;
        }
    }
    Ok(())
}

async fn give_grade(tour: &Tour, cadet: &Value, reason: usize) -> Result<(), SimulateError> {
    let (kind, points, reason) = REASONS[reason];
    let grade = json!({ "type": kind, "points": points, "reason": reason });
    tour.post(&format!("/api/v1/cadets/{cadet}/grades"), grade).await?;
    Ok(())
}
