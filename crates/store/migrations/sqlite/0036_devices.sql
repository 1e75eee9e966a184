-- Devices that name themselves, as hardware and apps do, and those that nobody has added yet.

-- How the device names itself: an IMEI, a phone's id. Unique over all tenants, as hardware is.
alter table devices add column unique_id text;
-- The only protocol that it may use.
alter table devices add column protocol text;
-- The zone of its clock, for protocols that send local time.
alter table devices add column utc_offset_minutes integer;
-- It waits for acknowledgements that its protocol makes a choice of.
alter table devices add column sack integer not null default 0;

create unique index devices_unique_id on devices (unique_id) where unique_id is not null;

-- What reported without having been added. Bounded: the oldest rows go when there are too many.
create table unknown_devices (
    id            text primary key,
    unique_id     text not null,
    protocol      text not null,
    address       text,
    first_seen_ms integer not null,
    last_seen_ms  integer not null,
    unique (unique_id, protocol)
) strict;

create index unknown_devices_address on unknown_devices (address, last_seen_ms);
create index unknown_devices_last_seen on unknown_devices (last_seen_ms);
