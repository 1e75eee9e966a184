//! Who may do what: one table, [`RULES`], and the functions that read it.

use crate::{
    CadetId, Caller, Delivery, Parcel, Principal, Role, Scope, TenantId, Timestamp, UserId, Vehicle, VehicleId,
};

/// Something that a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Add and list tenants.
    ManageTenants,
    /// Add, change and remove users.
    ManageUsers,
    /// List users, and see one.
    SeeUsers,
    /// Add, list and remove access tokens.
    ManageAccessTokens,
    /// Share vehicles with guests, list and recall shares.
    ManageShares,
    /// See, change and remove report schedules of others.
    ManageReportSchedules,
    /// See who did what to what.
    SeeAudit,
    /// Add, change and remove vehicles.
    ManageVehicles,
    /// Add, change and remove devices.
    ManageDevices,
    /// See the devices that reported and that nobody has added, and add them.
    AdoptDevices,
    /// List devices, and see one.
    SeeDevices,
    /// Report where a vehicle is.
    ReportPosition,
    /// See a vehicle and where it is and was, and its trips; a driver those that it drove.
    SeeVehicle,
    /// Start a delivery session.
    StartDelivery,
    /// See which delivery a rider has.
    SeeRiders,
    /// See the figures of all deliveries.
    SeeDeliveryFigures,
    /// See the proofs of all deliveries. A rider sees those of its own.
    SeeProofs,
    /// Say whether deliveries end with a proof only.
    ManageDeliveries,
    /// Enter, change and end parcels.
    ManageParcels,
    /// See a parcel and where its driver is and was.
    SeeParcel,
    /// Report a parcel's status, and where its driver is.
    BringParcel,
    /// Add, change, test and remove webhooks, and retry outgoing calls that failed.
    ManageWebhooks,
    /// See webhooks and the state of outgoing calls.
    SeeWebhooks,
    /// Enter cadets and their grades, attendance and scores; send manual events.
    ManageRecords,
    /// See a cadet and its records.
    SeeRecords,
    /// Send notifications and messages to users.
    SendNotices,
    /// Add, change and remove geofences; change the thresholds of the fleet's rules.
    ManageGeofences,
    /// See geofences and the thresholds of the fleet's rules.
    SeeGeofences,
    /// Start, complete and cancel trips by hand. To see a trip, a caller must be allowed to see its vehicle, or have driven it.
    ManageTrips,
    /// See the statistics of the fleet, what happened in it, and the alerts that are not for one user.
    SeeFleet,
    /// Raise and delete alerts. All who see an alert may mark it read.
    ManageAlerts,
}

/// How far an allowed action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Everything of every tenant.
    Everywhere,
    /// Everything of the caller's tenant.
    Tenant,
    /// Within the caller's tenant, the vehicles that it drives, reports for, is allowed to see or has in its token's list, and the
    /// parcels that it sends or brings.
    Own,
}

/// The callers that a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A user with this role.
    Is(Role),
    /// A device with its key.
    Device,
    /// A program that was let in by this scope of its access token.
    Program(Scope),
}

/// One line of the table: who may do what, and how far.
#[derive(Debug, Clone, Copy)]
pub struct Rule(pub Action, pub Who, pub Reach);

use Action::{
    AdoptDevices, BringParcel, ManageAccessTokens, ManageAlerts, ManageDeliveries, ManageDevices, ManageGeofences,
    ManageParcels, ManageRecords, ManageReportSchedules, ManageShares, ManageTenants, ManageTrips, ManageUsers,
    ManageVehicles, ManageWebhooks, ReportPosition, SeeAudit, SeeDeliveryFigures, SeeDevices, SeeFleet, SeeGeofences,
    SeeParcel, SeeProofs, SeeRecords, SeeRiders, SeeUsers, SeeVehicle, SeeWebhooks, SendNotices, StartDelivery,
};
use Reach::{Everywhere, Own, Tenant};
use Scope::{Ingest, Manage, Read};
use Who::{Device, Is, Program};

