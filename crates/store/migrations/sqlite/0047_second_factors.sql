-- Second factors of users, and what identity providers know them by.

create table totp (
    user_id      integer primary key references users on delete cascade,
    secret       blob not null,
    confirmed_ms integer, -- null until its first code was right
    last_step    integer not null default 0, -- of the newest code that was used
    forgiven_ms  integer not null default 0 -- when all attempts of before will be forgiven
) strict;

create table recovery_codes (
    user_id   integer not null references users on delete cascade,
    code_hash blob not null,
    primary key (user_id, code_hash)
) strict, without rowid;

-- Logins whose password was right and whose second factor is due.
create table login_challenges (
    secret_hash blob primary key,
    user_id     integer not null references users on delete cascade,
    expires_ms  integer not null
) strict, without rowid;

create index login_challenges_user on login_challenges (user_id, expires_ms);
create index login_challenges_expiry on login_challenges (expires_ms);

-- A JSON array of the roles that need one.
alter table tenants add column second_factor_roles text not null default '[]';

-- A person is known by issuer and subject, never by a name.
create table identities (
    issuer  text not null,
    subject text not null,
    user_id integer not null references users on delete cascade,
    primary key (issuer, subject)
) strict, without rowid;

create unique index identities_user on identities (user_id, issuer);

-- The provider's own name of a session that was opened by it.
alter table sessions add column issuer text;
alter table sessions add column issuer_sid text;
create index sessions_issuer on sessions (issuer, issuer_sid) where issuer is not null;
