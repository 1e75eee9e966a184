-- Which driver a vehicle had, and which vehicle a device was in, before the present one: from from_ms until before to_ms. Each begins
-- where the one before it ended. Without a row, the present one holds since ever.

-- driver_id is null where the vehicle had none.
create table past_drivers (
    vehicle_no integer not null references vehicles on delete cascade,
    from_ms    integer not null,
    to_ms      integer not null,
    driver_id  integer,
    primary key (vehicle_no, to_ms)
) strict, without rowid;

create index past_drivers_end on past_drivers (to_ms);

-- vehicle_no is no reference: that the device was in a vehicle which was removed since has to be known.
create table past_vehicles (
    tenant_no  integer not null,
    device_id  text not null,
    from_ms    integer not null,
    to_ms      integer not null,
    vehicle_no integer not null,
    primary key (tenant_no, device_id, to_ms),
    foreign key (tenant_no, device_id) references devices (tenant_no, id) on update cascade on delete cascade
) strict, without rowid;

create index past_vehicles_end on past_vehicles (to_ms);