/// All permissions. What is not in this table is refused.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    //   what                who                    how far
    Rule(ManageTenants,      Is(Role::Superadmin),  Everywhere),
    Rule(ManageUsers,        Is(Role::Superadmin),  Everywhere),
    Rule(ManageUsers,        Is(Role::Admin),       Tenant),
    Rule(ManageUsers,        Program(Manage),       Tenant),
    Rule(SeeUsers,           Is(Role::Superadmin),  Everywhere),
    Rule(SeeUsers,           Is(Role::Admin),       Tenant),
    Rule(SeeUsers,           Program(Read),         Tenant),
    Rule(SeeUsers,           Program(Manage),       Tenant),
    Rule(ManageAccessTokens, Is(Role::Superadmin),  Everywhere),
    Rule(ManageAccessTokens, Is(Role::Admin),       Tenant),
    Rule(ManageShares,       Is(Role::Superadmin),  Everywhere),
    Rule(ManageShares,       Is(Role::Admin),       Tenant),
    Rule(ManageShares,       Is(Role::Manager),     Tenant),
    Rule(ManageReportSchedules, Is(Role::Superadmin), Everywhere),
    Rule(ManageReportSchedules, Is(Role::Admin),    Tenant),
    Rule(SeeAudit,           Is(Role::Superadmin),  Everywhere),
    Rule(SeeAudit,           Is(Role::Admin),       Tenant),
    Rule(ManageVehicles,     Is(Role::Superadmin),  Everywhere),
    Rule(ManageVehicles,     Is(Role::Admin),       Tenant),
    Rule(ManageVehicles,     Is(Role::Manager),     Tenant),
    Rule(ManageVehicles,     Program(Manage),       Tenant),
    Rule(ManageDevices,      Is(Role::Superadmin),  Everywhere),
    Rule(ManageDevices,      Is(Role::Admin),       Tenant),
    Rule(ManageDevices,      Is(Role::Manager),     Tenant),
    Rule(ManageDevices,      Program(Manage),       Tenant),
    Rule(AdoptDevices,       Is(Role::Superadmin),  Everywhere),
    Rule(AdoptDevices,       Is(Role::Admin),       Tenant),
    Rule(SeeDevices,         Is(Role::Superadmin),  Everywhere),
    Rule(SeeDevices,         Is(Role::Admin),       Tenant),
    Rule(SeeDevices,         Is(Role::Manager),     Tenant),
    Rule(SeeDevices,         Program(Read),         Tenant),
    Rule(SeeDevices,         Program(Manage),       Tenant),
    Rule(ReportPosition,     Is(Role::Superadmin),  Everywhere),
    Rule(ReportPosition,     Is(Role::Admin),       Tenant),
    Rule(ReportPosition,     Is(Role::Driver),      Own),
    Rule(ReportPosition,     Is(Role::Rider),       Own),
    Rule(ReportPosition,     Device,                Own),
    Rule(ReportPosition,     Program(Ingest),       Tenant),
    Rule(SeeVehicle,         Is(Role::Superadmin),  Everywhere),
    Rule(SeeVehicle,         Is(Role::Admin),       Tenant),
    Rule(SeeVehicle,         Is(Role::Manager),     Tenant),
    Rule(SeeVehicle,         Is(Role::Parent),      Own),
    Rule(SeeVehicle,         Is(Role::Driver),      Own),
    Rule(SeeVehicle,         Is(Role::Rider),       Own),
    Rule(SeeVehicle,         Device,                Own),
    Rule(SeeVehicle,         Program(Read),         Tenant),
    Rule(SeeVehicle,         Program(Manage),       Tenant),
    Rule(StartDelivery,      Is(Role::Superadmin),  Everywhere),
    Rule(StartDelivery,      Is(Role::Admin),       Tenant),
    Rule(StartDelivery,      Is(Role::Rider),       Tenant),
    Rule(StartDelivery,      Program(Manage),       Tenant),
    Rule(SeeRiders,          Is(Role::Superadmin),  Everywhere),
    Rule(SeeRiders,          Is(Role::Admin),       Tenant),
    Rule(SeeRiders,          Is(Role::Manager),     Tenant),
    Rule(SeeRiders,          Is(Role::Merchant),    Tenant),
    Rule(SeeRiders,          Is(Role::Rider),       Own),
    Rule(SeeRiders,          Program(Read),         Tenant),
    Rule(SeeDeliveryFigures, Is(Role::Superadmin),  Everywhere),
    Rule(SeeDeliveryFigures, Is(Role::Admin),       Tenant),
    Rule(SeeDeliveryFigures, Program(Read),         Tenant),
    Rule(SeeProofs,          Is(Role::Superadmin),  Everywhere),
    Rule(SeeProofs,          Is(Role::Admin),       Tenant),
    Rule(SeeProofs,          Is(Role::Merchant),    Tenant),
    Rule(SeeProofs,          Program(Read),         Tenant),
    Rule(ManageDeliveries,   Is(Role::Superadmin),  Everywhere),
    Rule(ManageDeliveries,   Is(Role::Admin),       Tenant),
    Rule(ManageDeliveries,   Program(Manage),       Tenant),
    Rule(ManageParcels,      Is(Role::Superadmin),  Everywhere),
    Rule(ManageParcels,      Is(Role::Admin),       Tenant),
    Rule(ManageParcels,      Is(Role::Manager),     Tenant),
    Rule(ManageParcels,      Program(Manage),       Tenant),
    Rule(SeeParcel,          Is(Role::Superadmin),  Everywhere),
    Rule(SeeParcel,          Is(Role::Admin),       Tenant),
    Rule(SeeParcel,          Is(Role::Manager),     Tenant),
    Rule(SeeParcel,          Is(Role::Client),      Own),
    Rule(SeeParcel,          Is(Role::Driver),      Own),
    Rule(SeeParcel,          Program(Read),         Tenant),
    Rule(SeeParcel,          Program(Manage),       Tenant),
    Rule(BringParcel,        Is(Role::Driver),      Own),
    Rule(ManageWebhooks,     Is(Role::Superadmin),  Everywhere),
    Rule(ManageWebhooks,     Is(Role::Admin),       Tenant),
    Rule(ManageWebhooks,     Program(Manage),       Tenant),
    Rule(SeeWebhooks,        Is(Role::Superadmin),  Everywhere),
    Rule(SeeWebhooks,        Is(Role::Admin),       Tenant),
    Rule(SeeWebhooks,        Program(Read),         Tenant),
    Rule(SeeWebhooks,        Program(Manage),       Tenant),
    Rule(ManageRecords,      Is(Role::Superadmin),  Everywhere),
    Rule(ManageRecords,      Is(Role::Admin),       Tenant),
    Rule(ManageRecords,      Is(Role::TrainingStaff),Tenant),
    Rule(ManageRecords,      Program(Manage),       Tenant),
    Rule(SeeRecords,         Is(Role::Superadmin),  Everywhere),
    Rule(SeeRecords,         Is(Role::Admin),       Tenant),
    Rule(SeeRecords,         Is(Role::TrainingStaff),Tenant),
    Rule(SeeRecords,         Is(Role::Cadet),       Own),
    Rule(SeeRecords,         Program(Read),         Tenant),
    Rule(SeeRecords,         Program(Manage),       Tenant),
    Rule(SendNotices,        Is(Role::Superadmin),  Everywhere),
    Rule(SendNotices,        Is(Role::Admin),       Tenant),
    Rule(SendNotices,        Is(Role::TrainingStaff),Tenant),
    Rule(SendNotices,        Program(Manage),       Tenant),
    Rule(ManageGeofences,    Is(Role::Superadmin),  Everywhere),
    Rule(ManageGeofences,    Is(Role::Admin),       Tenant),
    Rule(ManageGeofences,    Is(Role::Manager),     Tenant),
    Rule(ManageGeofences,    Program(Manage),       Tenant),
    Rule(SeeGeofences,       Is(Role::Superadmin),  Everywhere),
    Rule(SeeGeofences,       Is(Role::Admin),       Tenant),
    Rule(SeeGeofences,       Is(Role::Manager),     Tenant),
    Rule(SeeGeofences,       Program(Read),         Tenant),
    Rule(SeeGeofences,       Program(Manage),       Tenant),
    Rule(ManageTrips,        Is(Role::Superadmin),  Everywhere),
    Rule(ManageTrips,        Is(Role::Admin),       Tenant),
    Rule(ManageTrips,        Is(Role::Manager),     Tenant),
    Rule(ManageTrips,        Is(Role::Driver),      Own),
    Rule(ManageTrips,        Program(Manage),       Tenant),
    Rule(SeeFleet,           Is(Role::Superadmin),  Everywhere),
    Rule(SeeFleet,           Is(Role::Admin),       Tenant),
    Rule(SeeFleet,           Is(Role::Manager),     Tenant),
    Rule(SeeFleet,           Program(Read),         Tenant),
    Rule(SeeFleet,           Program(Manage),       Tenant),
    Rule(ManageAlerts,       Is(Role::Superadmin),  Everywhere),
    Rule(ManageAlerts,       Is(Role::Admin),       Tenant),
    Rule(ManageAlerts,       Is(Role::Manager),     Tenant),
    Rule(ManageAlerts,       Program(Manage),       Tenant),
];

