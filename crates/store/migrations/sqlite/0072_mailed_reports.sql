-- The job whose file a mail brings. The job is kept while the mail waits.

alter table outgoing_calls add column mail_job_no integer;
create index outgoing_calls_mail_job on outgoing_calls (mail_job_no) where mail_job_no is not null and next_attempt_ms is not null;
