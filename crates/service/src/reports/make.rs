//! Makes a report: reads vehicle by vehicle, and writes its rows as they come.

use super::Input;
use super::mail::mails_of;
use super::read::VehicleReader;
use crate::fair_reads::FairReads;
use crate::file_store::FileStore;
use crate::jobs::{JobEnd, JobProgress, JobWork, MadeFile};
use crate::outgoing::MailBodies;
use crate::{Request, ServiceError};
use async_trait::async_trait;
use milepost_clock::Clock;
use milepost_domain::{
    Action, Job, Language, ReportFormat, ReportGroup, ReportKind, TenantId, Timestamp, VehicleId, VehicleScope,
    ZoneName, may,
};
use milepost_fleet_reports::{Cell, Days, MAX_ROWS, Plan, Report, TableError, TableFile};
use milepost_store::{JobMail, Store, TrackedVehicle, TripCursor, TripFilter};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Vehicles that are read at once, and rows that are written at once.
const PAGE: u32 = 500;

/// The work of jobs that make reports.
pub(crate) struct MakeReport {
    /// Those that somebody asked for, or those of schedules.
    pub(crate) kind: &'static str,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) files: FileStore,
    pub(crate) reads: Arc<FairReads>,
    pub(crate) clock: Clock,
    /// The bodies of mails, if this server sends any.
    pub(crate) mail: Option<MailBodies>,
}

/// What is to be made.
struct Order {
    plan: Plan,
    format: ReportFormat,
    language: Language,
    vehicles: Option<Vec<VehicleId>>,
    /// What its maker may see.
    scope: VehicleScope,
}

#[async_trait]
impl JobWork for MakeReport {
    fn kind(&self) -> &'static str {
        self.kind
    }

    /// Who sees the whole fleet, and who asked for it.
    fn is_seen_by(&self, request: &Request, job: &Job) -> bool {
        let caller = &request.caller;
        let is_own = job.actor.is_some() && caller.user_id() == job.actor && caller.tenant == job.tenant;
        may(caller, Action::SeeFleet, &job.tenant) || is_own
    }

    fn is_for_programs(&self) -> bool {
        true
    }

    async fn run(&self, job: &Job, progress: &JobProgress) -> Result<Option<MadeFile>, JobEnd> {
        let order = order_of(&job.input, self.clock.now())
            .ok_or_else(|| JobEnd::Failed("this version of the server does not know such a report".to_owned()))?;
        let vehicles = self.vehicles(&job.tenant, &order).await?;
        let (first, last) = (order.plan.days.date(0), order.plan.days.date(order.plan.days.count() - 1));
        let days = first.zip(last).map_or_else(String::new, |(first, last)| format!("-{first}-{last}"));
        let name = format!("{}{days}.{}", order.plan.kind.as_str(), order.format.as_str());
        let media_type = match order.format {
            ReportFormat::Json => "application/json",
            ReportFormat::Csv => "text/csv; charset=utf-8",
            ReportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        };
        let file = self.files.new_file()?;
        let folder = file.path().parent().unwrap_or(Path::new(".")).to_owned();
        let written = file.reopen().map_err(|error| failed(&TableError::Disk(error)))?;
        let mut report = Report::new(order.plan);
        let mut table = TableFile::begin(written, &folder, order.format, order.language, &report)
            .map_err(|error| failed(&error))?;
        let mut reader = VehicleReader::new(&*self.store, &self.reads, &job.tenant, order.scope, &report).await?;
        for (number, tracked) in vehicles.iter().enumerate() {
            reader.read(tracked, &mut report).await?;
            if report.group_count() > MAX_ROWS {
                return Err(failed(&TableError::TooLong));
            }
            let rows = report.take_rows();
            if !rows.is_empty() {
                (table, report) = write(table, report, rows).await?;
            }
            progress.note(u8::try_from(95 * (number + 1) / vehicles.len()).unwrap_or(95));
        }
        let rows: Vec<Vec<Cell>> = report.group_rows().collect();
        (table, report) = write(table, report, rows).await?;
        let ended = tokio::task::spawn_blocking(move || table.end(&report));
        ended.await.map_err(|_| interrupted())?.map_err(|error| failed(&error))?;
        Ok(Some(MadeFile { file, name, media_type }))
    }

    async fn mails(&self, job: &Job) -> Result<Vec<JobMail>, ServiceError> {
        mails_of(&self.store, self.mail.as_ref(), job).await
    }
}

