-- Geofences, trips, alerts, what vehicles did, and the states of the fold.

-- radius_m is a circle's, width_m a corridor's. vehicle_ids is a JSON array (null: all vehicles), schedule a JSON
-- object.
create table geofences (
    id              bigint generated always as identity primary key,
    tenant_no       bigint not null references tenants (tenant_no),
    name            text not null,
    geometry        text not null, -- GeoJSON as it was given
    shape           text not null,
    radius_m        double precision,
    width_m         double precision,
    on_enter        boolean not null,
    on_exit         boolean not null,
    dwell_s         bigint,
    speed_limit_kmh double precision,
    vehicle_ids     text,
    schedule        text,
    created_ms      bigint not null,
    changed_ms      bigint not null
);

create index geofences_tenant on geofences (tenant_no, id);

-- How many geofences a tenant has: changed in one transaction with them, so that many at once can't pass the bound.
create table geofence_counts (
    tenant_no bigint primary key references tenants (tenant_no),
    count     bigint not null
);

-- No references to vehicles: a removed one's rows are deleted bit by bit by upkeep, and until then no query finds them.
-- driver_id is no reference: another issuer's tokens may name people that are not in `users`.
create table trips (
    id              text collate "C" primary key,
    tenant_no       bigint not null references tenants (tenant_no),
    vehicle_no      bigint not null,
    driver_id       bigint,
    origin          text not null,
    status          text not null,
    started_ms      bigint not null,
    ended_ms        bigint,
    followed_ms     bigint not null, -- the last position's time that the figures know of
    start_latitude  double precision,
    start_longitude double precision,
    end_latitude    double precision,
    end_longitude   double precision,
    distance_mm     bigint not null,
    moving_ms       bigint not null,
    idle_ms         bigint not null,
    max_speed_kmh   double precision,
    fuel_ml         bigint,
    fuel_source     text,
    created_ms      bigint not null, -- when the row was, whatever time its positions have
    version         bigint not null
);

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
    id         text collate "C" primary key,
    tenant_no  bigint not null references tenants (tenant_no),
    kind       text not null,
    severity   text not null,
    for_user   bigint not null,
    vehicle_id text,
    driver_id  bigint,
    title      text not null,
    message    text not null,
    data       text, -- a JSON object
    subject    text,
    at_ms      bigint not null,
    expires_ms bigint not null,
    read_ms    bigint,
    read_by    bigint,
    deleted_ms bigint
);

create index alerts_viewer on alerts (tenant_no, for_user, at_ms, id) where deleted_ms is null;
create index alerts_unread on alerts (tenant_no, for_user, at_ms, id) where deleted_ms is null and read_ms is null;
create index alerts_expiry on alerts (expires_ms);
create unique index alerts_subject on alerts (tenant_no, subject) where subject is not null;

create table fleet_rules (
    tenant_no  bigint primary key references tenants (tenant_no),
    rules      text not null, -- a JSON object
    version    bigint not null,
    changed_ms bigint not null
);

-- What a vehicle did in the quarter of an hour that begins at bucket_ms. In the order in which a tenant's window is
-- summed up.
create table activity (
    tenant_no   bigint not null,
    bucket_ms   bigint not null,
    vehicle_no  bigint not null,
    distance_mm bigint not null,
    moving_ms   bigint not null,
    idle_ms     bigint not null,
    fuel_ml     bigint not null,
    primary key (tenant_no, bucket_ms, vehicle_no)
);

create index activity_vehicle on activity (vehicle_no, bucket_ms);
create index activity_bucket on activity (bucket_ms);

-- The state of the fold after the position at at_ms. Written by code of code_version, and read by no other.
create table track_checkpoints (
    vehicle_no   bigint not null,
    at_ms        bigint not null,
    code_version bigint not null,
    state        bytea not null,
    primary key (vehicle_no, at_ms)
);

create index track_checkpoints_at on track_checkpoints (at_ms);

-- Whom an event of the fleet may be told: a user, or everybody who sees the whole fleet (0); null when it is none of
-- the fleet's.
alter table events add column for_fleet bigint;

create index events_fleet on events (tenant_no, for_fleet, id) where for_fleet is not null;
