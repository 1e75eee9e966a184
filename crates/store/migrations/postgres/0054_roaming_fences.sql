-- Roaming fences: circles that move with vehicles.
create table roaming_fences (
    roaming_fence_no bigint generated always as identity primary key,
    tenant_no        bigint not null references tenants (tenant_no),
    id               bigint not null,
    name             text not null,
    radius_m         double precision not null,
    dwell_s          bigint,
    on_meet          boolean not null,
    on_part          boolean not null,
    vehicles         text not null, -- a JSON object of vehicle_ids, kinds and routes
    others           text,          -- the same; null: other ones of the vehicles
    created_ms       bigint not null,
    changed_ms       bigint not null,
    version          bigint not null,
    unique (tenant_no, id)
);

-- Two vehicles within the radius of one. Without met_ms they have not been there for long enough yet; without parted_ms they are there.
create table encounters (
    encounter_no     bigint generated always as identity primary key,
    roaming_fence_no bigint not null references roaming_fences (roaming_fence_no) on delete cascade,
    a_no             bigint not null references vehicles (vehicle_no) on delete cascade, -- the lower number
    b_no             bigint not null references vehicles (vehicle_no) on delete cascade,
    began_ms         bigint not null,
    noted_ms         bigint not null, -- when it was stored last, by the server's clock
    met_ms           bigint,
    parted_ms        bigint,
    is_dropped       boolean not null default false -- the fence concerns them no more; they have not parted
);

create unique index encounters_open on encounters (roaming_fence_no, a_no, b_no) where parted_ms is null;
create index encounters_of_fence on encounters (roaming_fence_no, began_ms);
create index encounters_of_a on encounters (a_no);
create index encounters_of_b on encounters (b_no);
create index encounters_ended on encounters (noted_ms) where parted_ms is not null;
