-- The audit: who did what to what, in one chain for each tenant. A row's hash covers the row and the hash of the one before. The
-- counter holds the newest row's number and hash, and those of the newest row that was removed by its age, from which the rest is checked.

alter table event_counters add column audit_last integer not null default 0;
alter table event_counters add column audit_hash blob;
alter table event_counters add column audit_removed_to integer not null default 0;
alter table event_counters add column audit_removed_hash blob;

-- `before` and `after` are JSON. The row's hash covers them by `content_hash`, the hash of `salt` and both: they can be emptied together with
-- the salt, when a person is erased, and the chain still holds.
create table audit (
    tenant_no    integer not null references tenants (tenant_no),
    id           integer not null,
    at_ms        integer not null,
    actor        integer,
    access_token integer,
    action       text not null,
    subject      text,
    before       text,
    after        text,
    salt         blob,
    content_hash blob not null,
    address      text,
    hash         blob not null,
    primary key (tenant_no, id)
);
create index audit_at on audit (tenant_no, at_ms);
create index audit_actor on audit (tenant_no, actor, id);
create index audit_subject on audit (tenant_no, subject, id);
create index audit_action on audit (tenant_no, action, id);

-- Rows are only added. What is removed must be recorded as removed by its age first, and what is emptied must be emptied whole.
create trigger audit_rows_stay before update on audit
when new.before is not null or new.after is not null or new.salt is not null
    or new.tenant_no is not old.tenant_no
    or new.id is not old.id
    or new.at_ms is not old.at_ms
    or new.actor is not old.actor
    or new.access_token is not old.access_token
    or new.action is not old.action
    or new.subject is not old.subject
    or new.content_hash is not old.content_hash
    or new.address is not old.address
    or new.hash is not old.hash
begin
    select raise(abort, 'the audit is append-only');
end;
create trigger audit_rows_are_kept before delete on audit
when old.id > (select audit_removed_to from event_counters where tenant_no = old.tenant_no)
begin
    select raise(abort, 'the audit is append-only');
end;
