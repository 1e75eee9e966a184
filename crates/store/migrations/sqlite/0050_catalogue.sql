-- The catalogue: objects that Milepost keeps for other programs (groups, drivers, plans of maintenance, calendars, commands,
-- notifications), and what these add to vehicles, geofences, users and the tenant. `body` is a JSON object. Numbers count up within the
-- tenant and kind (number_counters); an entry of a geofence or user has its number. `name` is what an entry is found by: a vehicle's id.

create table catalogue_entries (
    tenant_no integer not null references tenants (tenant_no),
    kind      text not null,
    id        integer not null,
    name      text,
    body      text not null,
    primary key (tenant_no, kind, id)
);
create unique index catalogue_entries_name on catalogue_entries (tenant_no, kind, name);

-- One entry has another. Neither end need be a row of the table above: users and geofences are linked by their numbers.
create table catalogue_links (
    tenant_no   integer not null references tenants (tenant_no),
    owner_kind  text not null,
    owner_id    integer not null,
    member_kind text not null,
    member_id   integer not null,
    primary key (tenant_no, owner_kind, owner_id, member_kind, member_id)
);
create index catalogue_links_member on catalogue_links (tenant_no, member_kind, member_id);
