//! Coming, leaving, passing, dwelling.

use crate::made_up_drive::{Circle, Drive, circles, facts, time, track_history};
use milepost_track::{FenceSet, Rules, TrackFact, Visit};

fn visits(drive: &Drive, fences: &FenceSet) -> Vec<Visit> {
    track_history(&facts(&drive.positions, &Rules::default(), fences)).visits.into_values().collect()
}

#[test]
fn fences_of_150_m_crossed_at_30_s_fixes_are_all_seen() {
    // One each 400 m; at 90 km/h the fixes are 750 m apart, so that most fences have no fix inside.
    let fences = circles((1..=50).map(|n| Circle::new(400.0 * f64::from(n), 0.0, 75.0)));
    for noise_m in [0.0, 5.0] {
        for offset_s in 0..10 {
            let mut drive = Drive::new(30.0).with_noise(noise_m, offset_s);
            drive.stand(3600 + offset_s as i64).go(21_000.0, 0.0, 90.0).stand(600);
            let visits = visits(&drive, &fences);
            assert_eq!(visits.len(), 50, "noise {noise_m}, offset {offset_s}");
            for visit in visits {
                let inside_s = visit.left_at.unwrap().ms_since(visit.entered_at) as f64 / 1000.0;
                assert!((4.0..=8.0).contains(&inside_s), "{visit:?}");
            }
        }
    }
}

#[test]
fn a_crossing_is_published_one_fix_late_at_most() {
    let fences = circles([Circle::new(3000.0, 0.0, 500.0)]);
    for (every_s, reports_speed, accuracy_m) in
        [(30.0, false, None), (10.0, false, None), (5.0, true, None), (1.0, true, Some(4.0)), (1.0, true, None)]
    {
        let mut drive = Drive::new(every_s).with_noise(2.0, 3);
        (drive.reports_speed, drive.accuracy_m) = (reports_speed, accuracy_m);
        drive.stand(600).go(6000.0, 0.0, 54.0).stand(600);
        let (mut state, mut found) = (milepost_track::TrackState::default(), Vec::new());
        let mut published = Vec::new();
        for (index, position) in drive.positions.iter().enumerate() {
            milepost_track::fold(&mut state, position, &Rules::default(), &fences, &mut found);
            published.extend(found.drain(..).filter_map(|fact| match fact {
                TrackFact::VisitBegan(_) | TrackFact::VisitEnded(_) => Some(index),
                _ => None,
            }));
        }
        // 15 m/s: in at 2500 m, out at 3500 m.
        let first_fix_after =
            |metres: f64| drive.positions.partition_point(|p| p.at < time(600_000 + (metres / 15.0 * 1000.0) as i64));
        let expected = [first_fix_after(2500.0), first_fix_after(3500.0)];
        assert_eq!(published.len(), 2, "{every_s} s");
        for (published, first) in published.iter().zip(expected) {
            assert!(
                (first..=first + 1).contains(published),
                "{every_s} s: published at fix {published}, crossed before {first}"
            );
        }
    }
}

#[test]
fn a_parked_vehicle_that_drives_into_the_fence_beside_it_is_seen() {
    let fences = circles([Circle::new(0.0, 160.0, 150.0)]);
    for seed in 0..10 {
        let mut drive = Drive::new(30.0).with_noise(8.0, seed);
        drive.stand(3600).go(0.0, 150.0, 20.0).stand(3600).go(0.0, -400.0, 20.0).stand(3600);
        let visits = visits(&drive, &fences);
        assert_eq!(visits.len(), 1, "seed {seed}: {visits:?}");
        assert!(visits[0].left_at.is_some());
    }
}

#[test]
fn dwelling_is_published_once_a_visit() {
    let mut fence = Circle::new(2000.0, 0.0, 300.0);
    fence.dwell_ms = Some(240_000);
    let fences = circles([fence]);
    let mut drive = Drive::new(10.0).with_noise(5.0, 1);
    drive.stand(600).go(2000.0, 0.0, 50.0).stand(3600).go(2000.0, 0.0, 50.0).stand(600);
    let found = facts(&drive.positions, &Rules::default(), &fences);
    let dwelt: Vec<&TrackFact> = found.iter().filter(|fact| matches!(fact, TrackFact::VisitDwelt(_))).collect();
    assert_eq!(dwelt.len(), 1);
    assert!(track_history(&found).visits.values().all(|visit| visit.dwelt && visit.max_speed_kmh > 20.0));
}

#[test]
fn passing_an_edge_within_the_noise_is_no_visit() {
    // The way passes 3 m inside of the one, and 40 m inside of the other.
    let fences = circles([Circle::new(3000.0, 147.0, 150.0), Circle::new(3000.0, -110.0, 150.0)]);
    let mut drive = Drive::new(30.0);
    drive.stand(600).go(6000.0, 0.0, 90.0).stand(600);
    assert_eq!(visits(&drive, &fences).iter().map(|visit| visit.fence.0).collect::<Vec<_>>(), [1]);
}
