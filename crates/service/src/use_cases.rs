//! The contexts of all use cases, by subject.

use crate::access_tokens::AccessTokens;
use crate::audit::Audit;
use crate::catalogue::Catalogue;
use crate::deliveries::Deliveries;
use crate::devices::Devices;
use crate::duty::Duty;
use crate::fair_reads::FairReads;
use crate::feeds::Feeds;
use crate::fleet::Fleet;
use crate::idempotency::IdempotencyKeys;
use crate::jobs::Jobs;
use crate::large_bodies::LargeBodies;
use crate::nodes::Nodes;
use crate::outgoing::OutgoingCalls;
use crate::parcels::Parcels;
use crate::people::People;
use crate::positions::Positions;
use crate::proofs::Proofs;
use crate::push::Push;
use crate::readiness::Readiness;
use crate::records::Records;
use crate::reports::Reports;
use crate::roaming::Roaming;
use crate::shares::Shares;
use crate::sign_in::SignIn;
use crate::tenants::Tenants;
use crate::timetables::Timetables;
use crate::users::Users;
use crate::vehicles::Vehicles;
use crate::webhooks::Webhooks;
use std::sync::Arc;

/// What the use cases need. Each takes the context of its subject as an argument.
pub struct UseCases {
    /// For [`crate::access_tokens`].
    pub access_tokens: AccessTokens,
    /// For [`crate::shares`].
    pub shares: Shares,
    /// For [`crate::audit`].
    pub audit: Audit,
    /// For [`crate::catalogue`].
    pub catalogue: Catalogue,
    /// For [`crate::deliveries`].
    pub deliveries: Arc<Deliveries>,
    /// For [`crate::devices`].
    pub devices: Devices,
    /// For [`crate::duty`].
    pub duty: Duty,
    /// Shares out large reads among callers and tenants.
    pub fair_reads: Arc<FairReads>,
    /// For [`crate::feeds`].
    pub feeds: Feeds,
    /// Shares out pages of lists in the same way.
    pub pages: FairReads,
    /// Shares out the reading of large bodies in the same way, apart from what is read from the database.
    pub large_bodies: LargeBodies,
    /// For [`crate::fleet`].
    pub fleet: Fleet,
    /// For [`crate::idempotency`].
    pub idempotency_keys: IdempotencyKeys,
    /// For [`crate::jobs`].
    pub jobs: Arc<Jobs>,
    /// For [`crate::nodes`].
    pub nodes: Arc<Nodes>,
    /// For [`crate::outgoing`].
    pub outgoing_calls: OutgoingCalls,
    /// For [`crate::parcels`].
    pub parcels: Arc<Parcels>,
    /// For [`crate::people`].
    pub people: People,
    /// For [`crate::positions`].
    pub positions: Arc<Positions>,
    /// For [`crate::proofs`].
    pub proofs: Arc<Proofs>,
    /// For [`crate::push`].
    pub push: Push,
    /// For [`crate::readiness`].
    pub readiness: Readiness,
    /// For [`crate::records`].
    pub records: Records,
    /// For [`crate::reports`].
    pub reports: Reports,
    /// Watches roaming fences, which are managed with [`crate::fleet`].
    pub roaming: Roaming,
    /// For [`crate::sign_in`].
    pub sign_in: SignIn,
    /// For [`crate::tenants`].
    pub tenants: Tenants,
    /// For [`crate::timetables`].
    pub timetables: Timetables,
    /// For [`crate::users`].
    pub users: Users,
    /// For [`crate::vehicles`].
    pub vehicles: Arc<Vehicles>,
    /// For [`crate::webhooks`].
    pub webhooks: Webhooks,
}
