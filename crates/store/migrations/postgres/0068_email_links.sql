-- The address that a link confirms; null for a link that sets a password.

alter table password_links add column email text;
