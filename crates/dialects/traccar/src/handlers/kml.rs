//! `/api/positions/kml` and `kmz`: a device's way, for globes.

use crate::TraccarParts;
use crate::extract::{Params, Signed};
use crate::handlers::positions::{FileOf, escaped, file, kept, read_positions};
use crate::refusal::Refusal;
use axum::extract::State;
use axum::response::Response;
use milepost_domain::Timestamp;
use milepost_http::rfc3339;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Positions as KML.
pub(crate) async fn export_kml(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Response, Refusal> {
    let text = kml(&parts, &signed, &params).await?;
    Ok(file("application/vnd.google-earth.kml+xml", "positions.kml", text))
}

/// The same as a ZIP file.
pub(crate) async fn export_kmz(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Response, Refusal> {
    let text = kml(&parts, &signed, &params).await?;
    let failed = || Refusal::from(milepost_service::ServiceError::Internal);
    let zipped = tokio::task::spawn_blocking(move || zipped(&text)).await.map_err(|_| failed())?;
    let bytes = zipped.map_err(|error| {
        tracing::error!(%error, "positions could not be zipped");
        failed()
    })?;
    Ok(file("application/vnd.google-earth.kmz", "positions.kmz", bytes))
}

async fn kml(parts: &TraccarParts, signed: &Signed, params: &Params) -> Result<String, Refusal> {
    let of = FileOf::of(parts, signed, params).await?;
    let device = of.device()?;
    let read = read_positions(parts, signed, device, of.window).await?;
    let name = escaped(device.vehicle.label.as_str());
    let minute =
        |at: Timestamp| rfc3339(at).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect::<String>();
    let period = format!("{} - {}", minute(of.window.0), minute(of.window.1));
    let line: Vec<String> = kept(&of, device, &read)
        .map(|position| {
            let altitude = position.altitude.map_or(0.0, milepost_domain::AltitudeM::get);
            format!("{:.6},{:.6},{altitude:.6}", position.longitude.get(), position.latitude.get())
        })
        .collect();
    Ok(format!(
        "<?xml version='1.0' encoding='UTF-8'?><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>{name}</name><Placemark><name>{period}</name><LineString><extrude>1</extrude><tessellate>1</tessellate><altitudeMode>absolute</altitudeMode><coordinates>{}</coordinates></LineString></Placemark></Document></kml>",
        line.join(" ")
    ))
}

/// One file of the name that programs look for.
fn zipped(text: &str) -> zip::result::ZipResult<Vec<u8>> {
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    file.start_file("doc.kml", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    file.write_all(text.as_bytes())?;
    Ok(file.finish()?.into_inner())
}
