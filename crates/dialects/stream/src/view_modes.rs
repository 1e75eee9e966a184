//! Views that are sent as vehicles or as clusters, as many as there are to see.

use crate::clusters::{ClusteredView, Counts, count_clusters};
use crate::convert::render;
use crate::vehicles::{VehicleFilter, VehicleSubscriptions};
use crate::view::View;
use crate::wire::{ClustersJson, CoversJson, ReadyJson};
use milepost_domain::VehicleScope;
use milepost_service::space::{count_in, watch_changes};
use milepost_service::{Among, ServiceError};
use std::time::Duration;

/// Clusters are looked at again so long after the last time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl VehicleSubscriptions {
    /// Begins a view that may become clusters.
    pub(crate) async fn add_clustered(
        &mut self,
        s: u32,
        view: View,
        most: usize,
        filter: VehicleFilter,
    ) -> Result<(), ServiceError> {
        if self.changes.is_none() {
            self.changes = Some(watch_changes(&self.live.use_cases().vehicles, &self.who.tenant).await?);
        }
        let (every, now) = (filter.batch().max(LOOK_EVERY), self.live.context.clock.instant());
        self.filters.insert(s, filter);
        self.clustered.insert(s, ClusteredView::new(view, most, every, now));
        let shown = self.show_view(s).await;
        if shown.is_err() {
            self.filters.remove(&s);
            self.clustered.remove(&s);
        }
        shown
    }

    /// Whether a viewer may get clusters: one that sees some vehicles only gets those, which are few.
    pub(crate) fn may_cluster(&self) -> bool {
        self.who.scope == VehicleScope::All
    }

    /// Moves such a view, and begins it anew.
    pub(crate) async fn move_clustered(&mut self, s: u32, view: View) -> Result<(), ServiceError> {
        if let Some(clustered) = self.clustered.get_mut(&s) {
            clustered.view = view;
        }
        self.show_view(s).await
    }

    /// What `covers` says of a view's mode.
    pub(crate) fn mode(&self, s: u32) -> Option<&'static str> {
        let filter = self.filters.get(&s).filter(|_| self.clustered.contains_key(&s))?;
        Some(if filter.is_view() { "vehicles" } else { "clusters" })
    }

    /// Begins a view anew: as vehicles, or as clusters.
    async fn show_view(&mut self, s: u32) -> Result<(), ServiceError> {
        let seen = self.changes.as_ref().map_or(0, |changes| *changes.borrow());
        let Some(clustered) = self.clustered.get(&s) else { return Ok(()) };
        let view = clustered.view;
        let count = count_in(&self.live.use_cases().vehicles, &self.who.tenant, &view.bounds()).await?;
        let is_clustered = clustered.is_too_many(count);
        let seen = if is_clustered {
            self.follow_view(s, None);
            let counts = self.counts(s).await?;
            // Nothing more is followed for it.
            self.cut(&Among::Listed(&[]), |_| true).await?;
            self.set_gather();
            self.begin_clusters(s, &counts);
            counts.state
        } else {
            self.follow_view(s, Some(view));
            self.begin(s).await?;
            if let Some(clustered) = self.clustered.get_mut(&s) {
                clustered.is_clustered = false;
            }
            seen
        };
        self.looked_at(s, seen);
        Ok(())
    }

    /// Replaces the part of the map that a view follows; none while it is clusters.
    fn follow_view(&mut self, s: u32, view: Option<View>) {
        let Some(before) = self.filters.get(&s).cloned() else { return };
        let after = before.with_view(view);
        self.watch_level(&after);
        self.filters.insert(s, after);
        self.leave_level(&before);
    }

    fn begin_clusters(&mut self, s: u32, counts: &Counts) {
        let Some(clustered) = self.clustered.get_mut(&s) else { return };
        clustered.begin();
        let (edges, mode) = (clustered.view.edges(), self.mode(s));
        self.outlet.send(&render(&CoversJson { op: "covers", s, edges, mode }));
        let count = self.tell_clusters(s, counts);
        let ready = ReadyJson { op: "ready", s, count: Some(count as usize), complete: None, cursor: None };
        self.outlet.send(&render(&ready));
    }

    /// Sends the clusters that have changed. Returns the number of their vehicles.
    fn tell_clusters(&mut self, s: u32, counts: &Counts) -> u32 {
        let Some(clustered) = self.clustered.get_mut(&s) else { return 0 };
        let changed = clustered.changes(counts);
        if !changed.is_empty() {
            self.outlet.send(&render(&ClustersJson { op: "clusters", s, c: &changed }));
        }
        changed.iter().map(|cluster| cluster.count).sum()
    }

    async fn counts(&self, s: u32) -> Result<std::sync::Arc<Counts>, ServiceError> {
        let level = self.clustered.get(&s).map_or(0, ClusteredView::level);
        count_clusters(&self.beat, &self.live.use_cases().vehicles, &self.live.context.clock, level).await
    }

    /// Looks at a view after vehicles have moved.
    pub(crate) async fn look_at_view(&mut self, s: u32) -> Result<(), ServiceError> {
        let seen = self.changes.as_ref().map_or(0, |changes| *changes.borrow());
        let (Some(clustered), Some(filter)) = (self.clustered.get(&s), self.filters.get(&s)) else { return Ok(()) };
        let is_clustered = clustered.is_clustered;
        let bounds = clustered.view.bounds();
        let count = count_in(&self.live.use_cases().vehicles, &self.who.tenant, &bounds).await?;
        // A change of the mode may have been broken off.
        let is_whole = filter.is_view() != is_clustered;
        if !is_whole || clustered.is_too_many(count) != is_clustered {
            return self.show_view(s).await;
        }
        let seen = if is_clustered {
            let counts = self.counts(s).await?;
            self.tell_clusters(s, &counts);
            counts.state
        } else {
            seen
        };
        self.looked_at(s, seen);
        Ok(())
    }

    fn looked_at(&mut self, s: u32, seen: u64) {
        let now = self.live.context.clock.instant();
        if let Some(clustered) = self.clustered.get_mut(&s) {
            (clustered.seen, clustered.next) = (seen, now + clustered.every);
        }
    }
}
