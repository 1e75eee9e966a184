-- Report schedules: reports that are made again after each day, week or month, and mailed. The number counts up within the tenant
-- (number_counters). A schedule goes with its owner, whose permissions its reports are made with.

create table report_schedules (
    tenant_no    bigint not null references tenants (tenant_no),
    id           bigint not null,
    owner_id     bigint not null references users (id) on delete cascade,
    name         text not null,
    kind         text not null,
    group_by     text,
    all_vehicles boolean not null, -- else those of report_schedule_vehicles, even if none is left
    period       text not null,
    time_s       bigint not null, -- by the clocks of the zone
    timezone     text not null,
    language     text not null,
    format       text not null,
    active       boolean not null,
    created_ms   bigint not null,
    next_ms      bigint not null, -- moved in the transaction that adds the job
    last_ms      bigint,
    last_outcome text,
    last_job     text,
    version      bigint not null default 1,
    primary key (tenant_no, id)
);
create index report_schedules_due on report_schedules (next_ms) where active;
create index report_schedules_owner on report_schedules (owner_id);

-- By their internal numbers: a vehicle that is made anew under an old id is another one.
create table report_schedule_vehicles (
    tenant_no   bigint not null,
    schedule_id bigint not null,
    vehicle_no  bigint not null,
    primary key (tenant_no, schedule_id, vehicle_no),
    foreign key (tenant_no, schedule_id) references report_schedules (tenant_no, id) on delete cascade
);
create index report_schedule_vehicles_vehicle on report_schedule_vehicles (vehicle_no);

create table report_schedule_receivers (
    tenant_no   bigint not null,
    schedule_id bigint not null,
    user_id     bigint not null references users (id) on delete cascade,
    ended_ms    bigint, -- the user ended the mails for itself
    primary key (tenant_no, schedule_id, user_id),
    foreign key (tenant_no, schedule_id) references report_schedules (tenant_no, id) on delete cascade
);
create index report_schedule_receivers_user on report_schedule_receivers (user_id);
