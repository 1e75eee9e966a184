//! Counts of vehicles by cells of the map, for views that hold too many to be sent one by one.

use crate::beat::TenantBeat;
use crate::cells::{self, Cell, cell_of, covering, spot};
use crate::view::View;
use crate::wire::ClusterJson;
use milepost_clock::Clock;
use milepost_domain::VehicleStatus;
use milepost_service::space::{Point, visit_places};
use milepost_service::{ServiceError, vehicles::Vehicles};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The counts of a level are shared by all viewers of the tenant, and made anew after this at the earliest.
const COUNT_EVERY: Duration = Duration::from_millis(500);
/// Clusters are so many levels of cells deeper than those by which a view is found: 4 to 16 on its longer side.
const DEEPER: usize = 1;
/// A cluster's place is told in parts of its cell, so that it is told anew only when it has moved visibly.
const PARTS: f64 = 32.0;
/// Below this share of the number above which clusters are sent, vehicles are sent again.
const BACK: f64 = 0.8;

/// The vehicles of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cluster {
    count: u32,
    /// Sums of degrees.
    latitudes: f64,
    longitudes: f64,
    statuses: Vec<(VehicleStatus, u32)>,
}

/// All clusters of a tenant at one level.
#[derive(Debug)]
pub(crate) struct Counts {
    /// The state of the map that was counted.
    pub(crate) state: u64,
    made_at: Instant,
    clusters: HashMap<Cell, Cluster>,
}

/// What a client was told of a cluster.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    count: u32,
    latitude: f64,
    longitude: f64,
    statuses: BTreeMap<String, u32>,
}

/// A view that is sent as clusters when it holds more than so many vehicles.
pub(crate) struct ClusteredView {
    pub(crate) view: View,
    most: usize,
    /// Whether clusters are sent now.
    pub(crate) is_clustered: bool,
    told: HashMap<Cell, Told>,
    /// The state of the map that was looked at.
    pub(crate) seen: u64,
    pub(crate) next: Instant,
    pub(crate) every: Duration,
}

impl ClusteredView {
    pub(crate) fn new(view: View, most: usize, every: Duration, now: Instant) -> Self {
        Self { view, most, is_clustered: false, told: HashMap::new(), seen: 0, next: now, every }
    }

    /// Whether so many vehicles are too many. There is a gap between becoming clusters and becoming vehicles again.
    pub(crate) fn is_too_many(&self, count: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts of vehicles")]
        let (count, most) = (count as f64, self.most as f64);
        count > if self.is_clustered { most * BACK } else { most }
    }

    /// Forgets what was told: the client forgets it with `covers`.
    pub(crate) fn begin(&mut self) {
        self.told.clear();
        self.is_clustered = true;
    }

    /// The level of the clusters.
    pub(crate) fn level(&self) -> usize {
        covering(&self.view.covers).0 + DEEPER
    }

    /// The clusters within the view that the client does not know as they are. One without vehicles is gone.
    pub(crate) fn changes(&mut self, counts: &Counts) -> Vec<ClusterJson> {
        let level = self.level();
        let mut changed = Vec::new();
        for cell in cells::touched(level, &self.view.covers) {
            let now = counts.clusters.get(&cell).map(|cluster| cluster.told(level, cell));
            if self.told.get(&cell) == now.as_ref() {
                continue;
            }
            changed.push(json_of(level, cell, now.as_ref()));
            match now {
                Some(now) => self.told.insert(cell, now),
                None => self.told.remove(&cell),
            };
        }
        changed
    }
}

impl Cluster {
    fn add(&mut self, status: &VehicleStatus, place: Point) {
        self.count += 1;
        self.latitudes += place.latitude.get();
        self.longitudes += place.longitude.get();
        match self.statuses.iter_mut().find(|(known, _)| known == status) {
            Some((_, count)) => *count += 1,
            None => self.statuses.push((status.clone(), 1)),
        }
    }

    fn told(&self, level: usize, cell: Cell) -> Told {
        let [west, south, east, north] = cells::edges(level, cell);
        let mean = |sum: f64, low: f64, high: f64| {
            let part = (high - low) / PARTS;
            (low + ((sum / f64::from(self.count) - low) / part).round() * part).clamp(-180.0, 180.0)
        };
        let statuses = self.statuses.iter().map(|(status, count)| (status.as_str().to_owned(), *count));
        Told {
            count: self.count,
            latitude: mean(self.latitudes, south, north).clamp(-90.0, 90.0),
            longitude: mean(self.longitudes, west, east),
            statuses: statuses.collect(),
        }
    }
}

