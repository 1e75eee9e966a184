-- Shares: links by which guests see some vehicles until a time. The number counts up within the tenant (number_counters), and the token
-- itself is kept as a digest. `created_by` is a number alone: a share outlives its maker.

create table shares (
    tenant_no  integer not null references tenants (tenant_no),
    id         integer not null,
    name       text not null,
    token_hash blob not null,
    created_by integer,
    created_ms integer not null,
    expires_ms integer not null,
    primary key (tenant_no, id)
);
create unique index shares_token_hash on shares (token_hash);

-- By their internal numbers: a vehicle that is made anew under an old id is another one.
create table share_vehicles (
    tenant_no  integer not null,
    share_id   integer not null,
    vehicle_no integer not null,
    primary key (tenant_no, share_id, vehicle_no),
    foreign key (tenant_no, share_id) references shares (tenant_no, id) on delete cascade
);
create index share_vehicles_vehicle on share_vehicles (vehicle_no);
