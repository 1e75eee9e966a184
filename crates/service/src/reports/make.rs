//! Makes a report: reads vehicle by vehicle, and writes its rows as they come.

use super::read::VehicleReader;
use super::{Input, REPORT};
use crate::fair_reads::FairReads;
use crate::file_store::FileStore;
use crate::jobs::{JobEnd, JobProgress, JobWork, MadeFile};
use async_trait::async_trait;
use milepost_clock::Clock;
use milepost_domain::{
    Action, Job, Language, ReportFormat, ReportGroup, ReportKind, TenantId, Timestamp, VehicleId, VehicleScope,
    ZoneName,
};
use milepost_fleet_reports::{Cell, Days, MAX_ROWS, Plan, Report, TableError, TableFile};
use milepost_store::{Store, TrackedVehicle};
use std::path::Path;
use std::sync::Arc;

/// Vehicles that are read at once, and rows that are written at once.
const PAGE: u32 = 500;

/// The work of jobs that make reports.
pub(crate) struct MakeReport {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) files: FileStore,
    pub(crate) reads: Arc<FairReads>,
    pub(crate) clock: Clock,
}

/// What is to be made.
struct Order {
    plan: Plan,
    format: ReportFormat,
    language: Language,
    vehicles: Option<Vec<VehicleId>>,
}

#[async_trait]
impl JobWork for MakeReport {
    fn kind(&self) -> &'static str {
        REPORT
    }

    fn seen_with(&self) -> Action {
        Action::SeeFleet
    }

    fn is_for_programs(&self) -> bool {
        true
    }

    async fn run(&self, job: &Job, progress: &JobProgress) -> Result<Option<MadeFile>, JobEnd> {
        let order = order_of(&job.input, self.clock.now())
            .ok_or_else(|| JobEnd::Failed("this version of the server does not know such a report".to_owned()))?;
        let vehicles = self.vehicles(&job.tenant, order.vehicles.as_deref()).await?;
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
        let mut reader = VehicleReader::new(&*self.store, &self.reads, &job.tenant, &report).await?;
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
}

impl MakeReport {
    /// The vehicles of a report, in the order of their ids.
    async fn vehicles(&self, tenant: &TenantId, ids: Option<&[VehicleId]>) -> Result<Vec<TrackedVehicle>, JobEnd> {
        if let Some(ids) = ids {
            let _permit = self.reads.permit(tenant, None).await;
            return Ok(self.store.load_vehicles(tenant, ids).await?);
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
}

fn order_of(input: &str, now: Timestamp) -> Option<Order> {
    let input: Input = serde_json::from_str(input).ok()?;
    let zone = ZoneName::new(&input.timezone).ok()?;
    let (from, to) = (Timestamp::from_unix_ms(input.from_ms)?, Timestamp::from_unix_ms(input.to_ms)?);
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
