//! Between the native dialect's JSON and the domain's roaming fences.

use crate::convert::Refusals;
use crate::wire::roaming_fence::{
    ChangeRoamingFenceJson, EncounterJson, NewRoamingFenceJson, RoamingFenceJson, VehicleSelectionJson,
};
use milepost_domain::{
    DwellTime, Encounter, EncounterTriggers, Label, RadiusM, RoamingFence, RoamingFenceDescription, Timestamp,
    VehicleId, VehicleKind, VehicleList, VehicleSelection,
};
use milepost_http::{Problem, rfc3339};
use milepost_service::EncounterCursor;

pub(crate) fn roaming_fence_from_json(json: &NewRoamingFenceJson) -> Result<RoamingFenceDescription, Problem> {
    let mut refusals = Refusals::default();
    let name = refusals.take("name", Label::new(&json.name));
    let radius = refusals.take("radius_m", RadiusM::new(json.radius_m));
    let dwell = refusals.take("dwell_s", json.dwell_s.map(DwellTime::from_seconds).transpose());
    let on = json.on.as_deref().map_or(Some(EncounterTriggers::default()), |on| triggers(on, &mut refusals));
    let vehicles = selection("vehicles", json.vehicles.as_ref(), &mut refusals);
    let others = json.others.as_ref().map(|others| selection("others", Some(others), &mut refusals));
    // A value is `None` only if its field was refused.
    let (Some(name), Some(radius), Some(dwell), Some(on), Some(vehicles)) = (name, radius, dwell, on, vehicles) else {
        return Err(refusals.problem());
    };
    refusals.none()?;
    Ok(RoamingFenceDescription { name, radius, dwell, on, vehicles, others: others.flatten() })
}

/// Checks a change without the fence; it is applied later, and again when somebody else changes the fence meanwhile.
pub(crate) fn roaming_fence_change_from_json(
    json: ChangeRoamingFenceJson,
) -> Result<impl Fn(RoamingFenceDescription) -> RoamingFenceDescription + Send + Sync, Problem> {
    let mut refusals = Refusals::default();
    let name = json.name.as_deref().and_then(|name| refusals.take("name", Label::new(name)));
    let radius = json.radius_m.and_then(|metres| refusals.take("radius_m", RadiusM::new(metres)));
    let dwell = json.dwell_s.map(|dwell| dwell.and_then(|s| refusals.take("dwell_s", DwellTime::from_seconds(s))));
    let on = json.on.map(|on| on.map_or(Some(EncounterTriggers::default()), |on| triggers(&on, &mut refusals)));
    let vehicles = json.vehicles.map(|json| selection("vehicles", json.as_ref(), &mut refusals));
    let others = json.others.map(|json| json.and_then(|json| selection("others", Some(&json), &mut refusals)));
    refusals.none()?;
    Ok(move |before: RoamingFenceDescription| RoamingFenceDescription {
        name: name.clone().unwrap_or(before.name),
        radius: radius.unwrap_or(before.radius),
        dwell: dwell.unwrap_or(before.dwell),
        on: on.flatten().unwrap_or(before.on),
        vehicles: vehicles.clone().flatten().unwrap_or(before.vehicles),
        others: others.clone().unwrap_or(before.others),
    })
}

fn triggers(names: &[String], refusals: &mut Refusals) -> Option<EncounterTriggers> {
    let mut triggers = EncounterTriggers { meet: false, part: false };
    for (index, name) in names.iter().enumerate() {
        match name.as_str() {
            "meet" => triggers.meet = true,
            "part" => triggers.part = true,
            _ => {
                refusals.add(format!("on[{index}]"), "must be meet or part");
                return None;
            }
        }
    }
    Some(triggers)
}

fn selection(field: &str, json: Option<&VehicleSelectionJson>, refusals: &mut Refusals) -> Option<VehicleSelection> {
    let Some(json) = json else { return Some(VehicleSelection::default()) };
    let mut vehicles = None;
    if let Some(ids) = &json.vehicle_ids {
        let ids = each(&format!("{field}.vehicle_ids"), ids, VehicleId::new, refusals)?;
        vehicles = Some(refusals.take(&format!("{field}.vehicle_ids"), VehicleList::new(ids))?);
    }
    let kinds = each(&format!("{field}.kinds"), json.kinds.as_deref().unwrap_or_default(), VehicleKind::new, refusals)?;
    let routes = each(&format!("{field}.routes"), json.routes.as_deref().unwrap_or_default(), Label::new, refusals)?;
    refusals.take(field, VehicleSelection::new(vehicles, kinds, routes))
}

fn each<T>(
    field: &str,
    names: &[String],
    new: impl Fn(&str) -> Result<T, milepost_domain::Invalid>,
    refusals: &mut Refusals,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    for (index, name) in names.iter().enumerate() {
        values.push(refusals.take(&format!("{field}[{index}]"), new(name))?);
    }
    Some(values)
}

pub(crate) fn roaming_fence_to_json(fence: &RoamingFence) -> RoamingFenceJson {
    let RoamingFenceDescription { name, radius, dwell, on, vehicles, others } = &fence.description;
    let on = [("meet", on.meet), ("part", on.part)];
    RoamingFenceJson {
        id: fence.id.get(),
        name: name.as_str().to_owned(),
        radius_m: radius.get(),
        dwell_s: dwell.map(DwellTime::seconds),
        on: on.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| (*name).to_owned()).collect(),
        vehicles: selection_to_json(vehicles),
        others: others.as_ref().map(selection_to_json),
        created_at: rfc3339(fence.created_at),
        changed_at: rfc3339(fence.changed_at),
    }
}

fn selection_to_json(selection: &VehicleSelection) -> VehicleSelectionJson {
    let texts = |names: Vec<String>| Some(names).filter(|names| !names.is_empty());
    VehicleSelectionJson {
        vehicle_ids: selection.vehicles.as_ref().map(|list| list.as_slice().iter().map(ToString::to_string).collect()),
        kinds: texts(selection.kinds().iter().map(|kind| kind.as_str().to_owned()).collect()),
        routes: texts(selection.routes().iter().map(|route| route.as_str().to_owned()).collect()),
    }
}

pub(crate) fn encounter_to_json(encounter: &Encounter) -> EncounterJson {
    EncounterJson {
        vehicle_id: encounter.vehicle.to_string(),
        other_vehicle_id: encounter.other.to_string(),
        began_at: rfc3339(encounter.began_at),
        met_at: encounter.met_at.map(rfc3339),
        parted_at: encounter.parted_at.map(rfc3339),
    }
}

/// An encounter's place in its list, as a cursor names it.
pub(crate) fn encounter_place(cursor: &EncounterCursor) -> String {
    format!("{}-{}", cursor.began_at.unix_ms(), cursor.no)
}

pub(crate) fn encounter_cursor(text: &str) -> Result<EncounterCursor, ()> {
    let (began_ms, no) = text.split_once('-').ok_or(())?;
    let began_at = Timestamp::from_unix_ms(began_ms.parse().map_err(|_| ())?).ok_or(())?;
    Ok(EncounterCursor { began_at, no: no.parse().map_err(|_| ())? })
}
