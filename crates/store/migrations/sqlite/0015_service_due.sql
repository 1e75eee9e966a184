-- When a vehicle is to be serviced next: at a reading of its odometer, at an instant, whichever comes first.

alter table vehicles add column service_due_km real;
alter table vehicles add column service_due_ms integer;
