//! Speeding, harsh manoeuvres, fuel, service.

use crate::made_up_drive::{Circle, Drive, circles, facts, point, position, track_history};
use milepost_domain::{HeadingDeg, Position, SpeedKmh};
use milepost_track::{Incident, IncidentKind, NoFences, Rules, SpeedBasis, Thresholds, TrackFact, VehicleRules};

fn incidents_of(positions: &[Position], rules: &Rules, kind: IncidentKind) -> Vec<Incident> {
    let found = facts(positions, rules, &NoFences);
    let began = found.iter().filter(|fact| matches!(fact, TrackFact::IncidentBegan(i) if i.kind == kind)).count();
    let incidents: Vec<Incident> =
        track_history(&found).incidents.into_values().filter(|incident| incident.kind == kind).collect();
    assert_eq!(began, incidents.len(), "each is published once");
    incidents
}

fn incidents(positions: &[Position], kind: IncidentKind) -> Vec<Incident> {
    incidents_of(positions, &Rules::default(), kind)
}

#[test]
fn a_streak_over_the_limit_is_one_violation_with_its_peak() {
    for (every_s, reports_speed, basis) in [(5.0, true, SpeedBasis::Reported), (30.0, false, SpeedBasis::Derived)] {
        let mut drive = Drive::new(every_s);
        drive.reports_speed = reports_speed;
        drive.stand(300).go(3000.0, 0.0, 70.0);
        for kmh in [95.0, 79.0, 105.0, 79.0, 95.0] {
            // 79 is below the limit, but not by enough to end it.
            drive.go(kmh / 3.6 * 90.0, 0.0, kmh);
        }
        drive.go(3000.0, 0.0, 60.0).stand(600);
        let found = incidents(&drive.positions, IncidentKind::Speeding);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].limit, found[0].basis), (80.0, Some(basis)));
        assert!((found[0].value - 105.0).abs() < 5.0, "{found:?}");
        let lasted_s = found[0].ended_at.unwrap().ms_since(found[0].started_at) as f64 / 1000.0;
        assert!((lasted_s - 450.0).abs() < 2.0 * every_s + 10.0, "{lasted_s}");
    }
}

#[test]
fn a_slip_of_the_receiver_is_no_violation() {
    let mut drive = Drive::new(1.0);
    drive.reports_speed = true;
    drive.stand(300).go(500.0, 0.0, 50.0);
    drive.positions.last_mut().unwrap().speed = Some(SpeedKmh::new(140.0).unwrap());
    drive.go(500.0, 0.0, 50.0).stand(600);
    assert_eq!(incidents(&drive.positions, IncidentKind::Speeding), []);
}

#[test]
fn a_reported_speed_that_the_distance_contradicts_is_not_used() {
    let mut drive = Drive::new(10.0);
    drive.reports_speed = true;
    drive.stand(300).go(20_000.0, 0.0, 50.0).stand(600);
    for position in &mut drive.positions {
        // The device counts in metres a minute.
        position.speed = position.speed.map(|speed| SpeedKmh::new(speed.get() * 1000.0 / 60.0).unwrap());
    }
    let found = incidents(&drive.positions, IncidentKind::Speeding);
    assert!(
        found.iter().all(|incident| incident.ended_at.unwrap().ms_since(incident.started_at) <= 30_000),
        "{found:?}"
    );
    let history = track_history(&facts(&drive.positions, &Rules::default(), &NoFences));
    assert_eq!(history.trips.len(), 1);
}

#[test]
fn the_vehicles_own_limit_and_the_fences_limit_apply() {
    let mut drive = Drive::new(5.0);
    drive.reports_speed = true;
    drive.stand(300).go(6000.0, 0.0, 70.0).stand(600);
    let vehicle = VehicleRules { speed_limit_kmh: Some(60.0), ..VehicleRules::default() };
    let rules = Rules::new(Thresholds::default(), vehicle).unwrap();
    assert_eq!(incidents_of(&drive.positions, &rules, IncidentKind::Speeding)[0].limit, 60.0);

    let mut fence = Circle::new(3000.0, 0.0, 500.0);
    fence.limit_kmh = Some(30.0);
    let found = facts(&drive.positions, &Rules::default(), &circles([fence]));
    let history = track_history(&found);
    assert_eq!(
        history.incidents.values().map(|i| (i.kind, i.limit)).collect::<Vec<_>>(),
        [(IncidentKind::Speeding, 30.0)]
    );
    let lasted_s =
        history.incidents.values().map(|i| i.ended_at.unwrap().ms_since(i.started_at) / 1000).next().unwrap();
    assert!((40..=60).contains(&lasted_s), "{lasted_s}");
}

