//! Which feed is polled, for whom, and how often.

use milepost_domain::TenantId;
use std::fmt;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// A feed of others.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedSource {
    /// Where it is. It may hold a key.
    pub url: Url,
    /// Whose vehicles it shows.
    pub tenant: TenantId,
    /// From the beginning of a poll to the next one.
    pub interval: Duration,
}

impl FeedSource {
    /// Its name among the leases of the nodes: the same on all of them, and without what the URL may hold.
    pub(crate) fn lease(&self) -> String {
        let named = format!("{}|{}", self.url, self.tenant);
        format!("feed:{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, named.as_bytes()))
    }

    /// Its host, for log lines.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

// Written by hand, so that a key in the URL never reaches a log line.
impl fmt::Debug for FeedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedSource").field("host", &self.host()).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
