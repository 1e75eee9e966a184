-- Ids sort by their bytes, as in SQLite. Times are Unix milliseconds. `*_no` are internal numbers that are never used twice (identity).

create table tenants (
    tenant_no bigint generated always as identity primary key,
    id        text collate "C" not null unique,
    name      text not null
);

-- The newest event id of each tenant. Its own table, so that only event writers wait for each other.
create table event_counters (
    tenant_no bigint primary key references tenants (tenant_no) on delete cascade,
    last      bigint not null default 0
);

create table events (
    tenant_no bigint not null references tenants (tenant_no) on delete cascade,
    id        bigint not null,
    at_ms     bigint not null,
    kind      text not null,
    payload   text not null,
    primary key (tenant_no, id)
);

create index events_at on events (at_ms);

create table users (
    id            bigint generated always as identity primary key,
    username      text not null unique,
    password_hash text,
    role          text not null,
    tenant_no     bigint not null references tenants (tenant_no),
    approved      boolean not null,
    active        boolean not null,
    cadet_id      bigint,
    vehicle_ids   text not null -- a JSON array
);

create index users_tenant on users (tenant_no, id);

create table sessions (
    token_hash bytea primary key,
    user_id    bigint not null references users (id) on delete cascade,
    expires_ms bigint not null
);

create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_ms);

-- driver_id is no reference: another issuer's tokens may name drivers that are not in `users`.
create table vehicles (
    vehicle_no       bigint generated always as identity primary key,
    tenant_no        bigint not null references tenants (tenant_no),
    id               text collate "C" not null,
    kind             text not null,
    label            text not null,
    license_plate    text,
    route            text,
    status           text not null,
    driver_id        bigint,
    speed_limit_kmh  double precision,
    fuel_l_per_100km double precision,
    fuel_price_per_l double precision,
    odometer_km      double precision,
    unique (tenant_no, id)
);

create index vehicles_driver on vehicles (tenant_no, driver_id);

-- What is known of a vehicle's track; a row lives exactly as long as its vehicle.
create table vehicle_states (
    vehicle_no   bigint primary key references vehicles (vehicle_no) on delete cascade,
    version      bigint not null default 0,
    at_ms        bigint,
    latitude     double precision,
    longitude    double precision,
    speed_kmh    double precision,
    heading_deg  double precision,
    accuracy_m   double precision,
    altitude_m   double precision,
    odometer_km  double precision,
    fuel_level_l double precision,
    ignition     boolean
);

create table devices (
    tenant_no  bigint not null references tenants (tenant_no),
    id         text collate "C" not null,
    vehicle_no bigint not null references vehicles (vehicle_no) on delete cascade,
    name       text,
    key_hash   bytea not null unique,
    primary key (tenant_no, id)
);

create index devices_vehicle on devices (vehicle_no);

create table idempotency_keys (
    tenant       text not null,
    caller       text not null,
    key          text not null,
    request_hash bytea not null,
    started_ms   bigint not null,
    status       bigint,
    body         bytea,
    primary key (tenant, caller, key)
);

create index idempotency_keys_started on idempotency_keys (started_ms);

-- By day of `at_ms`, so that upkeep can drop whole days. No reference to vehicles: removing a vehicle with millions of rows must not
-- hold up everyone; its number goes into removed_vehicles and upkeep deletes its rows bit by bit.
create table positions (
    vehicle_no   bigint not null,
    at_ms        bigint not null,
    tenant_no    bigint not null,
    received_ms  bigint not null,
    latitude     double precision not null,
    longitude    double precision not null,
    speed_kmh    double precision,
    heading_deg  double precision,
    accuracy_m   double precision,
    altitude_m   double precision,
    odometer_km  double precision,
    fuel_level_l double precision,
    ignition     boolean,
    primary key (vehicle_no, at_ms)
) partition by range (at_ms);

-- Days of the recent past get partitions of their own when their first position comes; all else lies here, so that
-- devices with a wrong clock can't create thousands of tables.
create table positions_other partition of positions default;

create index positions_arrival on positions (tenant_no, received_ms);

create table removed_vehicles (
    vehicle_no bigint primary key
);

insert into tenants (id, name) values ('default', 'Default');
insert into event_counters (tenant_no) select tenant_no from tenants;