/// One fix a second with these speeds and headings.
fn ridden(speeds_kmh: &[f64], headings_deg: &[f64]) -> Vec<Position> {
    let (mut east_m, mut north_m) = (0.0, 0.0);
    let pairs = speeds_kmh.iter().zip(headings_deg.iter().cycle());
    let ridden = pairs.enumerate().map(|(second, (&kmh, &heading_deg))| {
        let mut position = position(second as i64 * 1000, point(east_m, north_m));
        (position.speed, position.heading) =
            (Some(SpeedKmh::new(kmh).unwrap()), Some(HeadingDeg::new(heading_deg).unwrap()));
        east_m += kmh / 3.6 * heading_deg.to_radians().sin();
        north_m += kmh / 3.6 * heading_deg.to_radians().cos();
        position
    });
    ridden.collect()
}

#[test]
fn harsh_manoeuvres_are_published_once_each() {
    let speeds = [50.0, 50.0, 50.0, 32.0, 14.0, 0.0, 0.0, 14.0, 29.0, 42.0, 50.0, 50.0, 50.0, 50.0, 50.0];
    let ride = ridden(&speeds, &[0.0]);
    let braking = incidents(&ride, IncidentKind::HarshBraking);
    assert_eq!(braking.len(), 1);
    assert!((braking[0].value - 5.0).abs() < 0.01, "{braking:?}");
    assert_eq!(incidents(&ride, IncidentKind::HarshAcceleration).len(), 1);
    assert_eq!(incidents(&ride, IncidentKind::HarshCornering).len(), 0);

    let bend = ridden(&[50.0; 9], &[350.0, 350.0, 350.0, 10.0, 30.0, 50.0, 50.0, 50.0, 50.0]);
    let cornering = incidents(&bend, IncidentKind::HarshCornering);
    assert_eq!(cornering.len(), 1);
    assert!((cornering[0].value - 4.85).abs() < 0.01, "{cornering:?}");
}

#[test]
fn ordinary_driving_and_fixes_far_apart_are_never_harsh() {
    let calm = ridden(&[50.0, 44.0, 36.0, 28.0, 20.0, 12.0, 6.0, 0.0, 0.0, 8.0, 16.0, 24.0], &[0.0, 5.0, 10.0]);
    let mut sparse = Drive::new(30.0);
    sparse.reports_speed = true;
    sparse.stand(60).go(1000.0, 0.0, 90.0).go(0.0, 1000.0, 30.0).go(-1000.0, 0.0, 90.0);
    for kind in [IncidentKind::HarshBraking, IncidentKind::HarshAcceleration, IncidentKind::HarshCornering] {
        assert_eq!(incidents(&calm, kind), []);
        assert_eq!(incidents(&sparse.positions, kind), []);
    }
}

/// A night of a parked vehicle with the fuel level `level_l` at each minute, and a sensor's noise.
fn parked_night(ignition: Option<bool>, level_l: impl Fn(i64) -> f64) -> Vec<Position> {
    let mut drive = Drive::new(60.0).with_noise(8.0, 5);
    let mut dice = fastrand::Rng::with_seed(5);
    drive.ignition = ignition;
    for minute in 0..600 {
        drive.fuel_l = Some((level_l(minute) + (dice.f64() - 0.5) * 3.0).max(0.0));
        drive.stand(60);
    }
    drive.positions
}

#[test]
fn a_level_that_falls_while_parked_is_a_theft() {
    for ignition in [None, Some(false)] {
        let robbed = parked_night(ignition, |minute| {
            if minute < 300 { 180.0 } else { 180.0 - f64::from((minute - 300).min(8) as i32) * 5.0 }
        });
        let found = incidents(&robbed, IncidentKind::FuelTheft);
        assert_eq!(found.len(), 1, "{ignition:?}: {found:?}");
        assert!((found[0].value - 40.0).abs() < 20.0 && found[0].ended_at.is_some(), "{found:?}");
        assert_eq!(incidents(&robbed, IncidentKind::Refuelling), []);
    }
}

#[test]
fn idling_noise_refuelling_and_a_sensor_without_power_are_not_a_theft() {
    let idling = parked_night(Some(true), |minute| 180.0 - minute as f64 * 2.5 / 60.0);
    assert_eq!(incidents(&idling, IncidentKind::FuelTheft), []);
    assert_eq!(incidents(&parked_night(None, |_| 180.0), IncidentKind::FuelTheft), []);
    let dead = parked_night(None, |minute| if (200..300).contains(&minute) { -10.0 } else { 180.0 });
    assert_eq!(incidents(&dead, IncidentKind::FuelTheft), []);

    let refuelled =
        parked_night(
            None,
            |minute| if minute < 200 { 50.0 } else { 50.0 + f64::from((minute - 200).min(6) as i32) * 25.0 },
        );
    assert_eq!(incidents(&refuelled, IncidentKind::FuelTheft), []);
    let found = incidents(&refuelled, IncidentKind::Refuelling);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].value - 150.0).abs() < 5.0, "{found:?}");
}

