-- A username is unique in its tenant. SQLite can't take the old constraint off a column, so that the table is made anew. Sessions
-- wait beside it, because they go with their user.

create table users_of_tenants (
    id            integer primary key autoincrement,
    username      text not null,
    password_hash text,
    role          text not null,
    tenant_no     integer not null references tenants,
    approved      integer not null,
    active        integer not null,
    cadet_id      integer,
    vehicle_ids   text not null -- a JSON array
) strict;

insert into users_of_tenants (id, username, password_hash, role, tenant_no, approved, active, cadet_id, vehicle_ids)
    select id, username, password_hash, role, tenant_no, approved, active, cadet_id, vehicle_ids from users;

-- The number of a removed user is given to nobody else.
delete from sqlite_sequence where name = 'users_of_tenants';
insert into sqlite_sequence (name, seq) select 'users_of_tenants', seq from sqlite_sequence where name = 'users';

create table kept_sessions as select token_hash, user_id, expires_ms from sessions;
drop table users;
alter table users_of_tenants rename to users;
insert into sessions (token_hash, user_id, expires_ms) select token_hash, user_id, expires_ms from kept_sessions;
drop table kept_sessions;

create index users_tenant on users (tenant_no, id);
create index users_role on users (tenant_no, role, id);
create unique index users_username on users (tenant_no, username);
-- A login may name no tenant.
create index users_login on users (username, tenant_no);
