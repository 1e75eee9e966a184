-- Roaming fences: circles that move with vehicles.
create table roaming_fences (
    roaming_fence_no integer primary key,
    tenant_no        integer not null references tenants,
    id               integer not null,
    name             text not null,
    radius_m         real not null,
    dwell_s          integer,
    on_meet          integer not null,
    on_part          integer not null,
    vehicles         text not null, -- a JSON object of vehicle_ids, kinds and routes
    others           text,          -- the same; null: other ones of the vehicles
    created_ms       integer not null,
    changed_ms       integer not null,
    version          integer not null,
    unique (tenant_no, id)
) strict;

-- Two vehicles within the radius of one. Without met_ms they have not been there for long enough yet; without parted_ms they are there.
create table encounters (
    encounter_no     integer primary key,
    roaming_fence_no integer not null references roaming_fences on delete cascade,
    a_no             integer not null references vehicles on delete cascade, -- the lower number
    b_no             integer not null references vehicles on delete cascade,
    began_ms         integer not null,
    noted_ms         integer not null, -- when it was stored last, by the server's clock
    met_ms           integer,
    parted_ms        integer,
    is_dropped       integer not null default 0 -- the fence concerns them no more; they have not parted
) strict;

create unique index encounters_open on encounters (roaming_fence_no, a_no, b_no) where parted_ms is null;
create index encounters_of_fence on encounters (roaming_fence_no, began_ms);
create index encounters_of_a on encounters (a_no);
create index encounters_of_b on encounters (b_no);
create index encounters_ended on encounters (noted_ms) where parted_ms is not null;