#[test]
fn a_service_is_due_by_the_odometer_or_by_the_followed_distance() {
    let vehicle =
        VehicleRules { service_due_km: Some(10_005.0), odometer_offset_km: 10_000.0, ..VehicleRules::default() };
    let rules = Rules::new(Thresholds::default(), vehicle).unwrap();
    let mut drive = Drive::new(10.0);
    drive.stand(300).go(9000.0, 0.0, 60.0).stand(600);
    let followed = incidents_of(&drive.positions, &rules, IncidentKind::ServiceDue);
    assert_eq!(followed.len(), 1);
    assert!((followed[0].value - 10_005.0).abs() < 0.3, "{followed:?}");

    drive.positions.iter_mut().enumerate().for_each(|(index, position)| {
        position.odometer = milepost_domain::OdometerKm::new(9990.0 + index as f64).ok();
    });
    let read = incidents_of(&drive.positions, &rules, IncidentKind::ServiceDue);
    assert_eq!((read.len(), read[0].value), (1, 10_005.0));
}

/// Due services of a vehicle that drives at 50 km/h and reads its odometer every ten seconds; some readings are others.
fn services(due_km: f64, readings: &[f64], other: &[(usize, f64)]) -> Vec<f64> {
    let vehicle = VehicleRules { service_due_km: Some(due_km), ..VehicleRules::default() };
    let rules = Rules::new(Thresholds::default(), vehicle).unwrap();
    let mut drive = Drive::new(10.0);
    for (index, km) in readings.iter().enumerate() {
        let read_km = other.iter().find(|(at, _)| *at == index).map_or(*km, |(_, km)| *km);
        drive.odometer_km = Some(read_km);
        drive.east_m = 139.0 * index as f64;
        drive.report(50.0, 90.0);
    }
    incidents_of(&drive.positions, &rules, IncidentKind::ServiceDue).iter().map(|due| due.value).collect()
}

#[test]
fn an_odometer_that_jumps_and_comes_back_serviced_nothing() {
    let readings: Vec<f64> = (0..60).map(|index| 12_000.8 + 0.1389 * f64::from(index)).collect();
    let wrong = [16_777.215, 4_294_967.295, 21_474_836.475];
    let none = [0.0; 3];
    assert_eq!(services(15_000.0, &readings, &[]), none[..0]);
    for first in [0, 1, 5, 20, 57] {
        for (count, km) in [(1, wrong[0]), (1, wrong[1]), (2, wrong[2]), (9, wrong[0])] {
            let other: Vec<(usize, f64)> = (first..first + count).map(|index| (index, km)).collect();
            assert_eq!(services(15_000.0, &readings, &other), none[..0], "{count} of {km} from {first}");
        }
        // Nor does one that reads zero for a while, and then itself again.
        let zeros: Vec<(usize, f64)> = (first..first + 12).map(|index| (index, 0.0)).collect();
        assert_eq!(services(12_004.0, &readings, &zeros).len(), 1, "zeros from {first}");
    }
}

#[test]
fn an_odometer_that_goes_on_from_another_number_is_believed() {
    // Three thousand kilometres that nobody saw, or another device: due once, soon after.
    let readings: Vec<f64> = (0..60).map(|index| 0.1389 * f64::from(index)).collect();
    let readings: Vec<f64> = readings.iter().map(|km| if *km < 4.0 { 12_000.0 } else { 14_996.0 } + km).collect();
    let due = services(15_000.2, &readings, &[(40, 0.0), (45, 16_777.215)]);
    assert!(matches!(due[..], [km] if (15_000.2..15_004.0).contains(&km)), "{due:?}");
}

/// Fixes of a vehicle that tells no speed, by seconds and metres along its way.
fn untold(fixes: &[(i64, f64)]) -> Vec<Position> {
    fixes.iter().map(|&(s, east_m)| position(s * 1000, point(east_m, 0.0))).collect()
}

fn max_speed_kmh(positions: &[Position]) -> f64 {
    let history = track_history(&facts(positions, &Rules::default(), &NoFences));
    history.trips.values().map(|trip| trip.max_speed_kmh).fold(0.0, f64::max)
}

