-- What lets this server ask an identity provider again about the user of a session that it opened. `sealed` is a token of the provider,
-- encrypted with this server's secret.

create table provider_grants (
    token_hash bytea primary key references sessions (token_hash) on delete cascade,
    user_id    bigint not null references users on delete cascade,
    sealed     bytea not null,
    check_ms   bigint not null
);
create index provider_grants_check on provider_grants (check_ms);
create index provider_grants_user on provider_grants (user_id);
