//! Updates a delivery's location and status.

use super::Deliveries;
use super::estimate_arrival::{note_fix, view_delivery};
use super::find_delivery::SESSION;
use super::outgoing_calls::{order_call, text_call, texts_to};
use crate::proofs::require_proof;
use crate::{DeliveryView, Listener, Request, ServiceError};
use milepost_domain::{
    AFTER_DELIVERED_MS, Caller, Delivery, DeliveryFix, DeliveryStatus, Fact, Latitude, Longitude, Proof, Step,
    StepRefused, Timestamp, TrackingId, lies_ahead, may_bring_delivery,
};
use milepost_relay::News;
use milepost_store::{DeliveryChange, DeliveryMove, Once};
use std::sync::Arc;

/// Attempts when other nodes change the same delivery at the same time.
const MAX_TRIES: usize = 8;

/// A change of a delivery. At least one of the fields is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeliveryUpdate {
    /// The rider's location, in degrees north and east.
    pub place: Option<(Latitude, Longitude)>,
    /// The delivery's next status.
    pub status: Option<DeliveryStatus>,
}

/// The delivery after the update, and what is stored with it.
struct Planned {
    after: Delivery,
    fix: Option<DeliveryFix>,
    advanced: bool,
}

/// Stores the update and its outgoing calls in one transaction, then publishes it.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] for callers other than the rider, [`ServiceError::Gone`],
/// [`ServiceError::Conflict`] for a status that goes back, for any update after `DELIVERED`, and for
/// `DELIVERED` without a proof that the tenant demands.
pub async fn update_delivery(
    deliveries: &Arc<Deliveries>,
    request: &Request,
    id: &TrackingId,
    update: DeliveryUpdate,
    once: &Once<'static, DeliveryView>,
) -> Result<DeliveryView, ServiceError> {
    let (deliveries, request) = (Arc::clone(deliveries), request.clone());
    let (id, once) = (id.clone(), once.clone());
    // In a task of its own, so that a stored change is published even if its client disconnects.
    let change = tokio::spawn(async move { store_and_publish(&deliveries, &request, &id, update, &once).await });
    change.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the update of a delivery did not end");
        Err(ServiceError::Internal)
    })
}

async fn store_and_publish(
    deliveries: &Deliveries,
    request: &Request,
    id: &TrackingId,
    update: DeliveryUpdate,
    once: &Once<'_, DeliveryView>,
) -> Result<DeliveryView, ServiceError> {
    let _lock = deliveries.locks.write([id]).await;
    let now = request.now;
    for _ in 0..MAX_TRIES {
        let known = deliveries.sessions.get(id);
        let is_known = known.is_some();
        let before = match known {
            Some(known) => known,
            None => deliveries.store.get_delivery(id).await?.ok_or(ServiceError::NotFound(SESSION))?,
        };
        let mut update = update;
        if update.place.is_some() && deliveries.is_off_duty(&before, now).await? {
            // The phone is answered as always, so that it empties its queue.
            update.place = None;
        }
        let mut planned = match plan_for(&request.caller, &before, update, now) {
            // It may have been changed since by another node.
            Err(_) if is_known => {
                deliveries.sessions.forget(id);
                continue;
            }
            planned => planned?,
        };
        if let Some(fix) = planned.fix {
            let noted = note_fix(deliveries, &before, &fix).await;
            if noted.is_wrong {
                // What everybody sees stays as it is.
                planned = Planned { fix: Some(fix), ..plan(&before, DeliveryUpdate { place: None, ..update }, now)? };
                planned.after.updated_at = if planned.advanced { now } else { before.updated_at };
            } else if planned.after.first != Some(fix) {
                planned.after.driven_m += noted.driven_m;
            }
        }
        if planned.advanced && planned.after.status == DeliveryStatus::Delivered {
            require_proof(&*deliveries.store, &before).await?;
        }
        // Made before the change is stored, because the transaction stores the answer for repeated requests.
        let view = view_delivery(deliveries, planned.after.clone(), now).await;
        let stored =
            store_planned(deliveries, request, &planned, &once.map(|stored: &bool| stored.then(|| view.clone()))).await;
        if matches!(stored, Ok(true)) {
            deliveries.sessions.set(&planned.after);
        } else {
            deliveries.sessions.forget(id);
            deliveries.riders.forget_pace(id);
        }
        if stored? {
            if planned.advanced {
                let status = planned.after.status.as_str();
                tracing::debug!(tenant.id = %before.tenant, by = request.caller.log_name(), status, "delivery moved on");
            }
            deliveries.listeners.delivery_changed(&view);
            deliveries.relay.publish(&before.tenant, News::DeliveryChanged(id.clone()));
            return Ok(view);
        }
    }
    Err(ServiceError::Conflict("the delivery is being changed by others, try again".to_owned()))
}

