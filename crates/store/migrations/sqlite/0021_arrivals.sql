-- Positions lie by vehicle and by their own time. An index by arrival took an entry for each, a quarter of the file and a seventh of
-- the time of a batch. Here it takes one for all positions of a vehicle that are of one minute and arrived in one minute:
-- whoever looks for what arrived finds the vehicle's minute, and looks there at each position's own arrival.

create table arrivals (
    tenant_no    integer not null,
    received_min integer not null,
    vehicle_no   integer not null,
    at_min       integer not null,
    primary key (tenant_no, received_min, vehicle_no, at_min)
) strict, without rowid;

insert or ignore into arrivals
    select tenant_no, received_ms / 60000, vehicle_no, at_ms / 60000 from sorted_positions indexed by positions_arrival;

drop index positions_arrival;
