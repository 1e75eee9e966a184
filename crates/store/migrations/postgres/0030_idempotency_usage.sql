-- What the keys and answers of each caller take, so that nobody fills the disk with them. Only answers to requests that may
-- be carried out again (refusals, and positions) can be removed before their time: `is_repeatable`.

alter table idempotency_keys add column is_repeatable boolean not null default false;

create index idempotency_keys_repeatable on idempotency_keys (tenant, caller, started_ms) where is_repeatable;

-- Counted by a trigger. A row lives as long as its caller has keys, each of which counts 256 bytes beside its texts.
create table idempotency_usage (
    tenant           text not null,
    caller           text not null,
    bytes            bigint not null,
    repeatable_bytes bigint not null,
    primary key (tenant, caller)
);

insert into idempotency_usage (tenant, caller, bytes, repeatable_bytes)
select tenant, caller, sum(256 + octet_length(key) + coalesce(octet_length(body), 0)), 0
from idempotency_keys group by tenant, caller;

create function count_idempotency_usage() returns trigger language plpgsql as $$
declare
    before bigint := 0;
    after bigint := 0;
    repeatable_before bigint := 0;
    repeatable_after bigint := 0;
begin
    if tg_op <> 'INSERT' then
        before := 256 + octet_length(old.key) + coalesce(octet_length(old.body), 0);
        repeatable_before := case when old.is_repeatable then before else 0 end;
    end if;
    if tg_op <> 'DELETE' then
        after := 256 + octet_length(new.key) + coalesce(octet_length(new.body), 0);
        repeatable_after := case when new.is_repeatable then after else 0 end;
    end if;
    if tg_op = 'INSERT' then
        insert into idempotency_usage (tenant, caller, bytes, repeatable_bytes)
        values (new.tenant, new.caller, after, repeatable_after)
        on conflict (tenant, caller) do update set bytes = idempotency_usage.bytes + excluded.bytes,
            repeatable_bytes = idempotency_usage.repeatable_bytes + excluded.repeatable_bytes;
        return null;
    end if;
    update idempotency_usage set bytes = bytes + after - before,
        repeatable_bytes = repeatable_bytes + repeatable_after - repeatable_before
    where tenant = old.tenant and caller = old.caller;
    if tg_op = 'DELETE' then
        delete from idempotency_usage where tenant = old.tenant and caller = old.caller and bytes <= 0;
    end if;
    return null;
end
$$;

create trigger idempotency_keys_counted after insert or delete or update of status, body, is_repeatable on idempotency_keys
    for each row execute function count_idempotency_usage();
