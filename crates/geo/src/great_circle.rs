//! Distance, bearing and intermediate points along great circles.

use crate::Point;
use crate::point::wrap_deg;
use milepost_domain::{HeadingDeg, Latitude, Longitude};

/// The Earth's radius, in metres: of the circle that is as long as a meridian of the WGS 84 ellipsoid (2/π times the
/// 10,001,965.729 m from equator to pole).
///
/// The ellipsoid's own radii of curvature reach from 6,335,439 m (along a meridian at the equator) to 6,399,594 m (at the
/// poles); this one is off by 0.505 % and 0.502 % there, and so nowhere by more. The more usual mean (2a + b) / 3 =
/// 6,371,008.8 m errs by 0.561 % at the equator.
pub const EARTH_RADIUS_M: f64 = 6_367_449.146;

/// Great-circle distance in metres.
///
/// The haversine formula (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984) keeps its precision
/// for near points but not for nearly opposite ones, where `1 - hav` cancels. So the complement is not subtracted but
/// computed as the haversine to the antipode, and the angle is taken from both: precise everywhere.
pub fn distance_m(from: Point, to: Point) -> f64 {
    EARTH_RADIUS_M * angle_rad(from, to)
}

/// The angle between two points as seen from the Earth's centre, 0 to π.
pub(crate) fn angle_rad(from: Point, to: Point) -> f64 {
    let (lat1, lat2) = (from.latitude_rad(), to.latitude_rad());
    // Subtracting in degrees is exact for near points; halved sums and differences of radians would round first.
    let half_dlat = (to.latitude.get() - from.latitude.get()).to_radians() / 2.0;
    let half_slat = (to.latitude.get() + from.latitude.get()).to_radians() / 2.0;
    let half_dlon = longitude_difference_rad(from, to) / 2.0;
    let cosines = lat1.cos() * lat2.cos();
    let hav = half_dlat.sin().powi(2) + cosines * half_dlon.sin().powi(2);
    let hav_to_antipode = half_slat.sin().powi(2) + cosines * half_dlon.cos().powi(2);
    2.0 * hav.sqrt().atan2(hav_to_antipode.sqrt())
}

/// Initial direction of the great circle from `from` to `to`; `None` if `to` is the same point or the antipode, where no
/// direction or every direction is right.
///
/// Forward azimuth as in E. Williams, "Aviation Formulary", written with `1 - cos` as `2 sin²` so that it keeps its
/// precision for points a millimetre apart. At a pole the direction is the one on the meridian of the given longitude.
pub fn initial_bearing(from: Point, to: Point) -> Option<HeadingDeg> {
    let bearing_deg = bearing_rad(from, to)?.to_degrees().rem_euclid(360.0);
    // A tiny negative angle is rounded to 360, which is north too.
    let bearing_deg = if bearing_deg >= 360.0 { 0.0 } else { bearing_deg };
    Some(HeadingDeg::new(bearing_deg).expect("rem_euclid gave 0..360"))
}

/// As [`initial_bearing`], in -π..=π.
pub(crate) fn bearing_rad(from: Point, to: Point) -> Option<f64> {
    let (lat1, lat2) = (from.latitude_rad(), to.latitude_rad());
    let dlat = (to.latitude.get() - from.latitude.get()).to_radians();
    let dlon = longitude_difference_rad(from, to);
    let east = dlon.sin() * lat2.cos();
    let north = dlat.sin() + 2.0 * lat1.sin() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    let angle = angle_rad(from, to);
    // Nearer to the point or its antipode than a ten-millionth of a millimetre, the numbers are only rounding errors.
    let undefined = angle < 1e-17 || std::f64::consts::PI - angle < 1e-14;
    if undefined { None } else { Some(east.atan2(north)) }
}

/// The point reached after `distance_m` metres on the great circle that starts in direction `bearing`.
/// Negative distances go backwards.
///
/// Direct problem on the sphere (E. Williams, "Aviation Formulary"), with the latitude from its tangent rather than
/// its sine, which would lose metres near the poles.
pub fn destination(from: Point, bearing: HeadingDeg, distance_m: f64) -> Point {
    destination_rad(from, bearing.get().to_radians(), distance_m / EARTH_RADIUS_M)
}

fn destination_rad(from: Point, bearing_rad: f64, angle_rad: f64) -> Point {
    let lat = from.latitude_rad();
    let angle_rad = if angle_rad.is_finite() { angle_rad } else { 0.0 };
    let up = lat.sin() * angle_rad.cos() + lat.cos() * angle_rad.sin() * bearing_rad.cos();
    let ahead = lat.cos() * angle_rad.cos() - lat.sin() * angle_rad.sin() * bearing_rad.cos();
    let aside = angle_rad.sin() * bearing_rad.sin();
    Point::from_radians(up.atan2(ahead.hypot(aside)), from.longitude_rad() + aside.atan2(ahead))
}

/// The point at `fraction` of the great circle from `from` (0) to `to` (1); outside of 0 to 1, the nearer end. Between
/// antipodes, where all great circles are equally long, it goes north first.
pub fn interpolate(from: Point, to: Point, fraction: f64) -> Point {
    if fraction >= 1.0 {
        to
    } else if fraction > 0.0 {
        destination_rad(from, bearing_rad(from, to).unwrap_or(0.0), fraction * angle_rad(from, to))
    } else {
        from
    }
}

/// The point at `fraction` of the segment from `from` (0) to `to` (1), straight in degrees, on the shorter side of the
/// globe: where [`Fence::crossings`](crate::Fence::crossings) finds its fractions. Outside of 0 to 1, the nearer end.
pub fn interpolate_degrees(from: Point, to: Point, fraction: f64) -> Point {
    if fraction >= 1.0 {
        return to;
    }
    let fraction = fraction.max(0.0);
    let (from_deg, to_deg) = (from.latitude.get(), to.latitude.get());
    let east_deg = wrap_deg(to.longitude.get() - from.longitude.get());
    let latitude = Latitude::new((from_deg + fraction * (to_deg - from_deg)).clamp(-90.0, 90.0));
    let latitude = latitude.expect("clamped to -90..=90");
    let longitude = wrap_deg(from.longitude.get() + fraction * east_deg);
    Point::new(latitude, Longitude::new(longitude).expect("wrapped to -180..=180"))
}

/// Difference of longitudes on the shorter side, in -π..=π.
fn longitude_difference_rad(from: Point, to: Point) -> f64 {
    wrap_deg(to.longitude.get() - from.longitude.get()).to_radians()
}
