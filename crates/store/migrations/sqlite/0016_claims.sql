-- Counts who took a key over from a worker that seemed gone: only the newest claim may keep an answer, and with it its
-- work.

alter table idempotency_keys add column claim_no integer not null default 1;
