-- The timetable of a tenant: the archive as it was imported.

create table timetables (
    tenant_no   integer primary key references tenants (tenant_no) on delete cascade,
    version     integer not null,
    imported_ms integer not null,
    archive     blob not null
) strict;