/// Stores a move together with those of other riders. What has consequences is a transaction of its own.
async fn store_planned(
    deliveries: &Deliveries,
    request: &Request,
    planned: &Planned,
    once: &Once<'_, bool>,
) -> Result<bool, ServiceError> {
    if planned.advanced || once.is_claimed() {
        return store_change(deliveries, request, planned, once).await;
    }
    let moved = DeliveryMove { delivery: planned.after.clone(), fix: planned.fix };
    Ok(deliveries.moves.carry_out(moved).await?)
}

async fn store_change(
    deliveries: &Deliveries,
    request: &Request,
    planned: &Planned,
    once: &Once<'_, bool>,
) -> Result<bool, ServiceError> {
    let (delivery, now) = (&planned.after, request.now);
    let (mut facts, mut calls) = (Vec::new(), Vec::new());
    if planned.advanced {
        let proofs = match delivery.status {
            DeliveryStatus::Delivered => deliveries.store.list_proofs(&delivery.tracking_id).await?,
            _ => Vec::new(),
        };
        facts.push(Fact::DeliveryAdvanced {
            tracking_id: delivery.tracking_id.clone(),
            order_id: delivery.order_id.clone(),
            status: delivery.status,
            proofs: proofs.iter().map(Proof::reference).collect(),
        });
        calls.extend(order_call(delivery, &deliveries.outgoing));
        if let Some(phone) = texts_to(delivery, &deliveries.outgoing) {
            // The limit must not stop the delivery itself.
            match deliveries.count_text(delivery, phone, request) {
                Ok(()) => calls.push(text_call(delivery, phone, &deliveries.outgoing)),
                Err(_) => tracing::warn!(tenant.id = %delivery.tenant, "a text was left out: too many texts"),
            }
        }
    }
    let change = DeliveryChange { delivery, fix: planned.fix.as_ref(), facts: &facts, calls: &calls };
    let stored = deliveries.store.change_delivery(&change, now, once).await?;
    if stored && planned.advanced {
        deliveries.wakers.wake_outbox();
        if delivery.status == DeliveryStatus::Delivered {
            deliveries.riders.forget_rides(&delivery.tenant, &delivery.rider_id);
            deliveries.arrival_models.read(&delivery.tenant, now);
        }
    }
    Ok(stored)
}

fn require_rider(caller: &Caller, delivery: &Delivery) -> Result<(), ServiceError> {
    if may_bring_delivery(caller, delivery) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only the rider of this delivery may update it"))
    }
}

fn plan_for(
    caller: &Caller,
    before: &Delivery,
    update: DeliveryUpdate,
    now: Timestamp,
) -> Result<Planned, ServiceError> {
    require_rider(caller, before)?;
    if before.has_expired(now) {
        return Err(ServiceError::Gone(SESSION));
    }
    plan(before, update, now)
}

fn plan(before: &Delivery, update: DeliveryUpdate, now: Timestamp) -> Result<Planned, ServiceError> {
    let status = update.status.unwrap_or(before.status);
    let step = before.status.step(status).map_err(|refused| {
        ServiceError::Conflict(match refused {
            StepRefused::Ended => "the delivery has ended: it was DELIVERED".to_owned(),
            StepRefused::Backward => {
                format!("status goes forward only: from {} not to {}", before.status.as_str(), status.as_str())
            }
        })
    })?;
    // Later than the last fix, even if two arrive within a millisecond or the clock was set back. After a clock that was far
    // ahead the time begins anew: steps of a millisecond would be jumps.
    let last = before.last.filter(|last| !lies_ahead(last.at, now));
    let at = last.map_or(now, |last| now.max(last.at.plus_ms(1)));
    let fix = update.place.map(|(latitude, longitude)| DeliveryFix { at, latitude, longitude });
    let mut after = before.clone();
    after.status = status;
    after.last = fix.or(before.last);
    if before.status == DeliveryStatus::Assigned && status != DeliveryStatus::Assigned {
        // The path to the customer begins here. The path to the shop does not count.
        after.first = after.last;
        after.driven_m = 0.0;
    } else {
        after.first = before.first.or(fix);
    }
    after.updated_at = now.max(before.updated_at);
    after.version += 1;
    if status == DeliveryStatus::Delivered {
        // Not later than it would have expired without the delivery.
        after.expires_at = before.expires_at.min(now.plus_ms(AFTER_DELIVERED_MS));
    }
    Ok(Planned { after, fix, advanced: step == Step::Forward })
}
