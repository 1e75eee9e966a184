//! Reads and writes the cookie that holds a browser's session secret.

use axum::http::{HeaderMap, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use milepost_access::SESSION_S;

/// The cookie with a login that waits for an identity provider.
const BEGUN_LOGIN_COOKIE: &str = "milepost_login";
/// It is sent to the routes of such logins alone.
const BEGUN_LOGIN_PATH: &str = "/auth/oidc";
/// A login may take so long at the provider.
const BEGUN_LOGIN_AGE: Duration = Duration::minutes(10);

/// The cookie's name in the browser.
pub const SESSION_COOKIE: &str = "milepost_session";

/// The cookie lives as long as the session.
const MAX_AGE: Duration = Duration::seconds(SESSION_S as i64);

/// The session's secret, if the browser sent one.
pub(crate) fn session_secret(headers: &HeaderMap) -> Option<&str> {
    value_of(headers, SESSION_COOKIE)
}

/// The login that waits for an identity provider, if the browser sent one.
pub(crate) fn begun_login(headers: &HeaderMap) -> Option<&str> {
    value_of(headers, BEGUN_LOGIN_COOKIE)
}

/// The `Set-Cookie` header that keeps such a login.
pub(crate) fn set_begun_login(sealed: &str, is_https: bool) -> String {
    begun_login_cookie(sealed, is_https, BEGUN_LOGIN_AGE)
}

/// The `Set-Cookie` header that removes it.
pub(crate) fn remove_begun_login(is_https: bool) -> String {
    begun_login_cookie("", is_https, Duration::ZERO)
}

fn begun_login_cookie(sealed: &str, is_https: bool, max_age: Duration) -> String {
    // Lax, because the browser comes back from another site.
    let cookie =
        Cookie::build((BEGUN_LOGIN_COOKIE, sealed)).path(BEGUN_LOGIN_PATH).http_only(true).same_site(SameSite::Lax);
    cookie.max_age(max_age).secure(is_https).to_string()
}

/// The value of the cookie with this name, if it is not empty.
pub(crate) fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    value_of(headers, name).filter(|value| !value.is_empty())
}

/// The `Set-Cookie` header of a session under a dialect's own name, which ends with the browser.
pub(crate) fn named_session(headers: &HeaderMap, name: &'static str, secret: &str) -> String {
    let cookie = Cookie::build((name, secret)).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(is_https(headers)).to_string()
}

/// The `Set-Cookie` header that removes it.
pub(crate) fn removed_session(headers: &HeaderMap, name: &'static str) -> String {
    let cookie = Cookie::build((name, "")).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.max_age(Duration::ZERO).secure(is_https(headers)).to_string()
}

/// Only a proxy knows whether the browser used HTTPS. Plain HTTP on localhost must work too.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https")
}

fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name)?.value_raw()
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
    let cookie = Cookie::build((SESSION_COOKIE, secret)).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.max_age(max_age).secure(is_https(headers)).to_string()
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
