-- Cadets and their records, notices, and whom events may be told.

-- The points and days are what grades and attendances come to: changed in one transaction with them. Scores are hundredths.
create table cadets (
    id                 bigint generated always as identity primary key,
    tenant_no          bigint not null references tenants (tenant_no),
    name               text not null,
    student_id         text,
    merit_points       bigint not null default 0,
    demerit_points     bigint not null default 0,
    attendance_present bigint not null default 0,
    prelim_score       bigint,
    midterm_score      bigint,
    final_score        bigint,
    created_ms         bigint not null
);

create index cadets_tenant on cadets (tenant_no, id);
create unique index cadets_student on cadets (tenant_no, student_id) where student_id is not null;

create table grades (
    id         bigint generated always as identity primary key,
    cadet_id   bigint not null references cadets (id) on delete cascade,
    kind       text not null,
    points     bigint not null,
    reason     text not null,
    created_ms bigint not null
);

create index grades_cadet on grades (cadet_id, id);

-- Times are seconds since midnight.
create table attendances (
    cadet_id        bigint not null references cadets (id) on delete cascade,
    training_day_id bigint not null,
    status          text not null,
    time_in_s       bigint,
    time_out_s      bigint,
    primary key (cadet_id, training_day_id)
);

-- Notifications (message, kind) and messages (sender_id, fields: a JSON object) to one user. user_id and sender_id are no references:
-- another issuer's tokens may name people that are not in `users`.
create table notices (
    id         bigint generated always as identity primary key,
    tenant_no  bigint not null references tenants (tenant_no),
    user_id    bigint not null,
    is_message boolean not null,
    message    text,
    kind       text,
    sender_id  bigint,
    fields     text,
    created_ms bigint not null,
    read_ms    bigint
);

create index notices_user on notices (user_id, tenant_no, is_message, id);
create index notices_unread on notices (user_id, tenant_no, is_message, id) where read_ms is null;

-- Their notices are deleted bit by bit by upkeep.
create table removed_users (
    user_id bigint primary key
);

-- Whom an event may be told; null where it is not theirs, all null (as of all events before) when it is the house's own. An
-- index for each, so that a few are found among any number of others.
alter table events add column for_staff boolean;
alter table events add column for_cadet bigint;
alter table events add column for_user bigint;

create index events_staff on events (tenant_no, for_staff, id) where for_staff is not null;
create index events_cadet on events (tenant_no, for_cadet, id) where for_cadet is not null;
create index events_user on events (tenant_no, for_user, id) where for_user is not null;
