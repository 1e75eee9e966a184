-- The name of the event log. Clients resume by it together with an event's id, so that an id of another log, such as the one that a
-- restored backup replaced, is not taken for one of this.

create table feed (
    name text not null
);

insert into feed (name) values (substr(md5(random()::text || clock_timestamp()::text), 1, 10));
