-- Since when a webhook's receiver wants no more of it: it answered 410.

alter table webhooks add column disabled_ms integer;
