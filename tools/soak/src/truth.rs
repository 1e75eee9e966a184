//! What the database holds.

use crate::databases::query;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::writers::World;
use anyhow::{Context as _, Result};
use std::collections::{HashMap, HashSet};

/// What every client must show.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Truth {
    /// The time of each bus's newest position, Unix milliseconds.
    pub(crate) buses: HashMap<String, i64>,
    /// Id and number of each of the run's events, in the order of ids.
    pub(crate) events: Vec<(i64, u64)>,
    /// Status and latitude of each delivery.
    pub(crate) deliveries: Vec<(String, Option<f64>)>,
    /// Status and driver's latitude of each parcel.
    pub(crate) parcels: Vec<(String, Option<f64>)>,
}

impl Truth {
    /// Reads it.
    pub(crate) async fn read(network: &Network, world: &World) -> Result<Self> {
        let lines = query(
            network,
            "select 'bus', v.id, max(p.at_ms) from positions p join vehicles v using (vehicle_no) group by v.id \
             union all select 'delivery', tracking_id || ' ' || status, null from deliveries \
             union all select 'parcel', id || ' ' || status, null from parcels; \
             select 'event', id, payload from events where kind = 'manual_event' order by id; \
             select 'place', tracking_id, last_latitude from deliveries; \
             select 'driver', p.id, d.latitude from parcels p left join driver_states d using (tenant_no, driver_id)",
        )
        .await?;
        let mut truth = Self::default();
        let (mut statuses, mut places) = (HashMap::new(), HashMap::new());
        for line in &lines {
            let mut cells = line.splitn(3, '|');
            let (kind, id, value) = (cells.next(), cells.next(), cells.next());
            let (kind, id, value) = (kind.context("no kind")?, id.context("no id")?, value.context("no value")?);
            match kind {
                "bus" => drop(truth.buses.insert(id.to_owned(), value.parse()?)),
                "event" => truth.events.push((id.parse()?, number_in(value).context("an event without a number")?)),
                "delivery" | "parcel" => {
                    let (id, status) = id.split_once(' ').context("no status")?;
                    statuses.insert((kind, id), status);
                }
                _ => drop(places.insert((if kind == "place" { "delivery" } else { "parcel" }, id), value.parse().ok())),
            }
        }
        let of = |kind: &'static str, ids: &[String]| {
            let one = |id: &String| {
                let status = statuses.get(&(kind, id.as_str())).copied().unwrap_or_default();
                (status.to_owned(), places.get(&(kind, id.as_str())).copied().flatten())
            };
            ids.iter().map(one).collect::<Vec<_>>()
        };
        truth.deliveries = of("delivery", &world.deliveries);
        truth.parcels = of("parcel", &world.parcels);
        Ok(truth)
    }

    /// The vehicles whose history is not derived from all their positions: until when it is, what the newest position is, and the late
    /// positions that are not in it.
    pub(crate) async fn not_folded(network: &Network) -> Result<Vec<String>> {
        query(
            network,
            "select v.id || ': folded to ' || coalesce(f.folded_ms::text, 'nothing') || ' (version ' || \
             coalesce(f.version::text, '-') || '), newest ' || coalesce(s.held_ms, s.at_ms) || ', late ' || \
             coalesce((select string_agg(l.at_ms || ' noted ' || l.noted_ms, ', ') from late_positions l \
                       where l.vehicle_no = v.vehicle_no), 'none') || ', by the database ' || \
             (extract(epoch from clock_timestamp()) * 1000)::bigint \
             from vehicle_states s join vehicles v using (vehicle_no) left join track_folds f using (vehicle_no) \
             where f.folded_ms is null or f.folded_ms < coalesce(s.held_ms, s.at_ms) \
             or exists (select 1 from late_positions l where l.vehicle_no = v.vehicle_no)",
        )
        .await
    }

    /// What was answered 2xx and is not there, and what is there twice.
    pub(crate) async fn lost(&self, network: &Network, ledger: &Ledger) -> Result<Vec<String>> {
        let (mut lost, positions) = self.lost_but_positions(ledger);
        let lines = query(network, "select v.id, p.at_ms from positions p join vehicles v using (vehicle_no)").await?;
        let stored: HashSet<(&str, i64)> = lines
            .iter()
            .filter_map(|line| line.split_once('|'))
            .filter_map(|(id, at)| Some((id, at.parse().ok()?)))
            .collect();
        let missing = positions.iter().filter(|(bus, at_ms)| !stored.contains(&(bus.as_str(), *at_ms)));
        lost.extend(missing.map(|(bus, at_ms)| format!("the position of {bus} at {at_ms}")));
        Ok(lost)
    }

    /// The same without positions, and the positions that were answered.
    fn lost_but_positions(&self, ledger: &Ledger) -> (Vec<String>, Vec<(String, i64)>) {
        let mut lost = Vec::new();
        let answered = ledger.lock();
        let stored: HashSet<u64> = self.events.iter().map(|(_, number)| *number).collect();
        let missing = answered.events.iter().filter(|number| !stored.contains(number));
        lost.extend(missing.map(|number| format!("event number {number}")));
        if stored.len() < self.events.len() {
            lost.push(format!("{} events are stored twice", self.events.len() - stored.len()));
        }
        // Everything drives north.
        let is_behind = |stored: Option<f64>, latitude: f64| stored.is_none_or(|stored| stored < latitude);
        for (index, latitude) in &answered.deliveries {
            let stored = self.deliveries[*index].1;
            let is_delayed = answered.delayed.iter().any(|(other, at)| other == index && Some(*at) == stored);
            if is_behind(stored, *latitude) && !is_delayed {
                lost.push(format!("delivery {index} was answered at {latitude} and is stored at {stored:?}"));
            }
        }
        for (index, latitude) in &answered.parcels {
            let stored = self.parcels[*index].1;
            if is_behind(stored, *latitude) {
                lost.push(format!("parcel {index} was answered at {latitude} and is stored at {stored:?}"));
            }
        }
        (lost, answered.positions.clone())
    }
}

/// The digits after `number":`, whose quotes may be escaped.
fn number_in(payload: &str) -> Option<u64> {
    let (_, rest) = payload.split_once("number")?;
    let digits: String =
        rest.trim_start_matches(['\\', '"', ':', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_number_is_found_in_its_payload() {
        assert_eq!(number_in(r#"{"event_type":"soak","payload":"{\"number\":17}"}"#), Some(17));
        assert_eq!(number_in(r#"{"type":"soak"}"#), None);
    }
}
