-- Jobs: work that takes longer than a request, such as exports. `attempts` counts who took it: only the newest may write.

create table jobs (
    job_no     bigint generated always as identity primary key,
    id         text not null unique,
    tenant_no  bigint not null references tenants,
    kind       text not null,
    input      text not null, -- a JSON object, which the work of that kind reads
    about_user bigint, -- whose data it is about: its result goes with this user
    made_by    text not null, -- whose share of the tenant's jobs it counts in
    actor      bigint, -- the user who asked for it, for the audit
    created_ms bigint not null,
    due_ms     bigint not null, -- not before
    status     text not null,
    progress   bigint not null default 0, -- percent
    attempts   bigint not null default 0,
    started_ms bigint,
    lease_ms   bigint, -- until when the node that runs it has it
    error      text,
    ended_ms   bigint,
    expires_ms bigint, -- removed from then on, with its file
    file_key   text,
    file_name  text,
    media_type text,
    file_bytes bigint
);
create index jobs_open on jobs (due_ms) where status in ('queued', 'running');
create index jobs_tenant on jobs (tenant_no, started_ms);
create index jobs_about on jobs (about_user, kind) where about_user is not null;
create index jobs_expiry on jobs (expires_ms) where expires_ms is not null;
create unique index jobs_erasure on jobs (about_user) where kind = 'user.erasure' and status in ('queued', 'running');

create function leave_file_of_job() returns trigger language plpgsql as $$
begin
    insert into unused_files (file_key, after_ms) values (old.file_key, 0);
    return null;
end
$$;
create trigger jobs_leave_their_file after delete on jobs for each row when (old.file_key is not null) execute function leave_file_of_job();
