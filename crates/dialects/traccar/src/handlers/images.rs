//! The picture of a device: set at its own path, shown at `/api/media`.

use crate::TraccarParts;
use crate::extract::{Id, Signed};
use crate::handlers::devices::Visible;
use crate::refusal::Refusal;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::Action;
use milepost_http::RawBody;
use milepost_service::proofs::PictureRefused;
use milepost_service::vehicle_pictures::{MAX_SENT_BYTES, set_vehicle_picture, vehicle_picture};

/// Types that are taken, and what the files are called then.
const TYPES: [(&str, &str); 3] =
    [("image/png", "device.png"), ("image/jpeg", "device.jpeg"), ("image/webp", "device.webp")];

/// Takes a picture, and answers the name of its file.
pub(crate) async fn set_image(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    request: Request,
) -> Result<Response, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let device = visible.require(&signed, id)?;
    signed.require_edit(Action::ManageVehicles)?;
    let unsupported = || Refusal::failed("java.lang.IllegalArgumentException: Unsupported image type");
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (_, name) = TYPES.into_iter().find(|(known, _)| kind.eq_ignore_ascii_case(known)).ok_or_else(unsupported)?;
    let sent = RawBody::<MAX_SENT_BYTES>::from_request(request, &parts).await?.0;
    let use_cases = parts.live.use_cases();
    let services = (&*use_cases.proofs, &use_cases.catalogue);
    let of = (device.number, &device.vehicle.id);
    match set_vehicle_picture(services, &signed.request, signed.tenant(), of, sent.to_vec()).await? {
        Ok(()) => Ok(([(header::CONTENT_TYPE, "application/json")], name).into_response()),
        Err(PictureRefused::NotAPicture) => Err(unsupported()),
        Err(PictureRefused::TooLarge) => {
            Err(Refusal::failed("java.lang.IllegalArgumentException: Image size limit exceeded"))
        }
    }
}

/// The picture of a device that the caller may see. Any name of a file is the same picture.
pub(crate) async fn show_media(
    State(parts): State<TraccarParts>,
    Path((unique_id, file)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let device = visible.devices().into_iter().find(|device| device.unique_id == unique_id);
    let device = device.filter(|_| TYPES.iter().any(|(_, name)| *name == file)).ok_or_else(Refusal::no_such_path)?;
    let catalogue = &parts.live.use_cases().catalogue;
    let jpeg = vehicle_picture(catalogue, signed.tenant(), device.number).await?.ok_or_else(Refusal::no_such_path)?;
    let mut response = jpeg.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        // A new picture has the same address.
        (header::CACHE_CONTROL, "private, no-cache"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
