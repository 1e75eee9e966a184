-- What the keys and answers of each caller take, so that nobody fills the disk with them. Only answers to requests that may
-- be carried out again (refusals, and positions) can be removed before their time: `is_repeatable`.

alter table idempotency_keys add column is_repeatable integer not null default 0;

create index idempotency_keys_repeatable on idempotency_keys (tenant, caller, started_ms) where is_repeatable;

-- Counted by triggers. A row lives as long as its caller has keys, each of which counts 256 bytes beside its texts.
create table idempotency_usage (
    tenant           text not null,
    caller           text not null,
    bytes            integer not null,
    repeatable_bytes integer not null,
    primary key (tenant, caller)
) strict, without rowid;

insert into idempotency_usage (tenant, caller, bytes, repeatable_bytes)
select tenant, caller, sum(256 + length(key) + coalesce(length(body), 0)), 0 from idempotency_keys group by tenant, caller;

create trigger idempotency_keys_added after insert on idempotency_keys begin
    insert into idempotency_usage (tenant, caller, bytes, repeatable_bytes)
    values (new.tenant, new.caller, 256 + length(new.key) + coalesce(length(new.body), 0), 0)
    on conflict (tenant, caller) do update set bytes = idempotency_usage.bytes + excluded.bytes;
end;

create trigger idempotency_keys_answered after update of status, body, is_repeatable on idempotency_keys begin
    update idempotency_usage set
        bytes = bytes + coalesce(length(new.body), 0) - coalesce(length(old.body), 0),
        repeatable_bytes = repeatable_bytes
            + case when new.is_repeatable then 256 + length(new.key) + coalesce(length(new.body), 0) else 0 end
            - case when old.is_repeatable then 256 + length(old.key) + coalesce(length(old.body), 0) else 0 end
    where tenant = new.tenant and caller = new.caller;
end;

create trigger idempotency_keys_removed after delete on idempotency_keys begin
    update idempotency_usage set
        bytes = bytes - 256 - length(old.key) - coalesce(length(old.body), 0),
        repeatable_bytes = repeatable_bytes
            - case when old.is_repeatable then 256 + length(old.key) + coalesce(length(old.body), 0) else 0 end
    where tenant = old.tenant and caller = old.caller;
    delete from idempotency_usage where tenant = old.tenant and caller = old.caller and bytes <= 0;
end;
