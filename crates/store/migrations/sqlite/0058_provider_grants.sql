-- What lets this server ask an identity provider again about the user of a session that it opened. `sealed` is a token of the provider,
-- encrypted with this server's secret.

create table provider_grants (
    token_hash blob primary key references sessions (token_hash) on delete cascade,
    user_id    integer not null references users on delete cascade,
    sealed     blob not null,
    check_ms   integer not null
) strict, without rowid;
create index provider_grants_check on provider_grants (check_ms);
create index provider_grants_user on provider_grants (user_id);