fn with_limit(kmh: f64) -> Rules {
    Rules::new(Thresholds { speed_limit_kmh: kmh, ..Thresholds::default() }, VehicleRules::default()).unwrap()
}

#[test]
fn a_fix_that_was_stamped_late_is_no_violation() {
    // A taxi in San Francisco (2008): 85, 119, 59, 224, 105 and 83 km/h.
    let taxi = [
        (1_212_785_926, 37.69978, -122.39284),
        (1_212_785_990, 37.71323, -122.39638),
        (1_212_786_035, 37.72591, -122.40179),
        (1_212_786_100, 37.73523, -122.40465),
        (1_212_786_124, 37.74587, -122.39424),
        (1_212_786_176, 37.75948, -122.39228),
        (1_212_786_237, 37.77241, -122.39793),
    ];
    let fixes = taxi.map(|(s, latitude, longitude)| {
        let place = milepost_geo::Point::from_degrees(latitude, longitude).unwrap();
        position((s - taxi[0].0) * 1000, place)
    });
    assert_eq!(incidents_of(&fixes, &with_limit(130.0), IncidentKind::Speeding), []);
    let kmh = max_speed_kmh(&fixes);
    assert!((95.0..125.0).contains(&kmh), "{kmh}");
}

#[test]
fn one_wrong_time_or_place_makes_no_derived_speed() {
    for every_s in [15, 30, 60, 110] {
        for wrong in 4..16 {
            for (late_s, aside_m) in [(0.4, 0.0), (-0.4, 0.0), (0.8, 0.0), (0.0, 0.6), (0.0, -0.6)] {
                // 90 km/h.
                let ride = (0..20).map(|n| {
                    let off = if n == wrong { (late_s, aside_m) } else { (0.0, 0.0) };
                    let ms = n * every_s * 1000 + (off.0 * every_s as f64 * 1000.0) as i64;
                    let aside_m = off.1 * 25.0 * every_s as f64;
                    position(ms, point(25.0 * (n * every_s) as f64, aside_m))
                });
                let ride: Vec<Position> = ride.collect();
                let found = incidents_of(&ride, &with_limit(110.0), IncidentKind::Speeding);
                assert_eq!(found, [], "{wrong} of every {every_s} s by {late_s}, {aside_m}");
                let kmh = max_speed_kmh(&ride);
                assert!((80.0..110.0).contains(&kmh), "{kmh} with {wrong} of every {every_s} s by {late_s}, {aside_m}");
            }
        }
    }
}

#[test]
fn a_derived_speed_that_holds_over_several_steps_is_a_violation() {
    let mut east_m = 0.0;
    let ride: Vec<(i64, f64)> = (0..40)
        .map(|n| {
            east_m += if (15..18).contains(&n) { 1_050.0 } else { 600.0 };
            (n * 30, east_m)
        })
        .collect();
    let found = incidents_of(&untold(&ride), &with_limit(90.0), IncidentKind::Speeding);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].value - 126.0).abs() < 6.0, "{found:?}");
    assert_eq!(found[0].started_at, untold(&ride)[14].at);
    assert_eq!(found[0].ended_at, Some(untold(&ride)[17].at));
}

#[test]
fn a_lone_reported_speed_that_the_path_denies_is_no_maximum() {
    for (every_s, kmh) in [(1.0, 40.0), (10.0, 40.0), (30.0, 40.0), (60.0, 40.0)] {
        let mut drive = Drive::new(every_s);
        drive.reports_speed = true;
        drive.stand(300).go(8_000.0, 0.0, kmh).stand(600);
        let true_kmh = max_speed_kmh(&drive.positions);
        let wrong = drive.positions.iter().position(|position| position.speed == SpeedKmh::new(kmh).ok()).unwrap() + 4;
        drive.positions[wrong].speed = SpeedKmh::new(217.0).ok();
        assert_eq!(max_speed_kmh(&drive.positions), true_kmh, "every {every_s} s");
        assert_eq!(incidents(&drive.positions, IncidentKind::Speeding), []);
    }
    // What the path allows counts: a sprint between two red lights.
    let mut sprint = Drive::new(30.0);
    sprint.reports_speed = true;
    sprint.stand(300).go(300.0, 0.0, 36.0).go(500.0, 0.0, 60.0).go(300.0, 0.0, 36.0).stand(600);
    let fastest = sprint.positions.iter_mut().find(|position| position.speed == SpeedKmh::new(60.0).ok()).unwrap();
    fastest.speed = SpeedKmh::new(75.0).ok();
    assert_eq!(max_speed_kmh(&sprint.positions), 75.0);
}
