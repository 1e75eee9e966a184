//! Whether a segment, and not only its bounding box, meets a box of the tree.

use super::tree::Rect;
use crate::fence::Bounds;

/// A segment, grown by a margin. It is the diagonal of its box, and meets far fewer boxes than that if it is long.
pub(super) struct Diagonal {
    west: f64,
    south: f64,
    north: f64,
    span: f64,
    /// Does it lead from south-west to north-east?
    is_rising: bool,
    margin_east: f64,
    margin_north: f64,
}

impl Diagonal {
    /// From the segment's box and the box around it that was grown by the margin.
    pub(super) fn new(segment: &Bounds, around: &Bounds, is_rising: bool) -> Self {
        let margin_east = (around.span_deg - segment.span_deg) / 2.0;
        Self {
            // Not `segment.west_deg`: growing may have moved the box across the antimeridian.
            west: around.west_deg + margin_east,
            south: segment.south_deg,
            north: segment.north_deg,
            span: segment.span_deg,
            is_rising,
            margin_east,
            margin_north: segment.south_deg - around.south_deg,
        }
    }

    /// Does the grown segment meet a box, given that the box around it does? Tests the third separating axis, perpendicular
    /// to the diagonal.
    pub(super) fn meets(&self, rect: &Rect) -> bool {
        let height = self.north - self.south;
        let slope = if self.is_rising { height } else { -height };
        let (west, east) = (f64::from(rect.west), f64::from(rect.east));
        let (south, north) = (f64::from(rect.south), f64::from(rect.north));
        let (half_east, half_north) =
            ((east - west) / 2.0 + self.margin_east, (north - south) / 2.0 + self.margin_north);
        let off_east = (west + east) / 2.0 - (self.west + self.span / 2.0);
        let off_north = (south + north) / 2.0 - (self.south + self.north) / 2.0;
        (off_north * self.span - off_east * slope).abs() <= half_north * self.span + half_east * height
    }
}
