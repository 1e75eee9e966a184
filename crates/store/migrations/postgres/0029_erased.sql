-- What is removed leaves nothing to those who come after it.

-- The numbers of removed users. None is given again, and no token that names one is a login.
create table erased_users (
    user_id bigint primary key
);

insert into erased_users (user_id) select user_id from removed_users;

-- Alerts go with their vehicle from now on.
delete from alerts where vehicle_id is not null and not exists
    (select 1 from vehicles v where v.tenant_no = alerts.tenant_no and v.id = alerts.vehicle_id);
