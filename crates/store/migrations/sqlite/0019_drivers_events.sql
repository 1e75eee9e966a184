-- The driver who may be told an event of the fleet besides those who see the whole fleet. Null for what was stored before:
-- no driver was told of it.
alter table events add column for_driver integer;

create index events_driver on events (tenant_no, for_driver, id) where for_driver is not null;
