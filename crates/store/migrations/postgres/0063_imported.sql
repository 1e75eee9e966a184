-- What was brought over from other servers, so that an import can be ended and repeated: which object of which server became which number
-- of the catalogue (geofences and users have theirs), and how far its positions were read. `source` is the other server's address.

create table imported_objects (
    tenant_no  bigint not null references tenants (tenant_no),
    source     text not null,
    kind       text not null,
    foreign_id bigint not null,
    id         bigint not null,
    primary key (tenant_no, source, kind, foreign_id)
);

-- `progress` is JSON.
create table import_progress (
    tenant_no bigint not null references tenants (tenant_no),
    source    text not null,
    progress  text not null,
    primary key (tenant_no, source)
);
