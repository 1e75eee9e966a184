-- Web Push: the browsers of users, and the calls to them.

-- user_id is no reference: another issuer's tokens may name people that are not in `users`.
create table push_subscriptions (
    push_no      integer primary key autoincrement,
    tenant_no    integer not null references tenants,
    user_id      integer not null,
    endpoint     text not null unique,
    p256dh       blob not null,
    auth         blob not null,
    created_ms   integer not null,
    refreshed_ms integer not null -- when its browser last said that it wants it
) strict;

create index push_subscriptions_user on push_subscriptions (user_id, tenant_no, push_no);

alter table outgoing_calls add column push_no integer references push_subscriptions on delete cascade;
create index outgoing_calls_push on outgoing_calls (push_no, call_no) where push_no is not null;
