//! Commands with their rows of the audit.

use super::super::Connection;
use super::super::commands::rows;
use super::accounts::changed;
use super::rows::note;
use crate::{NewCommand, Renderer, Result};
use milepost_domain::{Author, CommandText, DeviceId, IssuedCommand, TenantId, Timestamp};
use serde_json::json;

pub(crate) async fn issue_command(
    connection: &mut Connection,
    tenant: &TenantId,
    new: &NewCommand,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<IssuedCommand>> {
    let issued = rows::issue_command(connection, tenant, new, now, renderer).await?;
    if let Some(issued) = &issued {
        // Who stopped an engine is to be found. A text of its own may hold the device's password, and is left out.
        let after = json!({
            "vehicle_id": issued.vehicle_id.as_str(),
            "device_id": issued.device_id.as_ref().map(DeviceId::as_str),
            "kind": issued.command.kind.as_str(),
            "text_chars": issued.command.text.as_ref().map(|text| CommandText::as_str(text).len()),
            "queued": issued.was_queued,
        });
        note(connection, author, tenant, || changed("command.issue", "command", issued.id, None, Some(after))).await?;
    }
    Ok(issued)
}
