-- Cadets and their records, notices, and whom events may be told.

-- The points and days are what grades and attendances come to: changed in one transaction with them. Scores are hundredths.
create table cadets (
    id                 integer primary key autoincrement,
    tenant_no          integer not null references tenants,
    name               text not null,
    student_id         text,
    merit_points       integer not null default 0,
    demerit_points     integer not null default 0,
    attendance_present integer not null default 0,
    prelim_score       integer,
    midterm_score      integer,
    final_score        integer,
    created_ms         integer not null
) strict;

create index cadets_tenant on cadets (tenant_no, id);
create unique index cadets_student on cadets (tenant_no, student_id) where student_id is not null;

create table grades (
    id         integer primary key autoincrement,
    cadet_id   integer not null references cadets on delete cascade,
    kind       text not null,
    points     integer not null,
    reason     text not null,
    created_ms integer not null
) strict;

create index grades_cadet on grades (cadet_id, id);

-- Times are seconds since midnight.
create table attendances (
    cadet_id        integer not null references cadets on delete cascade,
    training_day_id integer not null,
    status          text not null,
    time_in_s       integer,
    time_out_s      integer,
    primary key (cadet_id, training_day_id)
) strict, without rowid;

-- Notifications (message, kind) and messages (sender_id, fields: a JSON object) to one user. user_id and sender_id are no references:
-- another issuer's tokens may name people that are not in `users`.
create table notices (
    id         integer primary key autoincrement,
    tenant_no  integer not null references tenants,
    user_id    integer not null,
    is_message integer not null,
    message    text,
    kind       text,
    sender_id  integer,
    fields     text,
    created_ms integer not null,
    read_ms    integer
) strict;

create index notices_user on notices (user_id, tenant_no, is_message, id);
create index notices_unread on notices (user_id, tenant_no, is_message, id) where read_ms is null;

-- Their notices are deleted bit by bit by upkeep.
create table removed_users (
    user_id integer primary key
) strict;

-- Whom an event may be told; null where it is not theirs, all null (as of all events before) when it is the house's own. An
-- index for each, so that a few are found among any number of others.
alter table events add column for_staff integer;
alter table events add column for_cadet integer;
alter table events add column for_user integer;

create index events_staff on events (tenant_no, for_staff, id) where for_staff is not null;
create index events_cadet on events (tenant_no, for_cadet, id) where for_cadet is not null;
create index events_user on events (tenant_no, for_user, id) where for_user is not null;
