-- Outgoing calls are shared out by tenant, receivers may ask for a pause, and a webhook's secret can be replaced.

-- Waiting calls by tenant and receiver, so that the thousands of one tenant hide nobody else's.
create index outgoing_calls_due on outgoing_calls (tenant_no, target, next_attempt_ms, call_no) where next_attempt_ms is not null;
drop index outgoing_calls_waiting;

-- Receivers that asked for a pause, by the target of their calls.
create table outgoing_pauses (
    target   text collate "C" primary key,
    until_ms bigint not null
);

-- Secrets that still sign after they were replaced: a JSON array of [bytes, valid until (ms)], newest first.
alter table webhooks add column old_secrets text not null default '[]';
