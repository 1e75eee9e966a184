//! `TRANSIT_FEEDS`: feeds of others that are polled.

use super::parse_duration;
use milepost_domain::TenantId;
use milepost_transit_feeds::FeedSource;
use std::collections::HashSet;
use std::time::Duration;
use url::Url;

/// Feeds of one server.
const MAX_FEEDS: usize = 100;
/// How often a feed may be polled.
const INTERVALS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

/// Reads `URL|tenant|interval`, several separated by blanks.
///
/// # Errors
/// What is wrong with which entry. Entries are counted, because a URL may hold a key.
pub(super) fn transit_feeds(text: &str) -> Result<Vec<FeedSource>, String> {
    let feeds = text
        .split_whitespace()
        .enumerate()
        .map(|(index, entry)| transit_feed(entry).map_err(|takes| format!("entry {}: {takes}", index + 1)));
    let feeds: Vec<FeedSource> = feeds.collect::<Result<_, _>>()?;
    let different: HashSet<_> = feeds.iter().map(|feed| (&feed.url, &feed.tenant)).collect();
    if different.len() < feeds.len() {
        return Err("has a feed of a tenant twice".to_owned());
    }
    if feeds.len() > MAX_FEEDS {
        return Err(format!("takes {MAX_FEEDS} feeds"));
    }
    Ok(feeds)
}

fn transit_feed(entry: &str) -> Result<FeedSource, String> {
    let parts: Vec<_> = entry.split('|').collect();
    let [url, tenant, interval] = parts[..] else {
        return Err("must be URL|tenant|interval, such as https://feeds.example.org/vehicles.pb|default|15s".to_owned());
    };
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or("its URL must begin with http:// or https://")?;
    let tenant = TenantId::new(tenant).map_err(|invalid| format!("its tenant {}", invalid.message))?;
    let interval = parse_duration(interval)?;
    if !INTERVALS.contains(&interval) {
        return Err("its interval must be from 1s to 24h".to_owned());
    }
    Ok(FeedSource { url, tenant, interval })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_named_with_tenant_and_interval() {
        let feeds =
            transit_feeds("https://a.example/vp.pb?key=s3cret|metro|15s  http://b.example/siri|default|2m").unwrap();
        let read: Vec<_> =
            feeds.iter().map(|feed| (feed.url.path(), feed.tenant.as_str(), feed.interval.as_secs())).collect();
        assert_eq!(read, [("/vp.pb", "metro", 15), ("/siri", "default", 120)]);
        assert!(!format!("{feeds:?}").contains("s3cret"));
        for wrong in [
            "https://a.example/vp.pb",
            "https://a.example/vp.pb|metro",
            "ftp://a.example/|metro|15s",
            "a.example|metro|15s",
            "https://a.example/||15s",
            "https://a.example/|metro|0s",
            "https://a.example/|metro|25h",
            "https://a.example/|metro|soon",
            "https://a.example/|metro|15s https://a.example/|metro|20s",
        ] {
            let refusal = transit_feeds(wrong).unwrap_err();
            assert!(!refusal.contains("a.example/|"), "{refusal}");
        }
        assert_eq!(transit_feeds("").unwrap(), []);
    }
}
