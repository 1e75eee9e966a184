-- Geofences, trips, alerts, what vehicles did, and the states of the fold.

-- radius_m is a circle's, width_m a corridor's. vehicle_ids is a JSON array (null: all vehicles), schedule a JSON
-- object.
create table geofences (
    id              integer primary key autoincrement,
    tenant_no       integer not null references tenants,
    name            text not null,
    geometry        text not null, -- GeoJSON as it was given
    shape           text not null,
    radius_m        real,
    width_m         real,
    on_enter        integer not null,
    on_exit         integer not null,
    dwell_s         integer,
    speed_limit_kmh real,
    vehicle_ids     text,
    schedule        text,
    created_ms      integer not null,
    changed_ms      integer not null
) strict;

create index geofences_tenant on geofences (tenant_no, id);

-- How many geofences a tenant has: changed in one transaction with them, so that many at once can't pass the bound.
create table geofence_counts (
    tenant_no integer primary key references tenants,
    count     integer not null
) strict;

-- No references to vehicles: a removed one's rows are deleted bit by bit by upkeep, and until then no query finds them.
-- driver_id is no reference: another issuer's tokens may name people that are not in `users`.
create table trips (
    id              text primary key,
    tenant_no       integer not null references tenants,
    vehicle_no      integer not null,
    driver_id       integer,
    origin          text not null,
    status          text not null,
    started_ms      integer not null,
    ended_ms        integer,
    followed_ms     integer not null, -- the last position's time that the figures know of
    start_latitude  real,
    start_longitude real,
    end_latitude    real,
    end_longitude   real,
    distance_mm     integer not null,
    moving_ms       integer not null,
    idle_ms         integer not null,
    max_speed_kmh   real,
    fuel_ml         integer,
    fuel_source     text,
    created_ms      integer not null, -- when the row was, whatever time its positions have
    version         integer not null
) strict, without rowid;

create index trips_tenant on trips (tenant_no, started_ms, id);
create index trips_vehicle on trips (vehicle_no, started_ms, id);
create index trips_ended on trips (tenant_no, ended_ms) where ended_ms is not null;
create index trips_under_way on trips (tenant_no, started_ms) where status = 'started';
create index trips_created on trips (created_ms) where status <> 'started';
-- One at a time of each origin.
create unique index trips_running on trips (vehicle_no, origin) where status = 'started';

-- for_user is 0 where everybody who sees the whole fleet may see it. A deleted alert stays until it expires, so that
-- its subject is not raised again.
create table alerts (
    id         text primary key,
    tenant_no  integer not null references tenants,
    kind       text not null,
    severity   text not null,
    for_user   integer not null,
    vehicle_id text,
    driver_id  integer,
    title      text not null,
    message    text not null,
    data       text, -- a JSON object
    subject    text,
    at_ms      integer not null,
    expires_ms integer not null,
    read_ms    integer,
    read_by    integer,
    deleted_ms integer
) strict;

create index alerts_viewer on alerts (tenant_no, for_user, at_ms, id) where deleted_ms is null;
create index alerts_unread on alerts (tenant_no, for_user, at_ms, id) where deleted_ms is null and read_ms is null;
create index alerts_expiry on alerts (expires_ms);
create unique index alerts_subject on alerts (tenant_no, subject) where subject is not null;

create table fleet_rules (
    tenant_no  integer primary key references tenants,
    rules      text not null, -- a JSON object
    version    integer not null,
    changed_ms integer not null
) strict;

-- What a vehicle did in the quarter of an hour that begins at bucket_ms. In the order in which a tenant's window is
-- summed up.
create table activity (
    tenant_no   integer not null,
    bucket_ms   integer not null,
    vehicle_no  integer not null,
    distance_mm integer not null,
    moving_ms   integer not null,
    idle_ms     integer not null,
    fuel_ml     integer not null,
    primary key (tenant_no, bucket_ms, vehicle_no)
) strict, without rowid;

create index activity_vehicle on activity (vehicle_no, bucket_ms);
create index activity_bucket on activity (bucket_ms);

-- The state of the fold after the position at at_ms. Written by code of code_version, and read by no other.
create table track_checkpoints (
    vehicle_no   integer not null,
    at_ms        integer not null,
    code_version integer not null,
    state        blob not null,
    primary key (vehicle_no, at_ms)
) strict;

create index track_checkpoints_at on track_checkpoints (at_ms);

-- Whom an event of the fleet may be told: a user, or everybody who sees the whole fleet (0); null when it is none of
-- the fleet's.
alter table events add column for_fleet integer;

create index events_fleet on events (tenant_no, for_fleet, id) where for_fleet is not null;
