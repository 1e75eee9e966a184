//! Reads and changes a tenant's thresholds by their names.

use super::{Fleet, require_rules};
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, ExpectedVersion, FleetRules, Invalid, JsonObject, TenantId, Timestamp};
use milepost_follow::read_thresholds;
use milepost_track::{Rules, Thresholds, VehicleRules};
use serde_json::{Map, Number, Value};

/// Attempts when others change the same thresholds at the same time. A failed one means that another change was stored
/// first.
const TRIES: usize = 5;

/// The name of a threshold in [`Thresholds`], and its new value. `None` is the default.
pub type RuleChange = (&'static str, Option<Number>);

/// The thresholds that apply to a tenant's vehicles.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesInForce {
    /// All thresholds, defaults included.
    pub thresholds: Thresholds,
    /// The thresholds that the tenant has set, by name.
    pub own: Map<String, Value>,
    /// Increases with each change, from 0.
    pub version: i64,
    /// The time of the last change.
    pub changed_at: Option<Timestamp>,
}

/// A tenant's thresholds.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn get_rules(fleet: &Fleet, request: &Request, tenant: &TenantId) -> Result<RulesInForce, ServiceError> {
    require_rules(&request.caller, Action::SeeGeofences, tenant)?;
    let rules = fleet.store.get_rules(tenant).await?;
    Ok(in_force(rules.as_ref()))
}

/// After how many seconds without a position a vehicle of the caller's tenant is offline. Everybody who sees a vehicle may know it.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn offline_after_s(fleet: &Fleet, request: &Request) -> Result<u32, ServiceError> {
    let rules = fleet.store.get_rules(&request.caller.tenant).await?;
    Ok(read_thresholds(rules.as_ref()).offline_after_s)
}

/// Changes some of a tenant's thresholds, which apply to the next position. A change without a difference is not
/// stored.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a value that is out of its range or contradicts another;
/// [`ServiceError::Changed`]; [`ServiceError::Conflict`] when others keep changing them.
pub async fn change_rules(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    expected: &ExpectedVersion,
    changes: &[RuleChange],
) -> Result<RulesInForce, ServiceError> {
    require_rules(&request.caller, Action::ManageGeofences, tenant)?;
    ensure_tenant(&*fleet.store, tenant).await?;
    for _ in 0..TRIES {
        let before = fleet.store.get_rules(tenant).await?;
        let known = before.as_ref().map_or(0, |rules| rules.version);
        if !expected.allows(known) {
            return Err(ServiceError::Changed("thresholds"));
        }
        let own = own_values(before.as_ref());
        let changed = with_changes(&own, changes)?;
        if changed == own {
            return Ok(in_force(before.as_ref()));
        }
        let values = JsonObject::of_parsed(Value::from(changed).to_string(), "rules")?;
        if let Some(rules) = fleet.store.by(request.author()).set_rules(tenant, &values, known, request.now).await? {
            fleet.rules_changed(tenant);
            tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), "thresholds changed");
            return Ok(in_force(Some(&rules)));
        }
    }
    Err(ServiceError::Conflict("somebody else changes the thresholds, try again".to_owned()))
}

fn in_force(rules: Option<&FleetRules>) -> RulesInForce {
    RulesInForce {
        thresholds: read_thresholds(rules),
        own: own_values(rules),
        version: rules.map_or(0, |rules| rules.version),
        changed_at: rules.map(|rules| rules.changed_at),
    }
}

fn own_values(rules: Option<&FleetRules>) -> Map<String, Value> {
    rules.and_then(|rules| serde_json::from_str(rules.values.as_str()).ok()).unwrap_or_default()
}

/// The tenant's own values after the changes, checked as a whole.
fn with_changes(own: &Map<String, Value>, changes: &[RuleChange]) -> Result<Map<String, Value>, ServiceError> {
    let mut changed = own.clone();
    for (name, value) in changes {
        match value {
            Some(value) => {
                let alone = Map::from_iter([((*name).to_owned(), Value::from(value.clone()))]);
                // Checked alone, so that the refusal of a wrong number can name its threshold.
                if serde_json::from_value::<Thresholds>(alone.into()).is_err() {
                    return Err(Invalid::new(name, "must be a whole number from 0").into());
                }
                changed.insert((*name).to_owned(), value.clone().into());
            }
            None => {
                changed.remove(*name);
            }
        }
    }
    let thresholds: Thresholds =
        serde_json::from_value(Value::from(changed.clone())).map_err(|_| Invalid::new("rules", "can't be read"))?;
    Rules::new(thresholds, VehicleRules::default())?;
    Ok(changed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn own(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    fn number(value: f64) -> Option<Number> {
        Number::from_f64(value)
    }

    #[test]
    fn changes_add_up_and_null_is_the_default_again() {
        let first = with_changes(&Map::new(), &[("speed_limit_kmh", number(50.0)), ("noise_m", number(5.0))]).unwrap();
        assert_eq!(first, own(r#"{"speed_limit_kmh":50.0,"noise_m":5.0}"#));
        let second = with_changes(&first, &[("noise_m", None), ("stop_after_s", Some(600.into()))]).unwrap();
        assert_eq!(second, own(r#"{"speed_limit_kmh":50.0,"stop_after_s":600}"#));
        // A threshold of a newer version stays.
        let newer = own(r#"{"to_come":1}"#);
        assert_eq!(with_changes(&newer, &[("noise_m", None)]).unwrap(), newer);
    }

    #[test]
    fn values_out_of_range_or_against_each_other_are_refused_by_name() {
        let check = |before: &str, changes: &[RuleChange], field: &str| match with_changes(&own(before), changes) {
            Err(ServiceError::Invalid(invalid)) => assert_eq!(invalid[0].field, field),
            other => panic!("{other:?}"),
        };
        check("{}", &[("noise_m", number(-1.0))], "noise_m");
        check("{}", &[("stop_after_s", number(1.5))], "stop_after_s");
        check("{}", &[("stop_after_s", number(-1.0))], "stop_after_s");
        check(r#"{"still_after_s":200}"#, &[("stop_after_s", Some(100.into()))], "stop_after_s");
        // Removing one may make another invalid.
        check(r#"{"gap_after_s":2000,"gap_max_s":3000}"#, &[("gap_max_s", None)], "gap_max_s");
    }
}
