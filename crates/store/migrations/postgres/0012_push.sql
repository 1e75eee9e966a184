-- Web Push: the browsers of users, and the calls to them.

-- user_id is no reference: another issuer's tokens may name people that are not in `users`.
create table push_subscriptions (
    push_no      bigint generated always as identity primary key,
    tenant_no    bigint not null references tenants (tenant_no),
    user_id      bigint not null,
    endpoint     text collate "C" not null unique,
    p256dh       bytea not null,
    auth         bytea not null,
    created_ms   bigint not null,
    refreshed_ms bigint not null -- when its browser last said that it wants it
);

create index push_subscriptions_user on push_subscriptions (user_id, tenant_no, push_no);

alter table outgoing_calls add column push_no bigint references push_subscriptions (push_no) on delete cascade;
create index outgoing_calls_push on outgoing_calls (push_no, call_no) where push_no is not null;
