//! The hashes that bind the rows of the audit.

use crate::AuditEntry;
use milepost_domain::{AccessTokenId, UserId};
use sha2::{Digest as _, Sha256};

/// The hash before the first row.
pub(crate) const START: [u8; 32] = [0; 32];

/// The hash of a row's contents. With the salt gone, nobody finds out by guessing what they were.
pub(crate) fn content_hash(salt: &[u8], before: Option<&str>, after: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    add_bytes(&mut hash, Some(salt));
    add_bytes(&mut hash, before.map(str::as_bytes));
    add_bytes(&mut hash, after.map(str::as_bytes));
    hash.finalize().into()
}

/// The hash of a row of tenant `tenant_no`. Each field is preceded by its length, so that no two rows have the same bytes.
pub(crate) fn row_hash(previous: &[u8; 32], tenant_no: i64, entry: &AuditEntry, content: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    for number in [
        Some(tenant_no),
        Some(entry.id),
        Some(entry.at.unix_ms()),
        entry.actor.map(UserId::get),
        entry.access_token.map(AccessTokenId::get),
    ] {
        add_bytes(&mut hash, number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }
    for text in [Some(&entry.action), entry.subject.as_ref(), entry.address.as_ref()] {
        add_bytes(&mut hash, text.map(|text| text.as_bytes()));
    }
    add_bytes(&mut hash, Some(content));
    hash.finalize().into()
}

fn add_bytes(hash: &mut Sha256, bytes: Option<&[u8]>) {
    match bytes {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    }
}
