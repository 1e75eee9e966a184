-- Which driver a vehicle had, and which vehicle a device was in, before the present one: from from_ms until before to_ms. Each begins
-- where the one before it ended. Without a row, the present one holds since ever.

-- driver_id is null where the vehicle had none.
create table past_drivers (
    vehicle_no bigint not null references vehicles (vehicle_no) on delete cascade,
    from_ms    bigint not null,
    to_ms      bigint not null,
    driver_id  bigint,
    primary key (vehicle_no, to_ms)
);

create index past_drivers_end on past_drivers (to_ms);

-- vehicle_no is no reference: that the device was in a vehicle which was removed since has to be known.
create table past_vehicles (
    tenant_no  bigint not null,
    device_id  text collate "C" not null,
    from_ms    bigint not null,
    to_ms      bigint not null,
    vehicle_no bigint not null,
    primary key (tenant_no, device_id, to_ms),
    foreign key (tenant_no, device_id) references devices (tenant_no, id) on update cascade on delete cascade
);

create index past_vehicles_end on past_vehicles (to_ms);