impl Action {
    /// May it be done to some vehicles alone? An access token for some vehicles does nothing else.
    const fn is_of_vehicles(self) -> bool {
        matches!(self, ManageVehicles | ReportPosition | SeeVehicle | ManageTrips)
    }
}

/// How far `caller` may do `action`; `None` if not at all.
pub fn reach(caller: &Caller, action: Action) -> Option<Reach> {
    match &caller.principal {
        Principal::User { role, .. } => reach_of(Is(*role), action),
        Principal::Device { .. } => reach_of(Device, action),
        Principal::Program { scope, vehicle_ids: None, .. } => reach_of(Program(*scope), action),
        Principal::Program { scope, vehicle_ids: Some(_), .. } => {
            reach_of(Program(*scope), action).and_then(|_| action.is_of_vehicles().then_some(Own))
        }
        // Where it can ask is bounded besides: its token is refused but for following.
        Principal::Guest { .. } => (action == SeeVehicle).then_some(Own),
    }
}

/// How far callers of this kind may do `action`; `None` if not at all.
pub(crate) fn reach_of(who: Who, action: Action) -> Option<Reach> {
    RULES.iter().find(|rule| rule.0 == action && rule.1 == who).map(|rule| rule.2)
}

/// May `caller` do `action` to everything of `tenant`? [`VehicleScope`] answers for single vehicles.
pub fn may(caller: &Caller, action: Action, tenant: &TenantId) -> bool {
    match reach(caller, action) {
        Some(Everywhere) => true,
        Some(Tenant) => caller.tenant == *tenant,
        Some(Own) | None => false,
    }
}

