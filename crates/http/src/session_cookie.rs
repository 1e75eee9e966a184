//! Reads and writes the cookie that holds a browser's session secret.

use axum::http::{HeaderMap, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use milepost_access::SESSION_S;

/// The cookie's name in the browser.
pub const SESSION_COOKIE: &str = "milepost_session";

/// The cookie lives as long as the session.
const MAX_AGE: Duration = Duration::seconds(SESSION_S as i64);

/// The session's secret, if the browser sent one.
pub(crate) fn session_secret(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == SESSION_COOKIE)?.value_raw()
}

/// The `Set-Cookie` header that stores `secret` in the browser.
pub(crate) fn set_session(headers: &HeaderMap, secret: &str) -> String {
    session_cookie(headers, secret, MAX_AGE)
}

/// The `Set-Cookie` header that removes the session from the browser.
pub(crate) fn remove_session(headers: &HeaderMap) -> String {
    session_cookie(headers, "", Duration::ZERO)
}

fn session_cookie(headers: &HeaderMap, secret: &str, max_age: Duration) -> String {
    // Only a proxy knows whether the browser used HTTPS. Plain HTTP on localhost must work too.
    let is_https = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    let cookie = Cookie::build((SESSION_COOKIE, secret)).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.max_age(max_age).secure(is_https).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn headers(name: &'static str, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_secret_is_found_among_other_cookies() {
        for (lines, expected) in [
            (&["milepost_session=a-b_c"][..], Some("a-b_c")),
            (&["theme=dark; milepost_session=abc; x=1"], Some("abc")),
            (&["theme=dark", "x=1;milepost_session=abc"], Some("abc")),
            (&["no cookie; =; milepost_session=abc"], Some("abc")),
            (&["milepost_session="], Some("")),
            (&["milepost_session"], None),
            (&["my_milepost_session=abc"], None),
            (&[], None),
        ] {
            assert_eq!(session_secret(&headers("cookie", lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_set_over_https_is_sent_back_over_https_only() {
        let plain = set_session(&HeaderMap::new(), "abc");
        assert_eq!(plain, "milepost_session=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600");
        let https = headers("x-forwarded-proto", &["https"]);
        assert_eq!(
            set_session(&https, "abc"),
            "milepost_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600"
        );
        assert_eq!(remove_session(&HeaderMap::new()), "milepost_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
