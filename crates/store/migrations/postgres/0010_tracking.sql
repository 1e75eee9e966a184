-- Deliveries, parcels, and calls to other programs.

-- delivery_no keeps the rows of fixes short. Nothing that changes with every fix is indexed.
create table deliveries (
    delivery_no       bigint generated always as identity primary key,
    tracking_id       text collate "C" not null unique,
    tenant_no         bigint not null references tenants (tenant_no),
    order_id          text not null,
    rider_id          text collate "C" not null,
    started_by        text not null,
    phone             text,
    status            text not null,
    dropoff_latitude  double precision not null,
    dropoff_longitude double precision not null,
    first_ms          bigint,
    first_latitude    double precision,
    first_longitude   double precision,
    last_ms           bigint,
    last_latitude     double precision,
    last_longitude    double precision,
    driven_m          double precision not null,
    created_ms        bigint not null,
    updated_ms        bigint not null,
    expires_ms        bigint not null,
    version           bigint not null
);

create index deliveries_rider on deliveries (tenant_no, rider_id, expires_ms);
create index deliveries_expiry on deliveries (tenant_no, expires_ms);

create table delivery_fixes (
    delivery_no bigint not null references deliveries (delivery_no) on delete cascade,
    at_ms       bigint not null,
    latitude    double precision not null,
    longitude   double precision not null,
    primary key (delivery_no, at_ms)
);

-- client_id and driver_id are no references: another issuer's tokens may name people that are not in `users`.
create table parcels (
    id                    bigint generated always as identity primary key,
    tenant_no             bigint not null references tenants (tenant_no),
    client_id             bigint not null,
    driver_id             bigint,
    pickup_latitude       double precision not null,
    pickup_longitude      double precision not null,
    pickup_address        text not null,
    destination_latitude  double precision not null,
    destination_longitude double precision not null,
    destination_address   text not null,
    status                text not null,
    inside_pickup         boolean not null,
    inside_destination    boolean not null,
    created_ms            bigint not null,
    updated_ms            bigint not null,
    version               bigint not null
);

create index parcels_tenant on parcels (tenant_no, id);
create index parcels_client on parcels (tenant_no, client_id, id);
create index parcels_driver on parcels (tenant_no, driver_id, id);
-- A driver's few under way among the thousands that it brought.
create index parcels_active on parcels (tenant_no, driver_id, id) where status not in ('delivered', 'cancelled');

-- Who brought a parcel from when until when (null: still does). `version` is the parcel's when the leg began. The legs of a parcel
-- follow each other and never overlap.
create table parcel_legs (
    parcel_id bigint not null references parcels (id) on delete cascade,
    version   bigint not null,
    driver_id bigint not null,
    from_ms   bigint not null,
    to_ms     bigint,
    primary key (parcel_id, version)
);

create table driver_fixes (
    tenant_no   bigint not null references tenants (tenant_no),
    driver_id   bigint not null,
    at_ms       bigint not null,
    received_ms bigint not null,
    latitude    double precision not null,
    longitude   double precision not null,
    address     text not null,
    primary key (tenant_no, driver_id, at_ms)
);

create index driver_fixes_arrival on driver_fixes (received_ms);

-- The newest fix of each driver, kept for ever.
create table driver_states (
    tenant_no bigint not null references tenants (tenant_no),
    driver_id bigint not null,
    at_ms     bigint not null,
    latitude  double precision not null,
    longitude double precision not null,
    address   text not null,
    primary key (tenant_no, driver_id)
);

create table webhooks (
    webhook_no bigint generated always as identity primary key,
    tenant_no  bigint not null references tenants (tenant_no),
    url        text not null,
    kinds      text not null, -- a JSON array; all kinds if empty
    secret     bytea not null,
    created_ms bigint not null
);

create index webhooks_tenant on webhooks (tenant_no, webhook_no);

-- A call waits as long as next_attempt_ms is not null; then it was delivered, or is a dead letter.
create table outgoing_calls (
    call_no         bigint generated always as identity primary key,
    tenant_no       bigint not null references tenants (tenant_no),
    target          text collate "C" not null, -- orders, notifications, webhook/<webhook_no>
    webhook_no      bigint references webhooks (webhook_no) on delete cascade,
    path            text not null,
    body            text not null,
    key             text collate "C" not null unique,
    created_ms      bigint not null,
    attempts        bigint not null default 0,
    next_attempt_ms bigint,
    last_status     bigint,
    last_error      text,
    delivered_ms    bigint,
    dead_ms         bigint
);

-- Target by target, so that the thousands that wait for one do not hide another's.
create index outgoing_calls_waiting on outgoing_calls (target, next_attempt_ms, call_no) where next_attempt_ms is not null;
create index outgoing_calls_settled on outgoing_calls (coalesce(delivered_ms, dead_ms)) where next_attempt_ms is null;
create index outgoing_calls_tenant on outgoing_calls (tenant_no, call_no);
create index outgoing_calls_service on outgoing_calls (tenant_no, target, call_no) where webhook_no is null;
create index outgoing_calls_webhook on outgoing_calls (webhook_no, call_no) where webhook_no is not null;
