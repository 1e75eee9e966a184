//! The tenants of host names: who logs in at `school.example.org` belongs to `school`.

use axum::http::{HeaderMap, header};
use milepost_domain::TenantId;
use std::collections::HashMap;

/// A tenant for each of some host names.
#[derive(Debug, Clone, Default)]
pub struct TenantHosts(HashMap<String, TenantId>);

impl TenantHosts {
    /// Reads entries such as `school.example.org=school`.
    ///
    /// # Errors
    /// The first entry that is none, or whose host has a tenant already.
    pub fn new(listed: &[String]) -> Result<Self, String> {
        let mut hosts = HashMap::with_capacity(listed.len());
        for entry in listed {
            let (host, tenant) = parse(entry).ok_or_else(|| entry.clone())?;
            if hosts.insert(host, tenant).is_some() {
                return Err(entry.clone());
            }
        }
        Ok(Self(hosts))
    }

    /// The tenant of the host that a request names. Its port does not count, nor does upper case.
    pub fn tenant_of(&self, headers: &HeaderMap) -> Option<&TenantId> {
        self.0.get(&host_name(headers.get(header::HOST)?.to_str().ok()?))
    }
}

fn parse(entry: &str) -> Option<(String, TenantId)> {
    let (host, tenant) = entry.split_once('=')?;
    let host = host.trim();
    let name = host_name(host);
    let is_host = !name.is_empty()
        && host.trim_end_matches('.').eq_ignore_ascii_case(&name)
        && !name.contains(['/', '@', ' ', '*']);
    is_host.then_some((name, TenantId::new(tenant.trim()).ok()?))
}

/// The host without its port and without the dot that ends a full name, in lower case.
fn host_name(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        // An IPv6 address has colons of its own, within brackets.
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn entries(listed: &[&str]) -> Vec<String> {
        listed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_host_has_its_tenant_whatever_its_port_and_case() {
        let hosts =
            TenantHosts::new(&entries(&["school.example.org=school", " Fleet.example.org = acme ", "[::1]=six"]));
        let hosts = hosts.unwrap();
        for (host, tenant) in [
            ("school.example.org", Some("school")),
            ("SCHOOL.example.org:8443", Some("school")),
            ("school.example.org.", Some("school")),
            ("fleet.example.org:80", Some("acme")),
            ("[::1]:8080", Some("six")),
            ("[::1]", Some("six")),
            ("example.org", None),
            ("evil.school.example.org", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(hosts.tenant_of(&headers).map(TenantId::as_str), tenant, "{host}");
        }
        assert_eq!(hosts.tenant_of(&HeaderMap::new()), None);
    }

    #[test]
    fn an_entry_that_names_no_host_or_no_tenant_is_refused() {
        for entry in [
            "school.example.org",
            "=school",
            "a.example.org=",
            "https://a.example=a",
            "a.example:80=a",
            "*.a=b",
            "a.b=c/d",
        ] {
            assert_eq!(TenantHosts::new(&entries(&[entry])).unwrap_err(), entry);
        }
        assert_eq!(TenantHosts::new(&entries(&["a.b=c", "A.B=d"])).unwrap_err(), "A.B=d");
    }
}
