//! Who may see which fact of the records: one function for sockets, streams, replays and queries.

use crate::{Action, CadetId, Caller, Fact, Principal, Role, TenantId, UserId, may};

/// The viewers of a fact within its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Nobody: the fact is internal to the server.
    Internal,
    /// Admins and training staff.
    Staff,
    /// One cadet, and admins and training staff.
    Cadet(CadetId),
    /// One user.
    User(UserId),
}

/// Which records of its tenant a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordViewer {
    /// Sees the records of all cadets.
    pub staff: bool,
    /// Sees the records of this cadet.
    pub cadet: Option<CadetId>,
    /// Sees what is addressed to this user.
    pub user: Option<UserId>,
}

impl RecordViewer {
    /// What `caller` may see of `tenant`'s records. Devices see nothing, nor do users of other tenants except superadmins.
    pub fn of(caller: &Caller, tenant: &TenantId) -> Self {
        let nothing = Self { staff: false, cadet: None, user: None };
        let (id, role, cadet_id) = match &caller.principal {
            Principal::User { id, role, cadet_id, .. } => (id, role, cadet_id),
            Principal::Program { .. } => return Self { staff: may(caller, Action::SeeRecords, tenant), ..nothing },
            Principal::Device { .. } | Principal::Guest { .. } => return nothing,
        };
        if caller.tenant != *tenant {
            return Self { staff: *role == Role::Superadmin, ..nothing };
        }
        Self {
            staff: matches!(role, Role::Superadmin | Role::Admin | Role::TrainingStaff),
            cadet: cadet_id.filter(|_| *role == Role::Cadet).and_then(|id| CadetId::new(id).ok()),
            user: *id,
        }
    }

    /// May it see a fact with this audience in its tenant?
    pub fn may_see(self, audience: Audience) -> bool {
        match audience {
            Audience::Internal => false,
            Audience::Staff => self.staff,
            Audience::Cadet(cadet) => self.staff || self.cadet == Some(cadet),
            Audience::User(user) => self.user == Some(user),
        }
    }
}

impl Fact {
    /// Who within the tenant may see it as a record.
    pub fn audience(&self) -> Audience {
        match self {
            Self::GradeUpdated(update) => Audience::Cadet(update.cadet_id),
            Self::AttendanceUpdated(update) => Audience::Cadet(update.cadet_id),
            Self::ScoresUpdated(update) => Audience::Cadet(update.cadet_id),
            Self::ManualEvent(event) => event.cadet_id.map_or(Audience::Staff, Audience::Cadet),
            Self::NoticeSent(notice) => Audience::User(notice.user_id),
            Self::NoticeRead { user_id, .. } => Audience::User(*user_id),
            _ => Audience::Internal,
        }
    }
}
