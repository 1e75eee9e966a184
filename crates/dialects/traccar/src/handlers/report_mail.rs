//! Mails the workbooks of reports to their callers: `/api/reports/…/mail`, and `mail=true`.

use crate::TraccarParts;
use crate::extract::{Params, Signed};
use crate::handlers::devices::Visible;
use crate::handlers::positions::refuse_guest;
use crate::handlers::report_handlers::{Asked, Kind, devices_workbook, rows_of, workbook_of, zone_of};
use crate::refusal::Refusal;
use crate::workbook::XLSX;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::ZoneName;
use milepost_service::ServiceError;
use milepost_service::reports::{MadeReport, mail_made_report, require_address};

/// Mails the workbook of a report to the caller. Where that can't be, it is refused before the report is made.
pub(crate) async fn mail_report(
    parts: &TraccarParts,
    signed: &Signed,
    params: &Params,
    kind: Kind,
) -> Result<Response, Refusal> {
    refuse_guest(signed)?;
    let reports = &parts.live.use_cases().reports;
    require_address(reports, &signed.request).await.map_err(refusal_of_mail)?;
    let (bytes, (from, to), zone) = if kind == Kind::Devices {
        let visible = Visible::of(parts, signed).await?;
        let now = signed.now();
        (devices_workbook(parts, signed).await?, (now.plus_ms(-1), now), zone_of(&visible.fleet, signed))
    } else {
        let asked = Asked::of(parts, signed, params).await?;
        let (rows, counts) = rows_of(parts, signed, params, kind, &asked).await?;
        let (window, zone) = (asked.window(), asked.zone.clone());
        (workbook_of(kind, asked, rows, &counts).await?, window, zone)
    };
    let made = MadeReport {
        kind: kind.name().to_owned(),
        from,
        to,
        timezone: ZoneName::new(zone.iana_name().unwrap_or("UTC")).map_err(ServiceError::from)?,
        name: format!("{}.xlsx", kind.name()),
        media_type: XLSX,
        bytes,
    };
    mail_made_report(reports, &signed.request, signed.tenant(), made).await.map_err(refusal_of_mail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Says why nothing is mailed, where other refusals only say that something may not be done.
fn refusal_of_mail(error: ServiceError) -> Refusal {
    match error {
        ServiceError::Forbidden(why) => Refusal::forbidden(why),
        other => other.into(),
    }
}
