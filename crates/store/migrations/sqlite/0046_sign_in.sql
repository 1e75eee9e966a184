-- How people are reached, what is known of their sessions, and links with which they set a password.

alter table users add column email text;
alter table users add column language text;
alter table users add column timezone text;
create index users_email on users (lower(email)) where email is not null;

-- `browser` has a cookie, `app` a pair of tokens. A session of before was a browser's, and lasts two weeks.
alter table sessions add column kind text not null default 'browser';
alter table sessions add column created_ms integer not null default 0;
alter table sessions add column last_seen_ms integer not null default 0;
alter table sessions add column address text;
update sessions set created_ms = expires_ms - 1209600000, last_seen_ms = expires_ms - 1209600000;

-- Links for a reset and an invitation. Each is used once.
create table password_links (
    secret_hash blob primary key,
    user_id     integer not null references users on delete cascade,
    expires_ms  integer not null
) strict, without rowid;

create index password_links_user on password_links (user_id, expires_ms);
create index password_links_expiry on password_links (expires_ms);
