//! Gathers all that is known of a person: JSON by section, its tracks as GPX, and the pictures of its proofs.

use super::zip_file::ZipFile;
use super::{EXPORT, person};
use crate::fair_reads::FairReads;
use crate::file_store::FileStore;
use crate::jobs::{JobEnd, JobProgress, JobWork, MadeFile};
use crate::{Request, ServiceError};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use milepost_clock::Clock;
use milepost_domain::{Action, Job, Latitude, Longitude, Position, Timestamp, VehicleId, may};
use milepost_formats::{Format, TrackMeta, TrackWriter};
use milepost_store::{Drive, Person, PersonRow, Store, WrongPositions};
use serde_json::Value;
use std::sync::Arc;

/// Rows that are read at once.
const PAGE_ROWS: u32 = 1_000;
/// Sections whose rows are places, and the column with the name of their track.
const PLACES: [(&str, Option<&str>); 2] = [("driver_locations", None), ("delivery_locations", Some("tracking_id"))];
const FILES: &str = "proof_files";

/// The work of jobs that export a person's data.
pub(crate) struct ExportPerson {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) files: FileStore,
    pub(crate) reads: Arc<FairReads>,
    pub(crate) clock: Clock,
    /// Where people reach this server; empty if that is not known.
    pub(crate) public_url: String,
}

fn name_in_zip(key: &str) -> String {
    format!("proofs/{}", key.replace('/', "-"))
}

#[async_trait]
impl JobWork for ExportPerson {
    fn kind(&self) -> &'static str {
        EXPORT
    }

    fn is_seen_by(&self, request: &Request, job: &Job) -> bool {
        may(&request.caller, Action::ManageUsers, &job.tenant)
    }

    fn is_for_programs(&self) -> bool {
        false
    }

    async fn run(&self, job: &Job, progress: &JobProgress) -> Result<Option<MadeFile>, JobEnd> {
        let gone = || JobEnd::Failed("the user was removed".to_owned());
        let id = job.about.ok_or_else(gone)?;
        let user = self.store.get_user(id).await?.filter(|user| user.tenant == job.tenant).ok_or_else(gone)?;
        let person = person(&user);
        let zip = ZipFile::begin(&self.files)?;
        let written = self.write(&zip, &person, progress).await;
        let file = zip.end().await?;
        written?;
        let name = format!("user-{id}-{:.10}.zip", self.clock.now().to_string());
        Ok(Some(MadeFile { file, name, media_type: "application/zip" }))
    }
}

impl ExportPerson {
    async fn write(&self, zip: &ZipFile, person: &Person, progress: &JobProgress) -> Result<(), JobEnd> {
        let sections = self.store.person_sections();
        for (number, name) in sections.iter().enumerate() {
            self.write_section(zip, person, number, name).await?;
            if let Some((_, track)) = PLACES.iter().find(|(places, _)| places == name) {
                self.write_places(zip, person, number, name, *track).await?;
            }
            progress.note(u8::try_from(50 * (number + 1) / sections.len()).unwrap_or(50));
        }
        let drives = self.store.list_drives(person).await?;
        for (number, drive) in drives.iter().enumerate() {
            self.write_drive(zip, person, number + 1, drive).await?;
            progress.note(50 + u8::try_from(49 * (number + 1) / drives.len()).unwrap_or(49));
        }
        Ok(())
    }

    async fn page(&self, person: &Person, section: usize, after: &str) -> Result<Vec<PersonRow>, JobEnd> {
        let _permit = self.reads.permit(&person.tenant, None).await;
        Ok(self.store.person_rows(person, section, after, PAGE_ROWS).await?)
    }

