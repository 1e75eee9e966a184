-- Pushes of alerts. alert_id is no reference: an alert is forgotten when it expires, its calls are listed for longer.

alter table outgoing_calls add column alert_id text collate "C";
alter table outgoing_calls add column urgent boolean not null default false;
alter table outgoing_calls add column expires_ms bigint; -- of no interest to its receiver from then on

create index outgoing_calls_alert on outgoing_calls (alert_id) where alert_id is not null and next_attempt_ms is not null;

-- A tenant's few who see its whole fleet, among any number of others.
create index users_role on users (tenant_no, role, id);
