-- The numbers of what a tenant enters count up within the tenant: nobody reads another's volume from them. `*_no` stays the hidden
-- number of a row, which other rows refer to; `id` is the number that the tenant sees. Rows that are there keep theirs, and new
-- ones go on from the tenant's largest.

-- The number that was given last, for each kind of thing.
create table number_counters (
    tenant_no integer not null references tenants on delete cascade,
    kind      text not null,
    last      integer not null,
    primary key (tenant_no, kind)
) strict, without rowid;

alter table parcels rename column id to parcel_no;
alter table parcels add column id integer not null default 0;
update parcels set id = parcel_no;
alter table parcel_legs rename column parcel_id to parcel_no;
create unique index parcels_id on parcels (tenant_no, id);
drop index parcels_tenant;
drop index parcels_client;
drop index parcels_driver;
drop index parcels_active;
create index parcels_client on parcels (tenant_no, client_id, id);
create index parcels_driver on parcels (tenant_no, driver_id, id);
create index parcels_active on parcels (tenant_no, driver_id, id) where status not in ('delivered', 'cancelled');
insert into number_counters (tenant_no, kind, last) select tenant_no, 'parcel', max(id) from parcels group by tenant_no;

alter table cadets rename column id to cadet_no;
alter table cadets add column id integer not null default 0;
update cadets set id = cadet_no;
alter table attendances rename column cadet_id to cadet_no;
create unique index cadets_id on cadets (tenant_no, id);
drop index cadets_tenant;
insert into number_counters (tenant_no, kind, last) select tenant_no, 'cadet', max(id) from cadets group by tenant_no;

alter table grades rename column id to grade_no;
alter table grades add column id integer not null default 0;
update grades set id = grade_no;
alter table grades rename column cadet_id to cadet_no;
create unique index grades_id on grades (cadet_no, id);
drop index grades_cadet;
insert into number_counters (tenant_no, kind, last)
    select c.tenant_no, 'grade', max(g.id) from grades g join cadets c on c.cadet_no = g.cadet_no group by c.tenant_no;

alter table notices rename column id to notice_no;
alter table notices add column id integer not null default 0;
update notices set id = notice_no;
drop index notices_user;
drop index notices_unread;
create unique index notices_user on notices (user_id, tenant_no, is_message, id);
create index notices_unread on notices (user_id, tenant_no, is_message, id) where read_ms is null;
insert into number_counters (tenant_no, kind, last) select tenant_no, 'notice', max(id) from notices group by tenant_no;

alter table geofences rename column id to geofence_no;
alter table geofences add column id integer not null default 0;
update geofences set id = geofence_no;
create unique index geofences_id on geofences (tenant_no, id);
drop index geofences_tenant;
-- Visits of a removed geofence still have its number.
insert into number_counters (tenant_no, kind, last)
    select n.tenant_no, 'geofence', max(n.id) from (
        select g.tenant_no, g.id from geofences g
        union all
        select v.tenant_no, f.geofence_id from fence_visits f join vehicles v on v.vehicle_no = f.vehicle_no
    ) n group by n.tenant_no;

alter table webhooks add column id integer not null default 0;
update webhooks set id = webhook_no;
create unique index webhooks_id on webhooks (tenant_no, id);
drop index webhooks_tenant;
insert into number_counters (tenant_no, kind, last) select tenant_no, 'webhook', max(id) from webhooks group by tenant_no;

-- Calls to a webhook wait for webhook/<tenant_no>/<id>.
update outgoing_calls set target = 'webhook/' || tenant_no || '/' || webhook_no where webhook_no is not null;
delete from outgoing_pauses where target like 'webhook/%' and not exists
    (select 1 from webhooks w where 'webhook/' || w.webhook_no = outgoing_pauses.target);
update outgoing_pauses set target =
    (select 'webhook/' || w.tenant_no || '/' || w.id from webhooks w where 'webhook/' || w.webhook_no = outgoing_pauses.target)
    where target like 'webhook/%';

alter table push_subscriptions add column id integer not null default 0;
update push_subscriptions set id = push_no;
create unique index push_subscriptions_id on push_subscriptions (tenant_no, id);
insert into number_counters (tenant_no, kind, last)
    select tenant_no, 'push', max(id) from push_subscriptions group by tenant_no;

-- Outgoing calls: their counter stands beside that of events, because both are locked at the end of a transaction.
alter table event_counters add column calls integer not null default 0;
alter table outgoing_calls add column id integer not null default 0;
update outgoing_calls set id = call_no;
update event_counters set calls = coalesce(
    (select max(c.id) from outgoing_calls c where c.tenant_no = event_counters.tenant_no), 0);
drop index outgoing_calls_tenant;
drop index outgoing_calls_service;
drop index outgoing_calls_webhook;
drop index outgoing_calls_push;
create unique index outgoing_calls_id on outgoing_calls (tenant_no, id);
create index outgoing_calls_service on outgoing_calls (tenant_no, target, id) where webhook_no is null;
create index outgoing_calls_webhook on outgoing_calls (webhook_no, id) where webhook_no is not null;
create index outgoing_calls_push on outgoing_calls (push_no, id) where push_no is not null;
