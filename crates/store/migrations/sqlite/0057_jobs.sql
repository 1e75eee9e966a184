-- Jobs: work that takes longer than a request, such as exports. `attempts` counts who took it: only the newest may write.

create table jobs (
    job_no     integer primary key autoincrement,
    id         text not null unique,
    tenant_no  integer not null references tenants,
    kind       text not null,
    input      text not null, -- a JSON object, which the work of that kind reads
    about_user integer, -- whose data it is about: its result goes with this user
    made_by    text not null, -- whose share of the tenant's jobs it counts in
    actor      integer, -- the user who asked for it, for the audit
    created_ms integer not null,
    due_ms     integer not null, -- not before
    status     text not null,
    progress   integer not null default 0, -- percent
    attempts   integer not null default 0,
    started_ms integer,
    lease_ms   integer, -- until when the node that runs it has it
    error      text,
    ended_ms   integer,
    expires_ms integer, -- removed from then on, with its file
    file_key   text,
    file_name  text,
    media_type text,
    file_bytes integer
) strict;
create index jobs_open on jobs (due_ms) where status in ('queued', 'running');
create index jobs_tenant on jobs (tenant_no, started_ms);
create index jobs_about on jobs (about_user, kind) where about_user is not null;
create index jobs_expiry on jobs (expires_ms) where expires_ms is not null;
create unique index jobs_erasure on jobs (about_user) where kind = 'user.erasure' and status in ('queued', 'running');

create trigger jobs_leave_their_file after delete on jobs when old.file_key is not null
begin
    insert into unused_files (file_key, after_ms) values (old.file_key, 0);
end;
