-- Deliveries, parcels, and calls to other programs.

-- delivery_no keeps the rows of fixes short. Nothing that changes with every fix is indexed.
create table deliveries (
    delivery_no       integer primary key autoincrement,
    tracking_id       text not null unique,
    tenant_no         integer not null references tenants,
    order_id          text not null,
    rider_id          text not null,
    started_by        text not null,
    phone             text,
    status            text not null,
    dropoff_latitude  real not null,
    dropoff_longitude real not null,
    first_ms          integer,
    first_latitude    real,
    first_longitude   real,
    last_ms           integer,
    last_latitude     real,
    last_longitude    real,
    driven_m          real not null,
    created_ms        integer not null,
    updated_ms        integer not null,
    expires_ms        integer not null,
    version           integer not null
) strict;

create index deliveries_rider on deliveries (tenant_no, rider_id, expires_ms);
create index deliveries_expiry on deliveries (tenant_no, expires_ms);

create table delivery_fixes (
    delivery_no integer not null references deliveries on delete cascade,
    at_ms       integer not null,
    latitude    real not null,
    longitude   real not null,
    primary key (delivery_no, at_ms)
) strict, without rowid;

-- client_id and driver_id are no references: another issuer's tokens may name people that are not in `users`.
create table parcels (
    id                    integer primary key autoincrement,
    tenant_no             integer not null references tenants,
    client_id             integer not null,
    driver_id             integer,
    pickup_latitude       real not null,
    pickup_longitude      real not null,
    pickup_address        text not null,
    destination_latitude  real not null,
    destination_longitude real not null,
    destination_address   text not null,
    status                text not null,
    inside_pickup         integer not null,
    inside_destination    integer not null,
    created_ms            integer not null,
    updated_ms            integer not null,
    version               integer not null
) strict;

create index parcels_tenant on parcels (tenant_no, id);
create index parcels_client on parcels (tenant_no, client_id, id);
create index parcels_driver on parcels (tenant_no, driver_id, id);
-- A driver's few under way among the thousands that it brought.
create index parcels_active on parcels (tenant_no, driver_id, id) where status not in ('delivered', 'cancelled');

-- Who brought a parcel from when until when (null: still does). `version` is the parcel's when the leg began. The legs of a parcel
-- follow each other and never overlap.
create table parcel_legs (
    parcel_id integer not null references parcels on delete cascade,
    version   integer not null,
    driver_id integer not null,
    from_ms   integer not null,
    to_ms     integer,
    primary key (parcel_id, version)
) strict, without rowid;

create table driver_fixes (
    tenant_no   integer not null references tenants,
    driver_id   integer not null,
    at_ms       integer not null,
    received_ms integer not null,
    latitude    real not null,
    longitude   real not null,
    address     text not null,
    primary key (tenant_no, driver_id, at_ms)
) strict, without rowid;

create index driver_fixes_arrival on driver_fixes (received_ms);

-- The newest fix of each driver, kept for ever.
create table driver_states (
    tenant_no integer not null references tenants,
    driver_id integer not null,
    at_ms     integer not null,
    latitude  real not null,
    longitude real not null,
    address   text not null,
    primary key (tenant_no, driver_id)
) strict, without rowid;

create table webhooks (
    webhook_no integer primary key autoincrement,
    tenant_no  integer not null references tenants,
    url        text not null,
    kinds      text not null, -- a JSON array; all kinds if empty
    secret     blob not null,
    created_ms integer not null
) strict;

create index webhooks_tenant on webhooks (tenant_no, webhook_no);

-- A call waits as long as next_attempt_ms is not null; then it was delivered, or is a dead letter.
create table outgoing_calls (
    call_no         integer primary key autoincrement,
    tenant_no       integer not null references tenants,
    target          text not null, -- orders, notifications, webhook/<webhook_no>
    webhook_no      integer references webhooks on delete cascade,
    path            text not null,
    body            text not null,
    key             text not null unique,
    created_ms      integer not null,
    attempts        integer not null default 0,
    next_attempt_ms integer,
    last_status     integer,
    last_error      text,
    delivered_ms    integer,
    dead_ms         integer
) strict;

-- Target by target, so that the thousands that wait for one do not hide another's.
create index outgoing_calls_waiting on outgoing_calls (target, next_attempt_ms, call_no) where next_attempt_ms is not null;
create index outgoing_calls_settled on outgoing_calls (coalesce(delivered_ms, dead_ms)) where next_attempt_ms is null;
create index outgoing_calls_tenant on outgoing_calls (tenant_no, call_no);
create index outgoing_calls_service on outgoing_calls (tenant_no, target, call_no) where webhook_no is null;
create index outgoing_calls_webhook on outgoing_calls (webhook_no, call_no) where webhook_no is not null;
