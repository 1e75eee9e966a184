-- Access tokens: credentials that an admin makes for programs. The number counts up within the tenant (number_counters), and the
-- token itself is kept as a digest. `scopes` and `vehicle_ids` are JSON arrays; a token without a list of vehicles is for everything of
-- its tenant. `created_by` is a number alone: a token outlives its maker.

create table access_tokens (
    tenant_no    bigint not null references tenants (tenant_no),
    id           bigint not null,
    name         text not null,
    token_hash   bytea not null,
    scopes       text not null,
    vehicle_ids  text,
    created_by   bigint,
    created_ms   bigint not null,
    expires_ms   bigint,
    last_used_ms bigint,
    primary key (tenant_no, id)
);
create unique index access_tokens_token_hash on access_tokens (token_hash);
create index access_tokens_created_by on access_tokens (created_by);
