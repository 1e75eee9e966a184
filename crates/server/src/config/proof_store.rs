//! Where proofs are kept: in a folder, or in a bucket.

use super::load::{ConfigError, Resolved};
use milepost_service::Bucket;
use std::path::PathBuf;

/// Where proofs are kept.
#[derive(Clone)]
pub enum ProofStore {
    /// In the data folder.
    InData,
    /// In another folder.
    Folder(PathBuf),
    /// In a bucket of S3 and its like.
    Bucket(Bucket),
}

/// What a URL of a bucket begins with.
const SCHEME: &str = "s3://";

pub(super) fn check(text: &str) -> Result<(), String> {
    parts(text).map(drop)
}

/// The bucket and the prefix that a text names; `None` for a folder.
fn parts(text: &str) -> Result<Option<(&str, &str)>, String> {
    let Some(named) = text.strip_prefix(SCHEME) else {
        return if text.contains("://") { Err("must be a folder or s3://bucket/prefix".to_owned()) } else { Ok(None) };
    };
    let (bucket, prefix) = named.split_once('/').unwrap_or((named, ""));
    let prefix = prefix.trim_end_matches('/');
    let is_name = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let is_prefix = prefix.is_empty() || prefix.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_name && is_prefix && !prefix.contains(['?', '#']) {
        Ok(Some((bucket, prefix)))
    } else {
        Err("must be s3:// and a bucket of 3 to 63 small letters, digits, - or ., and maybe a prefix".to_owned())
    }
}

pub(super) fn from_resolved(resolved: &Resolved) -> Result<ProofStore, ConfigError> {
    let Some(text) = resolved.optional("PROOF_STORE") else { return Ok(ProofStore::InData) };
    let named = parts(&text).map_err(|takes| ConfigError::new("PROOF_STORE", takes))?;
    let Some((name, prefix)) = named else { return Ok(ProofStore::Folder(text.into())) };
    let key = match (resolved.optional("AWS_ACCESS_KEY_ID"), resolved.optional("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Some((id, secret, resolved.optional("AWS_SESSION_TOKEN"))),
        (None, None) => None,
        (Some(_), None) => {
            return Err(ConfigError::whole("AWS_ACCESS_KEY_ID needs AWS_SECRET_ACCESS_KEY beside it"));
        }
        (None, Some(_)) => {
            return Err(ConfigError::whole("AWS_SECRET_ACCESS_KEY needs AWS_ACCESS_KEY_ID beside it"));
        }
    };
    Ok(ProofStore::Bucket(Bucket {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        endpoint: resolved.optional("AWS_ENDPOINT_URL"),
        region: resolved.optional("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
        key,
    }))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_store_of_proofs_is_a_folder_or_a_bucket_with_a_prefix() {
        assert_eq!(parts("/srv/proofs"), Ok(None));
        assert_eq!(parts("s3://proofs"), Ok(Some(("proofs", ""))));
        assert_eq!(parts("s3://my.proofs-1/of/acme/"), Ok(Some(("my.proofs-1", "of/acme"))));
        for not in [
            "s3://",
            "s3://ab",
            "s3://Proofs/x",
            "s3://proofs/../x",
            "s3://proofs/a//b",
            "gs://proofs",
            "s3://proofs/?x",
        ] {
            assert!(parts(not).is_err(), "{not}");
        }
    }
}
