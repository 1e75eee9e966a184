-- Sorted positions are kept by vehicle: the newest of every vehicle lies on a page of its own, and a transaction with one position
-- of each of a hundred vehicles would write a hundred pages. Such positions are appended here first, some forty to a page,
-- and sorted in a few thousand at a time, vehicle by vehicle; only when all of these are sorted in are they deleted here. Whoever
-- reads positions reads both tables.

alter table positions rename to sorted_positions;

create table unsorted_positions (
    at_ms        integer not null,
    latitude     real not null,
    longitude    real not null,
    speed_kmh    real,
    heading_deg  real,
    accuracy_m   real,
    altitude_m   real,
    odometer_km  real,
    fuel_level_l real,
    ignition     integer,
    vehicle_no   integer not null,
    tenant_no    integer not null,
    received_ms  integer not null
) strict;

create view positions as
    select at_ms, latitude, longitude, speed_kmh, heading_deg, accuracy_m, altitude_m, odometer_km, fuel_level_l, ignition,
        vehicle_no, tenant_no, received_ms from sorted_positions
    union all
    select at_ms, latitude, longitude, speed_kmh, heading_deg, accuracy_m, altitude_m, odometer_km, fuel_level_l, ignition,
        vehicle_no, tenant_no, received_ms from unsorted_positions u
        where not exists (select 1 from sorted_positions s where s.vehicle_no = u.vehicle_no and s.at_ms = u.at_ms);
