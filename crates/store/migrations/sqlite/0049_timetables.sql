-- The timetable of a tenant: the archive as it was imported.

create table timetables (
    tenant_id   text primary key references tenants on delete cascade,
    version     integer not null,
    imported_ms integer not null,
    archive     blob not null
) strict;