    async fn write_section(&self, zip: &ZipFile, person: &Person, section: usize, name: &str) -> Result<(), JobEnd> {
        zip.entry(&format!("{name}.json")).await?;
        let (mut after, mut is_first, mut keys) = (String::new(), true, Vec::new());
        zip.bytes(b"[".to_vec()).await?;
        loop {
            let page = self.page(person, section, &after).await?;
            let mut text = String::new();
            for (_, row) in &page {
                text.push_str(if is_first { "\n" } else { ",\n" });
                is_first = false;
                if name == FILES {
                    let key = row.get("file_key").and_then(Value::as_str).map(str::to_owned);
                    text.push_str(&self.with_references(row, key.as_deref()).to_string());
                    keys.extend(key);
                } else {
                    text.push_str(&row.to_string());
                }
            }
            zip.bytes(text.into_bytes()).await?;
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS as usize => after.clone_from(last),
                _ => break,
            }
        }
        zip.bytes(b"\n]\n".to_vec()).await?;
        for key in keys {
            self.write_picture(zip, &key).await?;
        }
        Ok(())
    }

    /// A picture with where it is in this file, and where it is read with a credential.
    fn with_references(&self, row: &Value, key: Option<&str>) -> Value {
        let mut row = row.clone();
        let text =
            |name: &str| row.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        if let (Some(key), Some(delivery), Some(proof), Some(id)) =
            (key, text("tracking_id"), text("proof"), text("id"))
        {
            let url = format!("{}/api/v1/deliveries/{delivery}/proofs/{proof}/files/{id}", self.public_url);
            row["url"] = url.into();
            row["file"] = name_in_zip(key).into();
        }
        if let Some(row) = row.as_object_mut() {
            row.remove("file_key");
        }
        row
    }

    async fn write_picture(&self, zip: &ZipFile, key: &str) -> Result<(), JobEnd> {
        let mut pieces = match self.files.open(key).await {
            Ok(pieces) => pieces,
            // It was removed with its delivery meanwhile. A store that is away is asked again later.
            Err(ServiceError::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        zip.entry(&name_in_zip(key)).await?;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| JobEnd::Failed(format!("a picture can't be read: {error}")))?;
            zip.bytes(piece.to_vec()).await?;
        }
        Ok(())
    }

    /// Writes the places of a section as tracks, each under its name.
    async fn write_places(
        &self,
        zip: &ZipFile,
        person: &Person,
        section: usize,
        name: &str,
        track: Option<&str>,
    ) -> Result<(), JobEnd> {
        let (mut after, mut open): (String, Option<(String, TrackWriter)>) = (String::new(), None);
        loop {
            let page = self.page(person, section, &after).await?;
            for (cursor, row) in &page {
                let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
                let named = track.map_or(name, text).to_owned();
                if open.as_ref().is_none_or(|(open, _)| *open != named) {
                    end_track(zip, open.take()).await?;
                    open = Some((named.clone(), begin_track(zip, &format!("{name}-{named}"), &named).await?));
                }
                if let (Some((_, writer)), Some(position)) = (&mut open, place(cursor, row, &named)) {
                    let mut bytes = Vec::new();
                    writer.position(&position, &mut bytes);
                    zip.bytes(bytes).await?;
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS as usize => after.clone_from(last),
                _ => break,
            }
        }
        end_track(zip, open).await
    }

    /// Writes the track of a vehicle in the time in which the person had it.
    async fn write_drive(&self, zip: &ZipFile, person: &Person, number: usize, drive: &Drive) -> Result<(), JobEnd> {
        let (mut after, to): (Option<Timestamp>, _) = (None, drive.to.unwrap_or(self.clock.now()));
        let name = format!("{number}-{}", drive.vehicle);
        let mut writer = begin_track(zip, &name, drive.vehicle.as_str()).await?;
        loop {
            let page = {
                let _permit = self.reads.permit(&person.tenant, None).await;
                let wrong = WrongPositions::LeftOut;
                self.store.positions(&person.tenant, &drive.vehicle, drive.from, to, after, wrong, PAGE_ROWS).await?
            };
            let mut bytes = Vec::new();
            for row in &page {
                writer.position(&row.position, &mut bytes);
            }
            zip.bytes(bytes).await?;
            match page.last() {
                Some(last) if page.len() == PAGE_ROWS as usize => after = Some(last.position.at),
                _ => break,
            }
        }
        end_track(zip, Some((name, writer))).await
    }
}

async fn begin_track(zip: &ZipFile, name: &str, vehicle: &str) -> Result<TrackWriter, JobEnd> {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let meta = TrackMeta { vehicle_id: vehicle.to_owned(), label: None };
    let mut writer = TrackWriter::new(Format::Gpx, meta).map_err(|error| JobEnd::Failed(error.to_string()))?;
    zip.entry(&format!("tracks/{name}.gpx")).await?;
    let mut bytes = Vec::new();
    writer.start(&mut bytes);
    zip.bytes(bytes).await?;
    Ok(writer)
}

async fn end_track(zip: &ZipFile, open: Option<(String, TrackWriter)>) -> Result<(), JobEnd> {
    let Some((_, mut writer)) = open else { return Ok(()) };
    let mut bytes = Vec::new();
    writer.finish(&mut bytes);
    zip.bytes(bytes).await
}

/// A place of a row, whose cursor ends with its time. Those that are stored are valid.
fn place(cursor: &str, row: &Value, vehicle: &str) -> Option<Position> {
    let number = |field: &str| row.get(field).and_then(Value::as_f64);
    let at = Timestamp::from_unix_ms(cursor.rsplit(':').next()?.parse().ok()?)?;
    let (latitude, longitude) = (Latitude::new(number("latitude")?).ok()?, Longitude::new(number("longitude")?).ok()?);
    Some(Position::new(VehicleId::stored(vehicle).ok()?, at, latitude, longitude))
}
