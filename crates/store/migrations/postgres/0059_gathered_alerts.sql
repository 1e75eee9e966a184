-- Alerts that wait to be mailed together: each quarter of an hour, or once a day.

create table gathered_alerts (
    gathered_no bigint generated always as identity primary key,
    user_id     bigint not null references users on delete cascade,
    body        text not null,
    due_ms      bigint not null
);
create index gathered_alerts_user on gathered_alerts (user_id, gathered_no);
create index gathered_alerts_due on gathered_alerts (due_ms, user_id);