fn json_of(level: usize, cell: Cell, told: Option<&Told>) -> ClusterJson {
    let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
    ClusterJson {
        id: cells::name(level, cell),
        count: told.map_or(0, |told| told.count),
        lat: told.map(|told| rounded(told.latitude)),
        lon: told.map(|told| rounded(told.longitude)),
        edges: told.map(|_| cells::edges(level, cell).map(rounded)),
        statuses: told.map(|told| told.statuses.clone()),
    }
}

/// The clusters of a level, as they were at most half a second ago.
pub(crate) async fn count_clusters(
    beat: &TenantBeat,
    vehicles: &Vehicles,
    clock: &Clock,
    level: usize,
) -> Result<Arc<Counts>, ServiceError> {
    // Viewers of one level wait for the first one's counting.
    let mut known = beat.counts(level).lock().await;
    let now = clock.instant();
    if let Some(counts) = known.as_ref().filter(|counts| now < counts.made_at + COUNT_EVERY) {
        return Ok(Arc::clone(counts));
    }
    let mut clusters = HashMap::<Cell, Cluster>::new();
    let count = |status: &VehicleStatus, place: Point| {
        let spot = spot(place.latitude.get(), place.longitude.get());
        clusters.entry(cell_of(level, spot)).or_default().add(status, place);
    };
    let state = visit_places(vehicles, beat.tenant(), count).await?;
    let counts = Arc::new(Counts { state, made_at: now, clusters });
    *known = Some(Arc::clone(&counts));
    Ok(counts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn counts(places: &[(f64, f64, &str)], level: usize) -> Counts {
        let mut clusters = HashMap::<Cell, Cluster>::new();
        for (latitude, longitude, status) in places {
            let place = Point::from_degrees(*latitude, *longitude).unwrap();
            let cell = cell_of(level, spot(*latitude, *longitude));
            clusters.entry(cell).or_default().add(&VehicleStatus::new(status).unwrap(), place);
        }
        Counts { state: 1, made_at: Clock::system().instant(), clusters }
    }

    #[test]
    fn clusters_are_told_once_and_again_when_they_have_changed() {
        let view = View::of(Some(&[-180.0, -90.0, 180.0, 90.0])).unwrap();
        let now = Clock::system().instant();
        let mut clustered = ClusteredView::new(view, 3, Duration::ZERO, now);
        let level = clustered.level();
        let places =
            [(48.85, 2.35, "active"), (48.86, 2.36, "maintenance"), (-33.9, 151.2, "active"), (0.0, 180.0, "a")];
        let first = clustered.changes(&counts(&places, level));
        assert_eq!(first.iter().map(|cluster| cluster.count).sum::<u32>(), 4);
        let paris = first.iter().find(|cluster| cluster.count == 2).unwrap();
        assert_eq!(paris.statuses.as_ref().unwrap().len(), 2);
        let [west, south, east, north] = paris.edges.unwrap();
        assert!(west <= 2.35 && 2.36 <= east && south <= 48.85 && 48.86 <= north, "{:?}", paris.edges);
        let (lat, lon) = (paris.lat.unwrap(), paris.lon.unwrap());
        assert!((west..=east).contains(&lon) && (south..=north).contains(&lat));
        // A little move is not told, and a cluster without vehicles is gone.
        let places = [(48.85, 2.351, "active"), (48.86, 2.36, "maintenance"), (-33.9, 151.2, "active")];
        let second = clustered.changes(&counts(&places, level));
        assert_eq!(second.iter().map(|cluster| cluster.count).collect::<Vec<_>>(), [0]);
        assert!(second[0].lat.is_none() && second[0].edges.is_none());
        assert!(clustered.changes(&counts(&places, level)).is_empty());
    }

    #[test]
    fn a_view_that_became_clusters_becomes_vehicles_again_well_below_their_number() {
        let view = View::of(Some(&[0.0, 0.0, 1.0, 1.0])).unwrap();
        let mut clustered = ClusteredView::new(view, 100, Duration::ZERO, Clock::system().instant());
        assert!(!clustered.is_too_many(100) && clustered.is_too_many(101));
        clustered.begin();
        assert!(clustered.is_too_many(81) && !clustered.is_too_many(80));
    }
}
