-- Versions of what several people may change at once, and logins that end for good.

-- Counts up with each change. A vehicle's begins with the time of its creation, in Unix milliseconds, so that one that is made anew
-- under an old id has none of the old one's versions.
alter table users add column version integer not null default 1;
alter table vehicles add column version integer not null default 1;
alter table geofences add column version integer not null default 1;
alter table webhooks add column version integer not null default 1;

-- Moved by a lock-out and by a logout everywhere. Tokens of before stay dead when the user may log in again.
alter table users add column tokens_valid_from_ms integer not null default 0;

-- The version that an answer is about, for requests that repeat its key.
alter table idempotency_keys add column version integer;
