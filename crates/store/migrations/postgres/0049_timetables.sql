-- The timetable of a tenant: the archive as it was imported.

create table timetables (
    tenant_no   bigint primary key references tenants (tenant_no) on delete cascade,
    version     bigint not null,
    imported_ms bigint not null,
    archive     bytea not null
);
