-- What devices report beside a position's own fields: battery, satellites, doors, alarms. Null for most positions, which then takes
-- nothing; otherwise some four bytes for each attribute.

alter table positions add column attributes bytea;
alter table vehicle_states add column attributes bytea;
