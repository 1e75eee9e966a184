-- Proofs of delivery. Their pictures are in the file store; a row names its file by `file_key`.

create table proofs (
    proof_no    bigint generated always as identity primary key,
    id          text not null unique,
    delivery_no bigint not null references deliveries (delivery_no) on delete cascade,
    added_by    text not null,
    added_ms    bigint not null,
    taken_ms    bigint not null,
    latitude    double precision,
    longitude   double precision,
    receiver    text,
    code        text,
    note        text
);
create index proofs_delivery on proofs (delivery_no, proof_no);

create table proof_files (
    proof_no   bigint not null references proofs (proof_no) on delete cascade,
    id         bigint not null,
    kind       text not null,
    bytes      bigint not null,
    sha256     bytea not null,
    media_type text not null,
    file_key   text not null,
    primary key (proof_no, id)
);

-- Files that belong to no row, and can be removed from the file store from `after_ms` on. A file is entered before it is written, and
-- taken out by the transaction that stores its row: one of a process that died in between is removed, too.
create table unused_files (
    file_key text primary key,
    after_ms bigint not null
);
create index unused_files_after on unused_files (after_ms);

-- Tenants whose deliveries end with a proof only.
alter table tenants add column proof_required boolean not null default false;

create index deliveries_order on deliveries (tenant_no, order_id, delivery_no);

create function leave_file_of_proof() returns trigger language plpgsql as $$
begin
    insert into unused_files (file_key, after_ms) values (old.file_key, 0);
    return null;
end
$$;
create trigger proof_files_leave_their_file after delete on proof_files for each row execute function leave_file_of_proof();
