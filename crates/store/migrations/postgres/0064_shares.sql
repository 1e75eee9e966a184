-- Shares: links by which guests see some vehicles until a time. The number counts up within the tenant (number_counters), and the token
-- itself is kept as a digest. `created_by` is a number alone: a share outlives its maker.

create table shares (
    tenant_no  bigint not null references tenants (tenant_no),
    id         bigint not null,
    name       text not null,
    token_hash bytea not null,
    created_by bigint,
    created_ms bigint not null,
    expires_ms bigint not null,
    primary key (tenant_no, id)
);
create unique index shares_token_hash on shares (token_hash);

-- By their internal numbers: a vehicle that is made anew under an old id is another one.
create table share_vehicles (
    tenant_no  bigint not null,
    share_id   bigint not null,
    vehicle_no bigint not null,
    primary key (tenant_no, share_id, vehicle_no),
    foreign key (tenant_no, share_id) references shares (tenant_no, id) on delete cascade
);
create index share_vehicles_vehicle on share_vehicles (vehicle_no);
