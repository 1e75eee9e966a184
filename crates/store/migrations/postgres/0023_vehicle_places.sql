-- A vehicle's place is its newest position that is not held to be wrong.

-- The time of the newest position, while it is not the place.
alter table vehicle_states add column held_ms bigint;
-- Average speed up to the place; null for a place that no other position supports.
alter table vehicle_states add column arrived_mps double precision;
-- What judges the next position, as JSON, while it knows more than place and speed.
alter table vehicle_states add column outlier_filter text;

update vehicle_states set held_ms = at_ms,
    (at_ms, latitude, longitude, speed_kmh, heading_deg, accuracy_m, altitude_m, odometer_km, fuel_level_l, ignition)
    = (select p.at_ms, p.latitude, p.longitude, p.speed_kmh, p.heading_deg, p.accuracy_m, p.altitude_m, p.odometer_km, p.fuel_level_l, p.ignition
       from positions p where p.vehicle_no = vehicle_states.vehicle_no
       and not exists (select 1 from outliers o where o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms
                       and o.reason in ('null_island', 'jump'))
       order by p.at_ms desc limit 1)
    where exists (select 1 from outliers o where o.vehicle_no = vehicle_states.vehicle_no and o.at_ms = vehicle_states.at_ms
                  and o.reason in ('null_island', 'jump'));
