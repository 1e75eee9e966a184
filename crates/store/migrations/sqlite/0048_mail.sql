-- E-mail through the outbox.

-- Since when the address gets nothing, because its mail server refuses it.
alter table users add column email_refused_ms integer;
alter table users add column alert_mail text not null default 'at_once';

-- The receiver of a mail. Mails to one receiver are sent one after another.
alter table outgoing_calls add column mail_user_id integer references users on delete cascade;
create index outgoing_calls_mail on outgoing_calls (mail_user_id, call_no) where mail_user_id is not null;
