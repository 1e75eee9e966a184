-- Off-duty time of drivers, of which nothing is kept: from from_ms until before to_ms, which is null while it goes on. What a tenant
-- leaves out then (kept: nothing) is noted with each time, because it holds for positions of that time that come later.

alter table tenants add column off_duty text not null default 'kept';

create table off_duty (
    user_id      bigint not null references users (id) on delete cascade,
    from_ms      bigint not null,
    to_ms        bigint,
    with_vehicle boolean not null,
    primary key (user_id, from_ms)
);

create unique index off_duty_now on off_duty (user_id) where to_ms is null;