/// May `caller` report where this vehicle of `tenant` was at a time? A device may for the vehicle that it was in, a driver for
/// the one that it had.
pub fn may_report(caller: &Caller, tenant: &TenantId, vehicle: &Vehicle, at: Timestamp) -> bool {
    let own = || match &caller.principal {
        Principal::Device { .. } => caller.principal.own_vehicle(at) == Ok(Some(&vehicle.id)),
        Principal::User { id: Some(id), .. } => vehicle.is_reported_by(*id, at),
        Principal::User { id: None, .. } => false,
        Principal::Program { vehicle_ids, .. } => {
            vehicle_ids.as_ref().is_some_and(|listed| listed.contains(&vehicle.id))
        }
        Principal::Guest { .. } => false,
    };
    match reach(caller, ReportPosition) {
        Some(Everywhere) => true,
        Some(Tenant) => caller.tenant == *tenant,
        Some(Own) => caller.tenant == *tenant && own(),
        None => false,
    }
}

/// May `caller` do `action` to this parcel?
pub fn may_with_parcel(caller: &Caller, action: Action, parcel: &Parcel) -> bool {
    let own = || match caller.role() {
        Some(Role::Client) => caller.user_id() == Some(parcel.client_id),
        Some(Role::Driver) => caller.user_id().is_some() && caller.user_id() == parcel.driver_id,
        _ => false,
    };
    match reach(caller, action) {
        Some(Everywhere) => true,
        Some(Tenant) => caller.tenant == parcel.tenant,
        Some(Own) => caller.tenant == parcel.tenant && own(),
        None => false,
    }
}

