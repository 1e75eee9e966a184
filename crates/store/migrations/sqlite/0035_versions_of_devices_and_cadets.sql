-- Versions of devices and cadets, which several people may change at once, too.

-- A device's begins with the time of its creation, in Unix milliseconds, so that one that is made anew under an old id has none of the old
-- one's versions. A cadet's counts the changes of its records.
alter table devices add column version integer not null default 1;
alter table cadets add column version integer not null default 1;
