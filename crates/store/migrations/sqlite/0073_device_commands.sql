-- Commands for devices: queued (sent_ms is null), sent, answered. The number counts up within the tenant (number_counters). They go
-- with their vehicle. device_id is the device to which it was written, or for which it was meant; it outlives that device.

create table device_commands (
    tenant_no   integer not null references tenants (tenant_no),
    id          integer not null,
    vehicle_no  integer not null references vehicles on delete cascade,
    device_id   text,
    kind        text not null,
    text        text,
    was_queued  integer not null,
    asked_ms    integer not null,
    sent_ms     integer,
    answered_ms integer,
    answer      text,
    primary key (tenant_no, id)
) strict, without rowid;

create index device_commands_vehicle on device_commands (vehicle_no, asked_ms);
create index device_commands_asked on device_commands (asked_ms);
create index device_commands_queued on device_commands (tenant_no, id) where sent_ms is null;

-- Those that waited in the catalogue, named by their vehicle, a blank and 32 digits. What no device takes goes.
insert into device_commands (tenant_no, id, vehicle_no, kind, text, was_queued, asked_ms)
select c.tenant_no, c.id, v.vehicle_no, k.kind, case when k.kind = 'custom' then json_extract(c.body, '$.attributes.data') end, 1,
    coalesce((select max(e.at_ms) from events e where e.tenant_no = c.tenant_no), 0)
from catalogue_entries c
join vehicles v on v.tenant_no = c.tenant_no and v.id = substr(c.name, 1, length(c.name) - 33)
join (select 'custom' as name, 'custom' as kind union all select 'positionSingle', 'locate' union all select 'engineStop', 'stop_engine'
    union all select 'engineResume', 'resume_engine' union all select 'rebootDevice', 'restart' union all select 'getVersion', 'show_version'
    union all select 'alarmArm', 'arm' union all select 'alarmDisarm', 'disarm') k on k.name = json_extract(c.body, '$.type')
where c.kind = 'queued_command' and (k.kind <> 'custom' or json_extract(c.body, '$.attributes.data') <> '');

insert into number_counters (tenant_no, kind, last)
select tenant_no, 'device_command', last from number_counters where kind = 'queued_command';
delete from number_counters where kind = 'queued_command';
delete from catalogue_entries where kind = 'queued_command';