/// May `caller` do `action` to this cadet of `tenant`?
pub fn may_with_cadet(caller: &Caller, action: Action, tenant: &TenantId, cadet: CadetId) -> bool {
    let own = || match &caller.principal {
        Principal::User { role: Role::Cadet, cadet_id, .. } => *cadet_id == Some(cadet.get()),
        _ => false,
    };
    match reach(caller, action) {
        Some(Everywhere) => true,
        Some(Tenant) => caller.tenant == *tenant,
        Some(Own) => caller.tenant == *tenant && own(),
        None => false,
    }
}

/// May `caller` move this delivery on? Its rider may: the user that started it, or the one whose name is its `rider_id`. So may the
/// program that started it, to report, and a superadmin.
pub fn may_bring_delivery(caller: &Caller, delivery: &Delivery) -> bool {
    let name = caller.principal.name();
    let is_rider = match &caller.principal {
        Principal::User { .. } => name == delivery.started_by || name == delivery.rider_id.as_str(),
        Principal::Program { scope, vehicle_ids, .. } => {
            *scope == Ingest && vehicle_ids.is_none() && name == delivery.started_by
        }
        Principal::Device { .. } | Principal::Guest { .. } => false,
    };
    (caller.tenant == delivery.tenant && is_rider) || caller.is_superadmin()
}

/// The vehicles of one tenant that an action may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VehicleScope {
    /// None.
    Nothing,
    /// All of the tenant's.
    All,
    /// Those listed, and those that this user drives.
    Some {
        /// By id.
        listed: Vec<VehicleId>,
        /// By driver.
        driven_by: Option<UserId>,
    },
}

impl VehicleScope {
    /// Which vehicles of `tenant` may `caller` do `action` to?
    pub fn of(caller: &Caller, action: Action, tenant: &TenantId) -> Self {
        match reach(caller, action) {
            Some(Everywhere) => Self::All,
            Some(Tenant) if caller.tenant == *tenant => Self::All,
            Some(Own) if caller.tenant == *tenant => match &caller.principal {
                Principal::Device { vehicle_id, .. } => {
                    Self::Some { listed: vec![vehicle_id.clone()], driven_by: None }
                }
                Principal::Program { vehicle_ids, .. } => {
                    Self::Some { listed: vehicle_ids.clone().unwrap_or_default(), driven_by: None }
                }
                Principal::Guest { vehicle_ids, .. } => Self::Some { listed: vehicle_ids.clone(), driven_by: None },
                Principal::User { id, role, vehicle_ids, .. } => Self::Some {
                    // The list of a driver's token lets it see these vehicles, but not report for them.
                    listed: if action == SeeVehicle { vehicle_ids.clone() } else { Vec::new() },
                    driven_by: if matches!(role, Role::Driver | Role::Rider) { *id } else { None },
                },
            },
            _ => Self::Nothing,
        }
    }

    /// Does the scope hold this vehicle, driven by `driver`?
    pub fn holds(&self, vehicle: &VehicleId, driver: Option<UserId>) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Some { listed, driven_by } => {
                listed.contains(vehicle) || (driven_by.is_some() && *driven_by == driver)
            }
        }
    }
}
