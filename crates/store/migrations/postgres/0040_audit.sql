-- The audit: who did what to what, in one chain for each tenant. A row's hash covers the row and the hash of the one before. The
-- counter holds the newest row's number and hash, and those of the newest row that was removed by its age, from which the rest is checked.

alter table event_counters add column audit_last bigint not null default 0;
alter table event_counters add column audit_hash bytea;
alter table event_counters add column audit_removed_to bigint not null default 0;
alter table event_counters add column audit_removed_hash bytea;

-- `before` and `after` are JSON. The row's hash covers them by `content_hash`, the hash of `salt` and both: they can be emptied together with
-- the salt, when a person is erased, and the chain still holds.
create table audit (
    tenant_no    bigint not null references tenants (tenant_no),
    id           bigint not null,
    at_ms        bigint not null,
    actor        bigint,
    access_token bigint,
    action       text collate "C" not null,
    subject      text collate "C",
    before       text,
    after        text,
    salt         bytea,
    content_hash bytea not null,
    address      text,
    hash         bytea not null,
    primary key (tenant_no, id)
);
create index audit_at on audit (tenant_no, at_ms);
create index audit_actor on audit (tenant_no, actor, id);
create index audit_subject on audit (tenant_no, subject, id);
create index audit_action on audit (tenant_no, action, id);

-- Rows are only added. What is removed must be recorded as removed by its age first, and what is emptied must be emptied whole.
create function refuse_change_of_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only';
end
$$;
create function refuse_removal_of_audit() returns trigger language plpgsql as $$
begin
    if old.id > (select audit_removed_to from event_counters where tenant_no = old.tenant_no) then
        raise exception 'the audit is append-only';
    end if;
    return old;
end
$$;
create trigger audit_rows_stay before update on audit for each row
when (new.before is not null or new.after is not null or new.salt is not null
    or new.tenant_no is distinct from old.tenant_no
    or new.id is distinct from old.id
    or new.at_ms is distinct from old.at_ms
    or new.actor is distinct from old.actor
    or new.access_token is distinct from old.access_token
    or new.action is distinct from old.action
    or new.subject is distinct from old.subject
    or new.content_hash is distinct from old.content_hash
    or new.address is distinct from old.address
    or new.hash is distinct from old.hash)
execute function refuse_change_of_audit();
create trigger audit_rows_are_kept before delete on audit for each row execute function refuse_removal_of_audit();
create trigger audit_is_kept before truncate on audit for each statement execute function refuse_change_of_audit();
