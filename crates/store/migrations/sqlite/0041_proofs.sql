-- Proofs of delivery. Their pictures are in the file store; a row names its file by `file_key`.

create table proofs (
    proof_no    integer primary key autoincrement,
    id          text not null unique,
    delivery_no integer not null references deliveries (delivery_no) on delete cascade,
    added_by    text not null,
    added_ms    integer not null,
    taken_ms    integer not null,
    latitude    real,
    longitude   real,
    receiver    text,
    code        text,
    note        text
) strict;
create index proofs_delivery on proofs (delivery_no, proof_no);

create table proof_files (
    proof_no   integer not null references proofs (proof_no) on delete cascade,
    id         integer not null,
    kind       text not null,
    bytes      integer not null,
    sha256     blob not null,
    media_type text not null,
    file_key   text not null,
    primary key (proof_no, id)
) strict;

-- Files that belong to no row, and can be removed from the file store from `after_ms` on. A file is entered before it is written, and
-- taken out by the transaction that stores its row: one of a process that died in between is removed, too.
create table unused_files (
    file_key text primary key,
    after_ms integer not null
) strict;
create index unused_files_after on unused_files (after_ms);

-- Tenants whose deliveries end with a proof only.
alter table tenants add column proof_required integer not null default 0;

create index deliveries_order on deliveries (tenant_no, order_id, delivery_no);

create trigger proof_files_leave_their_file after delete on proof_files
begin
    insert into unused_files (file_key, after_ms) values (old.file_key, 0);
end;
