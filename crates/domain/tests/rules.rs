//! Identity and permission rules, over generated callers and ids.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_domain::{
    AccessTokenId, Action, Caller, DeviceId, EndedAssignment, Label, Latitude, Longitude, PastAssignments, Principal,
    RULES, Role, Scope, ShareId, SpeedKmh, TenantId, Timestamp, UserId, Vehicle, VehicleId, VehicleKind, VehicleScope,
    Who, may, may_report,
};
use proptest::prelude::*;

const ACTIONS: [Action; 14] = [
    Action::ManageTenants,
    Action::ManageUsers,
    Action::ManageVehicles,
    Action::ManageDevices,
    Action::ReportPosition,
    Action::SeeVehicle,
    Action::StartDelivery,
    Action::SeeRiders,
    Action::SeeDeliveryFigures,
    Action::ManageGeofences,
    Action::ManageTrips,
    Action::SeeFleet,
    Action::ManageAlerts,
    Action::ManageShares,
];

fn tenant() -> impl Strategy<Value = TenantId> {
    "[a-z]{1,8}".prop_map(|text| TenantId::new(&text).unwrap())
}

fn vehicle() -> impl Strategy<Value = VehicleId> {
    "[a-z0-9]{1,4}".prop_map(|text| VehicleId::new(&text).unwrap())
}

fn caller() -> impl Strategy<Value = Caller> {
    let user = (1..50_i64, 0..Role::ALL.len(), proptest::collection::vec(vehicle(), 0..4)).prop_map(
        |(id, role, vehicle_ids)| Principal::User {
            id: UserId::new(id).ok(),
            subject: id.to_string(),
            role: Role::ALL[role],
            cadet_id: None,
            vehicle_ids,
        },
    );
    let device = vehicle().prop_map(|vehicle_id| Principal::Device {
        id: DeviceId::new("d").unwrap(),
        vehicle_id,
        past_vehicles: PastAssignments::default(),
    });
    let list = proptest::option::of(proptest::collection::vec(vehicle(), 0..4));
    let program = (0..Scope::ALL.len(), list).prop_map(|(scope, vehicle_ids)| Principal::Program {
        id: AccessTokenId::new(1).unwrap(),
        scope: Scope::ALL[scope],
        vehicle_ids,
    });
    let guest = proptest::collection::vec(vehicle(), 0..4).prop_map(|vehicle_ids| Principal::Guest {
        share: ShareId::new(1).unwrap(),
        name: "link".to_owned(),
        vehicle_ids,
    });
    (tenant(), prop_oneof![user, device, program, guest]).prop_map(|(tenant, principal)| Caller {
        tenant,
        principal,
        expires_at: None,
    })
}

