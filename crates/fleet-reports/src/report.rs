//! Makes a report's rows of what is found in the tracks of vehicles, given vehicle by vehicle.

use crate::cell::Cell;
use crate::column::Column;
use crate::days::Days;
use crate::layout::{columns, litres, of_chart, of_sums};
use crate::sums::{Burnt, Sums};
use milepost_domain::{
    ReportGroup, ReportKind, SpeedKmh, Timestamp, Trip, TripOrigin, TripPlace, TripStatus, UserId, Vehicle, VehicleId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be reported.
#[derive(Debug, Clone)]
pub struct Plan {
    /// About what.
    pub kind: ReportKind,
    /// What a row sums up.
    pub group: ReportGroup,
    /// The time and its days.
    pub days: Days,
    /// When the report is made: nothing has happened after it.
    pub now: Timestamp,
}

/// A driver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    /// The name.
    pub name: Arc<str>,
    /// The number, by which two of one name are told apart.
    pub id: UserId,
}

/// What a vehicle did in a quarter of an hour.
#[derive(Debug, Clone, Copy)]
pub struct Quarter {
    /// Its beginning.
    pub at: Timestamp,
    /// Distance, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds.
    pub moving_ms: i64,
    /// Time standing on a trip, or between trips with the engine on, milliseconds.
    pub idle_ms: i64,
}

