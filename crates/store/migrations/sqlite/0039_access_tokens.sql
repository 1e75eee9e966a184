-- Access tokens: credentials that an admin makes for programs. The number counts up within the tenant (number_counters), and the
-- token itself is kept as a digest. `scopes` and `vehicle_ids` are JSON arrays; a token without a list of vehicles is for everything of
-- its tenant. `created_by` is a number alone: a token outlives its maker.

create table access_tokens (
    tenant_no    integer not null references tenants (tenant_no),
    id           integer not null,
    name         text not null,
    token_hash   blob not null,
    scopes       text not null,
    vehicle_ids  text,
    created_by   integer,
    created_ms   integer not null,
    expires_ms   integer,
    last_used_ms integer,
    primary key (tenant_no, id)
);
create unique index access_tokens_token_hash on access_tokens (token_hash);
create index access_tokens_created_by on access_tokens (created_by);
