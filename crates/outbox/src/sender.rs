//! One try of one call over HTTP.

use crate::OutboxConfig;
use crate::host_queues::MAX_PER_PUSH_SERVICE;
use crate::push::{has_expired, push_request};
use crate::resolver::{AddressRefused, CheckedResolver};
use crate::retry::{Ending, parse_retry_after};
use crate::signature::sign;
use crate::urls::{host_of, webhook_url};
use milepost_domain::{Target, Timestamp};
use milepost_store::{DueCall, DueWebhook};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const USER_AGENT: &str = concat!("Milepost/", env!("CARGO_PKG_VERSION"));
/// How much of an answer's body is read, so that its connection can be used again. A longer body drops the connection.
const MAX_ANSWER_BYTES: usize = 4_096;
/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the body of an answer is read.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);
/// How much of a failure's description is stored.
const MAX_ERROR_CHARS: usize = 200;

/// Sends calls. The clients are made when the first call needs them: they read the system's certificates.
pub(crate) struct Sender {
    config: OutboxConfig,
    services: OnceLock<Client>,
    /// For addresses that others chose: webhooks and push services.
    guarded: OnceLock<Client>,
}

impl Sender {
    pub(crate) fn new(config: OutboxConfig) -> Self {
        Self { config, services: OnceLock::new(), guarded: OnceLock::new() }
    }

    /// The host that a call goes to; `None` when its service is not configured, so that it has to wait.
    pub(crate) fn host(&self, call: &DueCall) -> Option<String> {
        let service = match call.target {
            Target::Orders => self.config.orders.as_ref()?,
            Target::Notifications => self.config.notifications.as_ref()?,
            Target::Webhook(_) => return Some(host_of_text(call.webhook.as_ref().map(|webhook| webhook.url.as_str()))),
            Target::Push(_) => {
                self.config.vapid.as_ref()?;
                return Some(host_of_text(call.push.as_ref().map(|push| push.endpoint.as_str())));
            }
        };
        // The try finds out whether the call's path is usable.
        Some(service.of_call("/").as_ref().map(host_of).unwrap_or_default())
    }

    /// Tries a call.
    pub(crate) async fn send(&self, call: &DueCall, now: Timestamp) -> Ending {
        if has_expired(call, now) {
            return Ending::Unsent("it was of no interest any more before it was taken");
        }
        if is_disabled(call) {
            return Ending::Unsent("the webhook is disabled: its receiver answered 410");
        }
        let request = match self.request(call, now) {
            Ok(request) => request,
            Err(error) => return Ending::Unanswered(error.to_owned()),
        };
        // One deadline for the whole exchange, because headers that trickle in are no answer. The machine's time, here and
        // below: a test that turns the clock must not cut a call off.
        match tokio::time::timeout(self.config.timing.try_timeout, request.send()).await {
            Ok(Ok(response)) => read_answer(response, now).await,
            Ok(Err(error)) => Ending::Unanswered(self.in_words(&error)),
            Err(_) => Ending::Unanswered(self.too_late()),
        }
    }

    fn request(&self, call: &DueCall, now: Timestamp) -> Result<RequestBuilder, &'static str> {
        let service = match call.target {
            Target::Orders => &self.config.orders,
            Target::Notifications => &self.config.notifications,
            Target::Webhook(_) => return self.webhook_request(call, now),
            Target::Push(_) => return push_request(self.guarded(), &self.config, call, now),
        };
        let url = service.as_ref().ok_or("the service's URL is not configured")?.of_call(&call.path);
        let url = url.ok_or("the call's path can't be put after the service's URL")?;
        Ok(json(self.services().post(url).header("Idempotency-Key", &call.key), call))
    }

    fn webhook_request(&self, call: &DueCall, now: Timestamp) -> Result<RequestBuilder, &'static str> {
        let DueWebhook { url, secret, .. } = call.webhook.as_ref().ok_or("the webhook was removed")?;
        // Checked again: the rule may have changed since the URL was stored.
        let url = webhook_url(url, &self.config.webhook_addresses)
            .map_err(|_| "the webhook's URL is not allowed any more, see MILEPOST_WEBHOOK_ALLOW")?;
        let at_s = now.unix_ms().div_euclid(1_000);
        let request = json(self.guarded().post(url), call);
        Ok(request
            .header("webhook-id", &call.key)
            .header("webhook-timestamp", at_s)
            .header("webhook-signature", sign(secret, &call.key, at_s, &call.body)))
    }

    /// The client for the operator's own services, which may have any address.
    fn services(&self) -> &Client {
        self.services.get_or_init(|| build(|| self.plain()))
    }

    fn guarded(&self) -> &Client {
        self.guarded.get_or_init(|| {
            let rule = Arc::new(self.config.webhook_addresses.clone());
            build(|| self.plain().dns_resolver(CheckedResolver(Arc::clone(&rule))))
        })
    }

    fn plain(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.config.timing.connect_timeout)
            .redirect(Policy::none())
            // A proxy would resolve hosts itself and bypass the check of their addresses.
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(MAX_PER_PUSH_SERVICE)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            // Tries are counted and paced by the outbox.
            .retry(reqwest::retry::never())
    }

    fn too_late(&self) -> String {
        format!("no answer within {} s", self.config.timing.try_timeout.as_secs_f32())
    }

    /// The error without the URL, which may hold a secret.
    fn in_words(&self, error: &reqwest::Error) -> String {
        let causes = || std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
        if let Some(refused) = causes().find_map(|cause| cause.downcast_ref::<AddressRefused>()) {
            return refused.to_string();
        }
        if error.is_timeout() {
            return if error.is_connect() { "could not connect in time".to_owned() } else { self.too_late() };
        }
        let what = if error.is_connect() { "could not connect" } else { "the connection broke" };
        match causes().last() {
            Some(cause) => format!("{what}: {cause}").chars().take(MAX_ERROR_CHARS).collect(),
            None => what.to_owned(),
        }
    }
}

/// Whether the call's webhook was disabled while the call waited. Such a call is given up without a try.
pub(crate) fn is_disabled(call: &DueCall) -> bool {
    call.webhook.as_ref().is_some_and(|webhook| webhook.is_disabled)
}

fn json(request: RequestBuilder, call: &DueCall) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(call.body.clone())
}

/// The host of a URL, or an empty name: the try finds out what is wrong with the URL.
fn host_of_text(url: Option<&str>) -> String {
    url.and_then(|url| Url::parse(url).ok()).as_ref().map(host_of).unwrap_or_default()
}

async fn read_answer(mut response: Response, now: Timestamp) -> Ending {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|value| parse_retry_after(value, now));
    // The status was the answer: nothing in its body can change it.
    let _ = tokio::time::timeout(BODY_TIMEOUT, async {
        let mut left = MAX_ANSWER_BYTES;
        while let Ok(Some(chunk)) = response.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    })
    .await;
    Ending::Answered { status, retry_after }
}

fn build(builder: impl Fn() -> ClientBuilder) -> Client {
    builder().build().unwrap_or_else(|error| {
        // Most likely this machine has no certificates. Calls by plain HTTP still work.
        tracing::warn!(%error, "calls by https will fail: their client could not be created");
        builder().tls_certs_only([]).build().expect("a client that trusts nobody needs nothing of the system")
    })
}
