-- What the fold of positions needs to go on, and what it found besides trips.

-- Late positions that are not folded yet: older than their vehicle's newest when they came. A row is written with its position,
-- and deleted with what folding it came to.
create table late_positions (
    vehicle_no bigint not null,
    at_ms      bigint not null,
    noted_ms   bigint not null,
    primary key (vehicle_no, at_ms)
);

-- The state of a vehicle's fold after the position at folded_ms; a row lives as long as its vehicle. Whoever writes it counts its
-- version up, so that two nodes can't both tell what the same positions mean. state and silence are written by code of
-- code_version, and read by no other. When the vehicle was not heard for silent_after_ms there is something to tell.
create table track_folds (
    vehicle_no      bigint primary key references vehicles (vehicle_no) on delete cascade,
    version         bigint not null,
    folded_ms       bigint not null,
    code_version    bigint not null,
    state           bytea not null,
    silence         bytea not null,
    silent_after_ms bigint
);

create index track_folds_silent on track_folds (vehicle_no) where silent_after_ms is not null;

-- No references to vehicles: see trips. noted_ms is when the row was, whatever time its positions have.
create table fence_visits (
    vehicle_no        bigint not null,
    entered_ms        bigint not null,
    geofence_id       bigint not null,
    entered_latitude  double precision not null,
    entered_longitude double precision not null,
    left_ms           bigint,
    left_latitude     double precision,
    left_longitude    double precision,
    dwelt             boolean not null,
    max_speed_kmh     double precision not null,
    noted_ms          bigint not null,
    primary key (vehicle_no, entered_ms, geofence_id)
);

create index fence_visits_noted on fence_visits (noted_ms);

create table incidents (
    vehicle_no  bigint not null,
    started_ms  bigint not null,
    kind        text not null,
    ended_ms    bigint,
    latitude    double precision,
    longitude   double precision,
    value       double precision,
    limit_value double precision,
    basis       text,
    noted_ms    bigint not null,
    primary key (vehicle_no, started_ms, kind)
);

create index incidents_noted on incidents (noted_ms);

-- Positions that count for nothing, and why.
create table outliers (
    vehicle_no bigint not null,
    at_ms      bigint not null,
    reason     text not null,
    noted_ms   bigint not null,
    primary key (vehicle_no, at_ms)
);

create index outliers_noted on outliers (noted_ms);