proptest! {
    #[test]
    fn only_a_superadmin_may_act_in_another_tenant(caller in caller(), other in tenant(), id in vehicle()) {
        prop_assume!(other != caller.tenant && !caller.is_superadmin());
        for action in ACTIONS {
            prop_assert!(!may(&caller, action, &other));
            let scope = VehicleScope::of(&caller, action, &other);
            prop_assert_eq!(&scope, &VehicleScope::Nothing);
            prop_assert!(!scope.holds(&id, caller.user_id()));
        }
    }

    #[test]
    fn a_device_reports_for_its_own_vehicle_only(caller in caller(), id in vehicle()) {
        let own = match &caller.principal {
            Principal::Device { vehicle_id, .. } => vehicle_id.clone(),
            Principal::User { .. } | Principal::Program { .. } | Principal::Guest { .. } => return Ok(()),
        };
        let vehicle = Vehicle::new(id.clone(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap());
        prop_assert_eq!(may_report(&caller, &caller.tenant, &vehicle, at(0)), id == own);
    }

    #[test]
    fn a_program_for_some_vehicles_reaches_these_alone(caller in caller(), other in vehicle(), own in any::<bool>()) {
        let Principal::Program { scope, vehicle_ids: Some(listed), .. } = &caller.principal else { return Ok(()) };
        let id = listed.first().filter(|_| own).unwrap_or(&other);
        for action in ACTIONS {
            prop_assert!(!may(&caller, action, &caller.tenant), "{action:?}");
            let reached = VehicleScope::of(&caller, action, &caller.tenant).holds(id, caller.user_id());
            prop_assert!(!reached || listed.contains(id), "{action:?}");
        }
        let vehicle = Vehicle::new(id.clone(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap());
        let reports = may_report(&caller, &caller.tenant, &vehicle, at(0));
        prop_assert_eq!(reports, *scope == Scope::Ingest && listed.contains(id));
    }

    #[test]
    fn a_guest_sees_its_shared_vehicles_and_does_nothing(caller in caller(), other in vehicle(), own in any::<bool>()) {
        let Principal::Guest { vehicle_ids: shared, .. } = &caller.principal else { return Ok(()) };
        let id = shared.first().filter(|_| own).unwrap_or(&other);
        for action in ACTIONS {
            prop_assert!(!may(&caller, action, &caller.tenant), "{action:?}");
            let reached = VehicleScope::of(&caller, action, &caller.tenant).holds(id, Some(UserId::new(7).unwrap()));
            prop_assert_eq!(reached, action == Action::SeeVehicle && shared.contains(id), "{:?}", action);
        }
        let vehicle = Vehicle::new(id.clone(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap());
        prop_assert!(!may_report(&caller, &caller.tenant, &vehicle, at(0)));
    }

    #[test]
    fn a_parent_sees_its_listed_vehicles_and_reports_for_none(
        tenant in tenant(), vehicle_ids in proptest::collection::vec(vehicle(), 0..4), id in vehicle(), driver in 1..50_i64,
    ) {
        let principal = Principal::User {
            id: UserId::new(7).ok(),
            subject: "7".to_owned(),
            role: Role::Parent,
            cadet_id: None,
            vehicle_ids: vehicle_ids.clone(),
        };
        let caller = Caller { tenant, principal, expires_at: None };
        let driver = UserId::new(driver).ok();
        let sees = VehicleScope::of(&caller, Action::SeeVehicle, &caller.tenant).holds(&id, driver);
        prop_assert_eq!(sees, vehicle_ids.contains(&id));
        prop_assert!(!VehicleScope::of(&caller, Action::ReportPosition, &caller.tenant).holds(&id, driver));
    }

    #[test]
    fn an_id_is_read_back_from_its_text_and_hostile_text_is_refused(text in "\\PC{0,80}") {
        match VehicleId::new(&text) {
            Ok(id) => {
                // Some letters have another form in NFC, which is the id.
                prop_assert_eq!(VehicleId::new(id.as_str()), Ok(id.clone()));
                let is_dots = text == "." || text == "..";
                prop_assert!(!text.contains(['/', '\\', '?', '#', '%', '"', '<', '\0']) && !is_dots);
                prop_assert!((1..=64).contains(&text.chars().count()));
            }
            Err(invalid) => prop_assert_eq!(invalid.field, "vehicle_id"),
        }
    }

    #[test]
    fn a_measure_that_exists_is_within_its_range(value in proptest::num::f64::ANY) {
        prop_assert_eq!(Latitude::new(value).is_ok(), value.abs() <= 90.0);
        prop_assert_eq!(Longitude::new(value).is_ok(), value.abs() <= 180.0);
        prop_assert_eq!(SpeedKmh::new(value).is_ok(), (0.0..=1000.0).contains(&value));
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_ms(minute * 60_000).unwrap()
}

fn before<T>(from_minute: i64, to_minute: i64, assigned: T) -> EndedAssignment<T> {
    EndedAssignment { from: at(from_minute), to: at(to_minute), assigned }
}

fn bus() -> Vehicle {
    Vehicle::new(VehicleId::new("bus").unwrap(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap())
}

#[test]
fn a_driver_reports_for_the_time_in_which_it_had_the_vehicle() {
    let user = |id| UserId::new(id).ok();
    // Nobody, then 1, then 2, then 3.
    let past_drivers =
        PastAssignments::new(vec![before(0, 60, None), before(60, 120, user(1)), before(120, 180, user(2))]);
    let bus = Vehicle { driver_id: user(3), past_drivers, ..bus() };
    let may_at = |id, minutes: [i64; 7]| {
        let principal = Principal::User {
            id: user(id),
            subject: id.to_string(),
            role: Role::Driver,
            cadet_id: None,
            vehicle_ids: Vec::new(),
        };
        let caller = Caller { tenant: TenantId::default_tenant(), principal, expires_at: None };
        minutes.map(|minute| may_report(&caller, &caller.tenant, &bus, at(minute)))
    };
    let minutes = [30, 54, 57, 119, 120, 179, 180];
    // Its clock may be five minutes slow.
    assert_eq!(may_at(1, minutes), [false, false, true, true, false, false, false]);
    assert_eq!(may_at(2, minutes), [false, false, false, true, true, true, false]);
    // The present driver reports for the time without one, but not for the others'.
    assert_eq!(may_at(3, minutes), [true, true, true, false, false, true, true]);
    assert_eq!(may_at(4, minutes), [false; 7]);
}

#[test]
fn a_device_reports_for_the_vehicle_that_it_was_in() {
    let id = |name| VehicleId::new(name).ok();
    let past_vehicles = PastAssignments::new(vec![before(10, 60, id("bus")), before(60, 120, None)]);
    let principal =
        Principal::Device { id: DeviceId::new("d").unwrap(), vehicle_id: id("van").unwrap(), past_vehicles };
    let caller = Caller { tenant: TenantId::default_tenant(), principal, expires_at: None };
    let in_it = [9, 10, 59, 60, 120].map(|minute| caller.principal.own_vehicle(at(minute)).ok().flatten().cloned());
    assert_eq!(in_it, [None, id("bus"), id("bus"), None, id("van")]);
    let may = [9, 10, 59, 60, 120].map(|minute| may_report(&caller, &caller.tenant, &bus(), at(minute)));
    assert_eq!(may, [false, true, true, false, false]);
}

#[test]
fn reading_and_reporting_change_nothing_else_and_tokens_make_no_tokens() {
    for rule in RULES {
        let Who::Program(scope) = rule.1 else { continue };
        let (action, name) = (rule.0, format!("{:?}", rule.0));
        assert_ne!(action, Action::ManageAccessTokens);
        assert_ne!(action, Action::ManageTenants);
        match scope {
            Scope::Read => assert!(name.starts_with("See"), "{name}"),
            Scope::Ingest => assert_eq!(action, Action::ReportPosition),
            Scope::Manage => assert_ne!(action, Action::ReportPosition),
        }
    }
}

#[test]
fn the_table_has_one_line_for_each_action_and_holder() {
    let mut lines: Vec<_> = RULES.iter().map(|rule| format!("{:?} {:?}", rule.0, rule.1)).collect();
    let before = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), before);
}
