-- Work that one node at a time does, such as polling a feed; times are of the database's clock.
create table leases (
    name     text primary key,
    node     text not null,
    until_ms bigint not null
);
