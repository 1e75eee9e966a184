//! The page on which a link leads: a form for a new password, which works without scripts.

use crate::{ClientAddress, HttpContext, json::read_body, query_value};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use milepost_access::AccessError;
use milepost_domain::Language;
use std::sync::Arc;

/// The form's fields take less.
const MAX_FORM_BYTES: usize = 8 * 1024;
const PAGE: &str = include_str!("reset_page.html");
/// Nothing is loaded, and nobody learns the link: neither a frame nor a page that is opened from here.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What the page says in one language.
struct Words {
    lang: &'static str,
    title: &'static str,
    lead: &'static str,
    password: &'static str,
    save: &'static str,
    done: &'static str,
    sign_in: &'static str,
    gone: &'static str,
    unfit: &'static str,
    failed: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    title: "Set your password",
    lead: "At least 8 characters. A few words in a row are easy to remember and hard to guess.",
    password: "New password",
    save: "Save password",
    done: "Your password is set. You were signed out everywhere.",
    sign_in: "Sign in",
    gone: "This link was used before or has expired. Ask for a new one.",
    unfit: "Choose another password: it is too short, or many people have it.",
    failed: "That did not work. Try again soon.",
};

const INDONESIAN: Words = Words {
    lang: "id",
    title: "Atur kata sandi Anda",
    lead: "Minimal 8 karakter. Beberapa kata berurutan mudah diingat dan sulit ditebak.",
    password: "Kata sandi baru",
    save: "Simpan kata sandi",
    done: "Kata sandi Anda sudah diatur. Anda telah keluar dari semua perangkat.",
    sign_in: "Masuk",
    gone: "Tautan ini sudah digunakan atau sudah kedaluwarsa. Mintalah tautan baru.",
    unfit: "Pilih kata sandi lain: terlalu pendek, atau banyak orang memakainya.",
    failed: "Tidak berhasil. Coba lagi sebentar lagi.",
};

/// `GET /reset?token=…` shows the form, and its `POST` sets the password.
pub fn reset_page_routes(context: Arc<HttpContext>) -> Router {
    Router::new().route("/reset", get(show_form).post(set_password)).with_state(context)
}

async fn show_form(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let words = words_of(&parts.headers);
    let token = query_value(&parts, "token").unwrap_or_default();
    page(words, StatusCode::OK, &form(words, &token, ""))
}

async fn set_password(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Response {
    let words = words_of(request.headers());
    let Ok(body) = read_body(request, MAX_FORM_BYTES).await else {
        return page(words, StatusCode::BAD_REQUEST, &note(words.failed));
    };
    let field = |name: &str| {
        let mut fields = url::form_urlencoded::parse(&body);
        fields.find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
    };
    let token = field("token");
    match context.access.reset_password(&token, field("password"), address).await {
        Ok(()) => {
            page(words, StatusCode::OK, &format!("{}<p><a href=\"/login\">{}</a></p>", note(words.done), words.sign_in))
        }
        Err(AccessError::Gone(_)) => page(words, StatusCode::GONE, &note(words.gone)),
        Err(AccessError::Invalid(_)) => {
            page(words, StatusCode::UNPROCESSABLE_ENTITY, &form(words, &token, words.unfit))
        }
        Err(error) => {
            tracing::warn!(%error, "a password could not be set with a link");
            page(words, StatusCode::SERVICE_UNAVAILABLE, &form(words, &token, words.failed))
        }
    }
}

/// The language that the browser prefers, of those that there are.
fn words_of(headers: &HeaderMap) -> &'static Words {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = accepted.split(',').filter_map(|range| {
        let primary = range.split([';', '-']).next().unwrap_or_default().trim().to_ascii_lowercase();
        Language::parse(&primary).ok()
    });
    match known.into_iter().next() {
        Some(Language::Indonesian) => &INDONESIAN,
        Some(Language::English) | None => &ENGLISH,
    }
}

fn note(text: &str) -> String {
    format!("<p role=\"status\">{text}</p>")
}

fn form(words: &Words, token: &str, error: &str) -> String {
    let Words { lead, password, save, .. } = words;
    let token = escape(token);
    format!(
        "<form method=\"post\" action=\"/reset\"><p>{lead}</p><input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <label>{password}<input name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"8\" \
         maxlength=\"1024\" required autofocus></label><p class=\"error\" role=\"alert\">{error}</p>\
         <button type=\"submit\">{save}</button></form>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn page(words: &Words, status: StatusCode, content: &str) -> Response {
    let html = PAGE.replace("{lang}", words.lang).replace("{title}", words.title).replace("{content}", content);
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{escape, words_of};
    use axum::http::{HeaderMap, header};

    #[test]
    fn the_page_speaks_the_first_language_that_it_knows() {
        for (accepted, lang) in
            [("id-ID,id;q=0.9,en;q=0.8", "id"), ("de, ID;q=0.5", "id"), ("en, id", "en"), ("", "en")]
        {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().unwrap())]);
            assert_eq!(words_of(&headers).lang, lang, "{accepted}");
        }
    }

    #[test]
    fn a_token_stays_a_value() {
        assert_eq!(escape("\"><script>&"), "&quot;>&lt;script>&amp;");
    }
}
