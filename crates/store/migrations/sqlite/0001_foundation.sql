-- Times are Unix milliseconds. `*_no` are internal numbers that are never used twice (autoincrement).

create table tenants (
    tenant_no integer primary key autoincrement,
    id        text not null unique,
    name      text not null
) strict;

-- The newest event id of each tenant. Its own table, so that only event writers wait for each other.
create table event_counters (
    tenant_no integer primary key references tenants on delete cascade,
    last      integer not null default 0
) strict;

create table events (
    tenant_no integer not null references tenants on delete cascade,
    id        integer not null,
    at_ms     integer not null,
    kind      text not null,
    payload   text not null,
    primary key (tenant_no, id)
) strict, without rowid;

create index events_at on events (at_ms);

create table users (
    id            integer primary key autoincrement,
    username      text not null unique,
    password_hash text,
    role          text not null,
    tenant_no     integer not null references tenants,
    approved      integer not null,
    active        integer not null,
    cadet_id      integer,
    vehicle_ids   text not null -- a JSON array
) strict;

create index users_tenant on users (tenant_no, id);

create table sessions (
    token_hash blob primary key,
    user_id    integer not null references users on delete cascade,
    expires_ms integer not null
) strict, without rowid;

create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_ms);

-- driver_id is no reference: another issuer's tokens may name drivers that are not in `users`.
create table vehicles (
    vehicle_no       integer primary key autoincrement,
    tenant_no        integer not null references tenants,
    id               text not null,
    kind             text not null,
    label            text not null,
    license_plate    text,
    route            text,
    status           text not null,
    driver_id        integer,
    speed_limit_kmh  real,
    fuel_l_per_100km real,
    fuel_price_per_l real,
    odometer_km      real,
    unique (tenant_no, id)
) strict;

create index vehicles_driver on vehicles (tenant_no, driver_id);

-- What is known of a vehicle's track; a row lives exactly as long as its vehicle.
create table vehicle_states (
    vehicle_no   integer primary key references vehicles on delete cascade,
    version      integer not null default 0,
    at_ms        integer,
    latitude     real,
    longitude    real,
    speed_kmh    real,
    heading_deg  real,
    accuracy_m   real,
    altitude_m   real,
    odometer_km  real,
    fuel_level_l real,
    ignition     integer
) strict;

create table devices (
    tenant_no  integer not null references tenants,
    id         text not null,
    vehicle_no integer not null references vehicles on delete cascade,
    name       text,
    key_hash   blob not null unique,
    primary key (tenant_no, id)
) strict, without rowid;

create index devices_vehicle on devices (vehicle_no);

create table idempotency_keys (
    tenant       text not null,
    caller       text not null,
    key          text not null,
    request_hash blob not null,
    started_ms   integer not null,
    status       integer,
    body         blob,
    primary key (tenant, caller, key)
) strict, without rowid;

create index idempotency_keys_started on idempotency_keys (started_ms);

-- Kept in the order in which they are read. No reference to vehicles: removing a vehicle with millions of rows must not
-- hold up everyone; its number goes into removed_vehicles and upkeep deletes its rows bit by bit.
create table positions (
    vehicle_no   integer not null,
    at_ms        integer not null,
    tenant_no    integer not null,
    received_ms  integer not null,
    latitude     real not null,
    longitude    real not null,
    speed_kmh    real,
    heading_deg  real,
    accuracy_m   real,
    altitude_m   real,
    odometer_km  real,
    fuel_level_l real,
    ignition     integer,
    primary key (vehicle_no, at_ms)
) strict, without rowid;

create index positions_arrival on positions (tenant_no, received_ms);

create table removed_vehicles (
    vehicle_no integer primary key
) strict;

insert into tenants (id, name) values ('default', 'Default');
insert into event_counters (tenant_no) select tenant_no from tenants;
