-- Names the installation: all processes on this database, and no other. Their messages to each other carry it.
create table installation (
    one boolean primary key default true check (one),
    id  text not null
);
insert into installation (id) values (replace(gen_random_uuid()::text, '-', ''));

-- The processes that serve this database. Each writes its row every second; times are of the database's clock.
create table nodes (
    id        text primary key,
    version   text not null,
    -- Whether its relay to the other nodes works; null without one.
    relay_up boolean,
    beat_at   timestamptz not null default clock_timestamp()
);
