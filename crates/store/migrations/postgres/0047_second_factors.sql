-- Second factors of users, and what identity providers know them by.

create table totp (
    user_id      bigint primary key references users (id) on delete cascade,
    secret       bytea not null,
    confirmed_ms bigint, -- null until its first code was right
    last_step    bigint not null default 0, -- of the newest code that was used
    forgiven_ms  bigint not null default 0 -- when all attempts of before will be forgiven
);

create table recovery_codes (
    user_id   bigint not null references users (id) on delete cascade,
    code_hash bytea not null,
    primary key (user_id, code_hash)
);

-- Logins whose password was right and whose second factor is due.
create table login_challenges (
    secret_hash bytea primary key,
    user_id     bigint not null references users (id) on delete cascade,
    expires_ms  bigint not null
);

create index login_challenges_user on login_challenges (user_id, expires_ms);
create index login_challenges_expiry on login_challenges (expires_ms);

-- A JSON array of the roles that need one.
alter table tenants add column second_factor_roles text not null default '[]';

-- A person is known by issuer and subject, never by a name.
create table identities (
    issuer  text not null,
    subject text not null,
    user_id bigint not null references users (id) on delete cascade,
    primary key (issuer, subject)
);

create unique index identities_user on identities (user_id, issuer);

-- The provider's own name of a session that was opened by it.
alter table sessions add column issuer text;
alter table sessions add column issuer_sid text;
create index sessions_issuer on sessions (issuer, issuer_sid) where issuer is not null;
