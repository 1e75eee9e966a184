-- What became of a share: whether it was recalled, and how often its page was opened. A recalled share stays for a month, so that its
-- link can say so.

alter table shares add column recalled_ms integer;
alter table shares add column opened_count integer not null default 0;
alter table shares add column opened_ms integer;
