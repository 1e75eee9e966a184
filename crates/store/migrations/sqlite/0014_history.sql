-- What the fold of positions needs to go on, and what it found besides trips.

-- Late positions that are not folded yet: older than their vehicle's newest when they came. A row is written with its position,
-- and deleted with what folding it came to.
create table late_positions (
    vehicle_no integer not null,
    at_ms      integer not null,
    noted_ms   integer not null,
    primary key (vehicle_no, at_ms)
) strict, without rowid;

-- The state of a vehicle's fold after the position at folded_ms; a row lives as long as its vehicle. Whoever writes it counts its
-- version up, so that two nodes can't both tell what the same positions mean. state and silence are written by code of
-- code_version, and read by no other. When the vehicle was not heard for silent_after_ms there is something to tell.
create table track_folds (
    vehicle_no      integer primary key references vehicles on delete cascade,
    version         integer not null,
    folded_ms       integer not null,
    code_version    integer not null,
    state           blob not null,
    silence         blob not null,
    silent_after_ms integer
) strict;

create index track_folds_silent on track_folds (vehicle_no) where silent_after_ms is not null;

-- No references to vehicles: see trips. noted_ms is when the row was, whatever time its positions have.
create table fence_visits (
    vehicle_no        integer not null,
    entered_ms        integer not null,
    geofence_id       integer not null,
    entered_latitude  real not null,
    entered_longitude real not null,
    left_ms           integer,
    left_latitude     real,
    left_longitude    real,
    dwelt             integer not null,
    max_speed_kmh     real not null,
    noted_ms          integer not null,
    primary key (vehicle_no, entered_ms, geofence_id)
) strict, without rowid;

create index fence_visits_noted on fence_visits (noted_ms);

create table incidents (
    vehicle_no  integer not null,
    started_ms  integer not null,
    kind        text not null,
    ended_ms    integer,
    latitude    real,
    longitude   real,
    value       real,
    limit_value real,
    basis       text,
    noted_ms    integer not null,
    primary key (vehicle_no, started_ms, kind)
) strict, without rowid;

create index incidents_noted on incidents (noted_ms);

-- Positions that count for nothing, and why.
create table outliers (
    vehicle_no integer not null,
    at_ms      integer not null,
    reason     text not null,
    noted_ms   integer not null,
    primary key (vehicle_no, at_ms)
) strict, without rowid;

create index outliers_noted on outliers (noted_ms);
