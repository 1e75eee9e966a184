-- A username is unique in its tenant.

alter table users drop constraint users_username_key;
create unique index users_username on users (tenant_no, username);
-- A login may name no tenant.
create index users_login on users (username, tenant_no);
