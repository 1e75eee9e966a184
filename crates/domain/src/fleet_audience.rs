//! Who may see which fact of a fleet: one function for sockets, replays and queries.

use crate::permission::{Action, Reach, Who, reach, reach_of};
use crate::{Alert, Caller, Fact, Revision, Role, TenantId, UserId, VehicleScope};

/// The viewers of a fact of the fleet within its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FleetAudience {
    /// All who see the whole fleet.
    Company,
    /// All who see the whole fleet, and this driver.
    Driver(UserId),
    /// One user.
    User(UserId),
}

/// Which facts of a tenant's fleet a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FleetViewer {
    /// Sees the whole fleet.
    pub company: bool,
    /// Sees what is addressed to this user.
    pub user: Option<UserId>,
    /// Sees what this user did as a driver.
    pub driver: Option<UserId>,
}

impl FleetViewer {
    /// What `caller` may see of `tenant`'s fleet. What is addressed to a user is seen by that user alone, whatever rights
    /// others have. A driver sees what it did itself, but not what other drivers did with the same vehicle.
    pub fn of(caller: &Caller, tenant: &TenantId) -> Self {
        let at_home = caller.tenant == *tenant;
        let company = sees_company(reach(caller, Action::SeeFleet), at_home);
        let driver = match VehicleScope::of(caller, Action::SeeVehicle, tenant) {
            VehicleScope::Some { driven_by, .. } => driven_by,
            VehicleScope::All | VehicleScope::Nothing => None,
        };
        Self { company, user: caller.user_id().filter(|_| at_home), driver }
    }

    /// The roles whose users see the whole fleet of their own tenant.
    pub fn company_roles() -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(|role| sees_company(reach_of(Who::Is(*role), Action::SeeFleet), true))
    }

    /// May it see a fact with this audience?
    pub fn may_see(self, audience: FleetAudience) -> bool {
        match audience {
            FleetAudience::Company => self.company,
            FleetAudience::Driver(driver) => self.company || self.driver == Some(driver),
            FleetAudience::User(user) => self.user == Some(user),
        }
    }
}

/// Does this reach include the whole fleet of a tenant, the caller's own or another?
const fn sees_company(reach: Option<Reach>, at_home: bool) -> bool {
    match reach {
        Some(Reach::Everywhere) => true,
        Some(Reach::Tenant) => at_home,
        Some(Reach::Own) | None => false,
    }
}

impl FleetAudience {
    /// The audience of something that may be addressed to one user.
    pub fn addressed(user: Option<UserId>) -> Self {
        user.map_or(Self::Company, Self::User)
    }

    /// The audience of something that a vehicle did, with or without a driver. What is another driver's by now was the company's
    /// all the time.
    pub fn done_by(driver: Option<UserId>, revision: Revision) -> Self {
        let of_driver = if revision == Revision::Reassigned { Self::User } else { Self::Driver };
        driver.map_or(Self::Company, of_driver)
    }
}

impl Alert {
    /// Who may see it.
    pub fn audience(&self) -> FleetAudience {
        FleetAudience::addressed(self.user_id)
    }
}

impl Fact {
    /// Who within the tenant may see it as a fact of the fleet; `None` if it is no fact of the fleet.
    pub fn fleet_audience(&self) -> Option<FleetAudience> {
        match self {
            Self::TripChanged(update) => Some(FleetAudience::done_by(update.trip.driver_id, update.revision)),
            Self::FenceCrossed(crossing) => Some(FleetAudience::done_by(crossing.driver_id, crossing.revision)),
            Self::DrivingNoted(event) => Some(FleetAudience::done_by(event.driver_id, event.revision)),
            Self::ServiceDue(_) => Some(FleetAudience::Company),
            Self::AlertRaised(alert) => Some(alert.audience()),
            Self::AlertRead { user_id, .. } | Self::AlertDeleted { user_id, .. } => {
                Some(FleetAudience::addressed(*user_id))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{FleetAudience, FleetViewer};
    use crate::{Caller, DeviceId, PastAssignments, Principal, Revision, Role, TenantId, UserId, VehicleId};

    fn user(role: Role, tenant: &TenantId) -> Caller {
        let id = UserId::new(7).ok();
        let principal = Principal::User { id, subject: "7".to_owned(), role, cadet_id: None, vehicle_ids: Vec::new() };
        Caller { tenant: tenant.clone(), principal, expires_at: None }
    }

    #[test]
    fn managers_see_the_fleet_drivers_their_own_events_and_users_the_alerts_addressed_to_them() {
        let (home, away) = (TenantId::new("acme").unwrap(), TenantId::new("other").unwrap());
        for role in Role::ALL {
            let caller = user(role, &home);
            let company = matches!(role, Role::Superadmin | Role::Admin | Role::Manager);
            let driver = caller.user_id().filter(|_| matches!(role, Role::Driver | Role::Rider));
            let at_home = FleetViewer { company, user: caller.user_id(), driver };
            assert_eq!(FleetViewer::of(&caller, &home), at_home, "{role:?}");
            let elsewhere = FleetViewer { company: role == Role::Superadmin, user: None, driver: None };
            assert_eq!(FleetViewer::of(&caller, &away), elsewhere, "{role:?}");
            assert_eq!(FleetViewer::company_roles().any(|seeing| seeing == role), company, "{role:?}");
        }
        let vehicle_id = VehicleId::new("bus").unwrap();
        let principal = Principal::Device {
            id: DeviceId::new("d").unwrap(),
            vehicle_id,
            past_vehicles: PastAssignments::default(),
        };
        let device = Caller { principal, ..user(Role::Admin, &home) };
        assert_eq!(FleetViewer::of(&device, &home), FleetViewer { company: false, user: None, driver: None });
    }

    #[test]
    fn an_alert_for_one_user_is_seen_by_no_other() {
        let addressed = |number| FleetAudience::addressed(UserId::new(number).ok());
        let viewer = FleetViewer { company: true, user: UserId::new(7).ok(), driver: None };
        assert!(viewer.may_see(FleetAudience::Company) && viewer.may_see(addressed(7)));
        assert!(!viewer.may_see(addressed(8)));
        let nobody = FleetViewer { company: false, user: None, driver: None };
        assert!(!nobody.may_see(FleetAudience::Company) && !nobody.may_see(addressed(7)));
    }

    #[test]
    fn a_drivers_events_are_seen_by_the_driver_and_by_viewers_of_the_fleet() {
        let done_by = |number| FleetAudience::done_by(UserId::new(number).ok(), Revision::Corrected);
        let driver = FleetViewer { company: false, user: UserId::new(7).ok(), driver: UserId::new(7).ok() };
        assert!(driver.may_see(done_by(7)) && !driver.may_see(done_by(8)) && !driver.may_see(FleetAudience::Company));
        assert!(FleetViewer { company: true, driver: None, ..driver }.may_see(done_by(8)));
        let taken_from = |number| FleetAudience::done_by(UserId::new(number).ok(), Revision::Reassigned);
        assert!(driver.may_see(taken_from(7)) && !driver.may_see(taken_from(8)));
        assert!(!FleetViewer { company: true, user: None, driver: None }.may_see(taken_from(7)));
        // It was a driver once.
        assert!(!FleetViewer { driver: None, ..driver }.may_see(done_by(7)));
    }
}
