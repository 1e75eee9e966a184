-- What devices report beside a position's own fields: battery, satellites, doors, alarms. Null for most positions, which then takes one
-- byte; otherwise some four bytes for each attribute.

alter table sorted_positions add column attributes blob;
alter table unsorted_positions add column attributes blob;
alter table vehicle_states add column attributes blob;

drop view positions;

create view positions as
    select at_ms, latitude, longitude, speed_kmh, heading_deg, accuracy_m, altitude_m, odometer_km, fuel_level_l, ignition, attributes,
        vehicle_no, tenant_no, received_ms from sorted_positions
    union all
    select at_ms, latitude, longitude, speed_kmh, heading_deg, accuracy_m, altitude_m, odometer_km, fuel_level_l, ignition, attributes,
        vehicle_no, tenant_no, received_ms from unsorted_positions u
        where not exists (select 1 from sorted_positions s where s.vehicle_no = u.vehicle_no and s.at_ms = u.at_ms);