/// A stay between two trips.
#[derive(Debug, Clone, Copy)]
pub struct Stay {
    /// Where.
    pub place: Option<TripPlace>,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` if it still goes on at the end of the report's time.
    pub to: Option<Timestamp>,
}

/// A visit of a geofence.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The geofence's name; `None` if it was removed.
    pub geofence: Option<Arc<str>>,
    /// When the vehicle entered.
    pub from: Timestamp,
    /// When it left.
    pub to: Option<Timestamp>,
    /// The highest speed inside.
    pub max_speed: SpeedKmh,
}

/// A streak of speeding.
#[derive(Debug, Clone, Copy)]
pub struct Streak {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Option<Timestamp>,
    /// Where it began.
    pub place: Option<TripPlace>,
    /// The highest speed, km/h.
    pub speed_kmh: Option<f64>,
    /// The limit, km/h.
    pub limit_kmh: Option<f64>,
}

/// A refuelling, or a theft of fuel.
#[derive(Debug, Clone, Copy)]
pub struct FuelIncident {
    /// When it began.
    pub at: Timestamp,
    /// How much, litres.
    pub litres: Option<f64>,
    /// Whether fuel went.
    pub is_theft: bool,
}

/// What a row sums up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Vehicle(VehicleId),
    Driver(Option<Driver>),
    Day(usize),
    VehicleDay(usize, VehicleId),
}

/// The vehicle whose things are added.
#[derive(Debug)]
struct Present {
    id: VehicleId,
    label: Arc<str>,
    price: Option<f64>,
}

/// A report that is being made.
#[derive(Debug)]
pub struct Report {
    plan: Plan,
    present: Option<Present>,
    labels: BTreeMap<VehicleId, Arc<str>>,
    groups: BTreeMap<Key, Sums>,
    days: Vec<Sums>,
    totals: Sums,
    rows: Vec<Vec<Cell>>,
}

impl Report {
    /// An empty report.
    pub fn new(plan: Plan) -> Self {
        let days = vec![Sums::default(); plan.days.count()];
        let mut report = Self {
            plan,
            present: None,
            labels: BTreeMap::new(),
            groups: BTreeMap::new(),
            days,
            totals: Sums::default(),
            rows: Vec::new(),
        };
        if report.plan.group == ReportGroup::Day {
            let passed =
                (0..report.plan.days.count()).filter(|day| report.plan.days.passed_ms(*day, report.plan.now) > 0);
            report.groups = passed.map(|day| (Key::Day(day), Sums::default())).collect();
        }
        report
    }

    /// What is to be reported.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The columns of its rows.
    pub fn columns(&self) -> Vec<&'static Column> {
        columns(self.plan.kind, self.plan.group)
    }

    /// What follows is about this vehicle. Without a report in the time it is not known what it did: `is_heard` is false.
    pub fn begin_vehicle(&mut self, vehicle: &Vehicle, is_heard: bool) {
        let label: Arc<str> = vehicle.label.as_str().into();
        self.present =
            Some(Present { id: vehicle.id.clone(), label: Arc::clone(&label), price: vehicle.fuel_price_per_l });
        if matches!(self.plan.group, ReportGroup::Vehicle | ReportGroup::VehicleDay) {
            self.labels.insert(vehicle.id.clone(), label);
        }
        let nothing = if is_heard { Sums::nothing() } else { Sums::default() };
        if self.plan.group == ReportGroup::Vehicle {
            self.groups.entry(Key::Vehicle(vehicle.id.clone())).or_default().add(&nothing);
        }
        self.totals.add(&nothing);
        for day in 0..self.plan.days.count() {
            let available_ms = self.plan.days.passed_ms(day, self.plan.now);
            if available_ms == 0 || !is_heard {
                continue;
            }
            let all = Sums { available_ms: Some(available_ms), ..Sums::default() };
            self.days[day].add(&Sums { available_ms: Some(available_ms), ..nothing });
            self.totals.add(&all);
            match self.plan.group {
                ReportGroup::Vehicle => self.groups.entry(Key::Vehicle(vehicle.id.clone())).or_default().add(&all),
                ReportGroup::Day => {
                    self.groups
                        .entry(Key::Day(day))
                        .or_default()
                        .add(&Sums { available_ms: Some(available_ms), ..nothing });
                }
                // Days without anything have no row of the vehicle's own.
                ReportGroup::VehicleDay | ReportGroup::Driver | ReportGroup::None => {}
            }
        }
    }

    /// Adds to the sums of a time.
    fn sum_up(&mut self, at: Timestamp, driver: Option<&Driver>, part: &Sums) {
        let Some(present) = &self.present else { return };
        let day = self.plan.days.place(at);
        self.totals.add(part);
        if let Some(of_day) = self.days.get_mut(day) {
            of_day.add(part);
        }
        let key = match self.plan.group {
            ReportGroup::None => return,
            ReportGroup::Vehicle => Key::Vehicle(present.id.clone()),
            ReportGroup::Driver => Key::Driver(driver.cloned()),
            ReportGroup::Day => Key::Day(day),
            ReportGroup::VehicleDay => Key::VehicleDay(day, present.id.clone()),
        };
        let known = self.groups.entry(key).or_insert_with(|| {
            let is_day_of_vehicle = self.plan.group == ReportGroup::VehicleDay;
            let available_ms = is_day_of_vehicle.then(|| self.plan.days.passed_ms(day, self.plan.now));
            Sums { available_ms, ..Sums::nothing() }
        });
        known.add(part);
    }

    /// Adds a row about the vehicle.
    fn list(&mut self, cells: impl IntoIterator<Item = Cell>) {
        if let Some(present) = self.present.as_ref().filter(|_| self.plan.group == ReportGroup::None) {
            let mut row = vec![Cell::text(present.id.as_str()), Cell::Text(Arc::clone(&present.label))];
            row.extend(cells);
            self.rows.push(row);
        }
    }

    /// A trip that began in the time. One that was started by hand is listed and not summed up: the positions tell of the same way.
    pub fn add_trip(&mut self, trip: &Trip, driver: Option<&Driver>) {
        if trip.status == TripStatus::Cancelled {
            return;
        }
        let figures = &trip.figures;
        let (kind, by_driver) = (self.plan.kind, self.plan.group == ReportGroup::Driver);
        if trip.origin == TripOrigin::Auto {
            let mut part = Sums { things: Some(1), ..Sums::default() };
            // Others are sums over quarters of an hour, which end with the day.
            if kind == ReportKind::Trips || by_driver {
                part.distance_mm = Some(figures.distance_mm);
                part.moving_ms = Some(figures.moving_ms);
                part.idle_ms = Some(figures.idle_ms);
            }
            part.duration_ms = Some(trip.duration_ms());
            part.max_speed_kmh = figures.max_speed.map(SpeedKmh::get);
            if let Some(fuel) = figures.fuel {
                let price = self.present.as_ref().and_then(|present| present.price);
                part.burn(Burnt {
                    fuel_ml: fuel.burnt_ml,
                    distance_mm: figures.distance_mm,
                    source: fuel.source,
                    price,
                });
            }
            self.sum_up(trip.started_at, driver, &part);
        }
        if kind == ReportKind::Trips {
            let source = figures.fuel.map_or(Cell::Blank, |fuel| Cell::text(fuel.source.as_str()));
            self.list([
                name_of(driver),
                Cell::Time(trip.started_at),
                Cell::time(trip.ended_at),
                Cell::seconds_of_ms(Some(trip.duration_ms())),
                Cell::number(Some(trip.distance_km()), 3),
                Cell::seconds_of_ms(Some(figures.moving_ms)),
                Cell::seconds_of_ms(Some(figures.idle_ms)),
                Cell::number(figures.max_speed.map(SpeedKmh::get), 1),
                Cell::number(figures.fuel.map(|fuel| litres(fuel.burnt_ml)), 2),
                source,
                latitude(trip.start),
                longitude(trip.start),
                latitude(trip.end.filter(|_| trip.status.has_ended())),
                longitude(trip.end.filter(|_| trip.status.has_ended())),
                Cell::text(trip.origin.as_str()),
            ]);
        }
    }

    /// A quarter of an hour. By driver it is trips that count, which know theirs.
    pub fn add_quarter(&mut self, quarter: &Quarter) {
        if self.plan.group != ReportGroup::Driver {
            let part = Sums {
                distance_mm: Some(quarter.distance_mm),
                moving_ms: Some(quarter.moving_ms),
                idle_ms: Some(quarter.idle_ms),
                ..Sums::default()
            };
            self.sum_up(quarter.at, None, &part);
        }
    }

    /// A stay that began in the time.
    pub fn add_stay(&mut self, stay: &Stay, driver: Option<&Driver>) {
        let duration_ms = self.length_ms(stay.from, stay.to);
        let part = lasting(duration_ms);
        self.sum_up(stay.from, driver, &part);
        self.list([
            name_of(driver),
            Cell::Time(stay.from),
            Cell::time(stay.to),
            Cell::seconds_of_ms(Some(duration_ms)),
            latitude(stay.place),
            longitude(stay.place),
        ]);
    }

    /// A visit that began in the time.
    pub fn add_visit(&mut self, visit: &Visit, driver: Option<&Driver>) {
        let duration_ms = self.length_ms(visit.from, visit.to);
        let max_speed = Some(visit.max_speed.get());
        self.sum_up(visit.from, driver, &Sums { max_speed_kmh: max_speed, ..lasting(duration_ms) });
        self.list([
            name_of(driver),
            visit.geofence.as_ref().map_or(Cell::Blank, |name| Cell::Text(Arc::clone(name))),
            Cell::Time(visit.from),
            Cell::time(visit.to),
            Cell::seconds_of_ms(Some(duration_ms)),
            Cell::number(max_speed, 1),
        ]);
    }

    /// A streak of speeding that began in the time.
    pub fn add_streak(&mut self, streak: &Streak, driver: Option<&Driver>) {
        let duration_ms = self.length_ms(streak.from, streak.to);
        let over_kmh = streak.speed_kmh.zip(streak.limit_kmh).map(|(speed, limit)| speed - limit);
        self.sum_up(streak.from, driver, &Sums { max_speed_kmh: streak.speed_kmh, over_kmh, ..lasting(duration_ms) });
        self.list([
            name_of(driver),
            Cell::Time(streak.from),
            Cell::time(streak.to),
            Cell::seconds_of_ms(Some(duration_ms)),
            Cell::number(streak.speed_kmh, 1),
            Cell::number(streak.limit_kmh, 1),
            Cell::number(over_kmh, 1),
            latitude(streak.place),
            longitude(streak.place),
        ]);
    }

    /// A refuelling or theft that began in the time.
    pub fn add_fuel_incident(&mut self, incident: &FuelIncident, driver: Option<&Driver>) {
        let one = Some(1);
        let part = if incident.is_theft {
            Sums { fuel_thefts: one, stolen_l: incident.litres, ..Sums::default() }
        } else {
            Sums { refuellings: one, refuelled_l: incident.litres, ..Sums::default() }
        };
        self.sum_up(incident.at, driver, &part);
    }

    /// Until its end, or until the end of the report's time if that has not come.
    fn length_ms(&self, from: Timestamp, to: Option<Timestamp>) -> i64 {
        to.unwrap_or(self.plan.days.to().min(self.plan.now)).ms_since(from).max(0)
    }

    /// The rows of single things that were added since the last call.
    pub fn take_rows(&mut self) -> Vec<Vec<Cell>> {
        std::mem::take(&mut self.rows)
    }

    /// How many rows sum something up.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The rows that sum something up.
    pub fn group_rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        self.groups.iter().map(|(key, sums)| {
            let mut row = self.head_of(key);
            row.extend(of_sums(self.plan.kind).iter().map(|(_, cell)| cell(sums)));
            row
        })
    }

    fn head_of(&self, key: &Key) -> Vec<Cell> {
        let day = |place: usize| self.plan.days.date(place).map_or(Cell::Blank, Cell::Day);
        let label = |id: &VehicleId| self.labels.get(id).map_or(Cell::Blank, |label| Cell::Text(Arc::clone(label)));
        match key {
            Key::Vehicle(id) => vec![Cell::text(id.as_str()), label(id)],
            Key::Driver(driver) => vec![name_of(driver.as_ref())],
            Key::Day(place) => vec![day(*place)],
            Key::VehicleDay(place, id) => vec![day(*place), Cell::text(id.as_str()), label(id)],
        }
    }

    /// The sums over everything.
    pub fn totals(&self) -> Vec<(&'static Column, Cell)> {
        of_sums(self.plan.kind).iter().map(|(column, cell)| (*column, cell(&self.totals))).collect()
    }

    /// The column of the chart, and its value for each day.
    pub fn chart(&self) -> (&'static Column, Vec<(Cell, Cell)>) {
        let (column, cell) = of_chart(self.plan.kind);
        let day = |place: usize| self.plan.days.date(place).map_or(Cell::Blank, Cell::Day);
        (column, self.days.iter().enumerate().map(|(place, sums)| (day(place), cell(sums))).collect())
    }
}

fn lasting(duration_ms: i64) -> Sums {
    Sums { things: Some(1), duration_ms: Some(duration_ms), longest_ms: Some(duration_ms), ..Sums::default() }
}

fn name_of(driver: Option<&Driver>) -> Cell {
    driver.map_or(Cell::Blank, |driver| Cell::Text(Arc::clone(&driver.name)))
}

fn latitude(place: Option<TripPlace>) -> Cell {
    Cell::number(place.map(|place| place.latitude.get()), 6)
}

fn longitude(place: Option<TripPlace>) -> Cell {
    Cell::number(place.map(|place| place.longitude.get()), 6)
}