impl MakeReport {
    /// The vehicles of a report, in the order of their ids.
    async fn vehicles(&self, tenant: &TenantId, order: &Order) -> Result<Vec<TrackedVehicle>, JobEnd> {
        let seen = match &order.scope {
            VehicleScope::Some { listed, driven_by } => {
                let mut ids: BTreeSet<VehicleId> = listed.iter().cloned().collect();
                if driven_by.is_some() {
                    ids.extend(self.vehicles_of_trips(tenant, order).await?);
                }
                Some(ids)
            }
            VehicleScope::All | VehicleScope::Nothing => None,
        };
        let ids = match (seen, &order.vehicles) {
            (Some(seen), Some(asked)) => Some(seen.into_iter().filter(|id| asked.contains(id)).collect()),
            (Some(seen), None) => Some(seen.into_iter().collect()),
            (None, asked) => asked.clone(),
        };
        if let Some(ids) = ids {
            let mut vehicles = Vec::new();
            for some in ids.chunks(PAGE as usize) {
                let _permit = self.reads.permit(tenant, None).await;
                vehicles.extend(self.store.load_vehicles(tenant, some).await?);
            }
            return Ok(vehicles);
        }
        let mut vehicles: Vec<TrackedVehicle> = Vec::new();
        loop {
            let after = vehicles.last().map(|last| last.vehicle.id.clone());
            let _permit = self.reads.permit(tenant, None).await;
            let page = self.store.list_vehicles(tenant, &VehicleScope::All, after.as_ref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            vehicles.extend(page);
            if is_last {
                return Ok(vehicles);
            }
        }
    }

    /// The vehicles of the trips that the maker drove in the report's time, whoever has these vehicles now.
    async fn vehicles_of_trips(&self, tenant: &TenantId, order: &Order) -> Result<BTreeSet<VehicleId>, JobEnd> {
        let filter = TripFilter {
            scope: order.scope.clone(),
            vehicle: None,
            from: order.plan.days.from(),
            begun_before: true,
            to: order.plan.days.to(),
            status: None,
        };
        let mut found = BTreeSet::new();
        let mut before = None;
        loop {
            let _permit = self.reads.permit(tenant, None).await;
            let page = self.store.list_trips(tenant, &filter, before.as_ref(), PAGE).await?;
            before = page.last().map(|last| TripCursor { started_at: last.started_at, id: last.id.clone() });
            let is_last = page.len() < PAGE as usize;
            found.extend(page.into_iter().map(|trip| trip.vehicle_id));
            if is_last {
                return Ok(found);
            }
        }
    }
}

fn order_of(input: &str, now: Timestamp) -> Option<Order> {
    let input: Input = serde_json::from_str(input).ok()?;
    let zone = ZoneName::new(&input.timezone).ok()?;
    let (from, to) = (Timestamp::from_unix_ms(input.from_ms)?, Timestamp::from_unix_ms(input.to_ms)?);
    let scope = input.seen.map_or(Some(VehicleScope::All), |seen| seen.scope())?;
    let ids = input.vehicle_ids.map(|ids| ids.iter().map(|id| VehicleId::stored(id)).collect::<Result<_, _>>());
    Some(Order {
        plan: Plan {
            kind: ReportKind::parse(&input.kind).ok()?,
            group: ReportGroup::parse(&input.group_by).ok()?,
            days: Days::new(from, to, &zone).ok()?,
            now,
        },
        format: ReportFormat::parse(&input.format).ok()?,
        language: Language::parse(&input.language).ok()?,
        vehicles: ids.transpose().ok()?,
        scope,
    })
}

/// Writes rows on a thread that may wait for the disk.
async fn write(mut table: TableFile, report: Report, rows: Vec<Vec<Cell>>) -> Result<(TableFile, Report), JobEnd> {
    let writing = tokio::task::spawn_blocking(move || {
        table.add(&rows, &report)?;
        Ok((table, report))
    });
    writing.await.map_err(|_| interrupted())?.map_err(|error: TableError| failed(&error))
}

fn failed(error: &TableError) -> JobEnd {
    match error {
        TableError::TooLong => JobEnd::Failed(error.to_string()),
        TableError::Disk(_) | TableError::Workbook(_) => {
            tracing::warn!(%error, "a report could not be written");
            JobEnd::Failed("the file could not be written".to_owned())
        }
    }
}

fn interrupted() -> JobEnd {
    JobEnd::Failed("the file could not be written".to_owned())
}
