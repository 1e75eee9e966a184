//! One try of one call over HTTP.

use crate::mail::MailServer;
use crate::push::{has_expired, push_request};
use crate::queues::{Lane, MAX_PER_PUSH_SERVICE, ReceiverKind};
use crate::resolver::{AddressRefused, CheckedResolver};
use crate::retry::{Ending, parse_retry_after};
use crate::signature::sign;
use crate::urls::{host_of, host_of_text, webhook_url};
use crate::{OutboxConfig, ServiceUrl};
use milepost_domain::{Target, Timestamp};
use milepost_store::{DueCall, DueQueue, DueReceiver, DueWebhook, OutgoingStore};
use reqwest::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response};
use std::error::Error;
use std::fmt::Write as _;
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
    mails: Option<MailServer>,
}

impl Sender {
    pub(crate) fn new(config: OutboxConfig) -> Self {
        let mails = config.mail.clone().map(MailServer::new);
        Self { config, services: OnceLock::new(), guarded: OnceLock::new(), mails }
    }

    /// The lane of a queue's calls; `None` when their service is not configured, so that they have to wait.
    pub(crate) fn lane(&self, due: &DueQueue) -> Option<Lane> {
        let service = |url: &Option<ServiceUrl>| {
            // The try finds out whether the call's path is usable.
            let host = url.as_ref()?.of_call("/").as_ref().map(host_of).unwrap_or_default();
            Some((ReceiverKind::Service, host))
        };
        let (kind, host) = match &due.receiver {
            DueReceiver::Orders => service(&self.config.orders)?,
            DueReceiver::Notifications => service(&self.config.notifications)?,
            DueReceiver::Webhook { url } => (ReceiverKind::Webhook, host_of_text(url)),
            DueReceiver::Mail { user } => {
                self.mails.as_ref()?;
                (ReceiverKind::Mail, format!("mail/{user}"))
            }
            DueReceiver::Push { endpoint } => {
                self.config.vapid.as_ref()?;
                (ReceiverKind::Push, host_of_text(endpoint))
            }
        };
        Some(Lane { tenant: due.tenant.clone(), host, kind })
    }

    /// Tries a call.
    pub(crate) async fn send(&self, store: &dyn OutgoingStore, call: &DueCall, now: Timestamp) -> Ending {
        if let (Target::Mail(_), Some(mails)) = (call.target, &self.mails) {
            return mails.send(store, call, now).await;
        }
        if has_expired(call, now) {
            return Ending::Unsent("it was of no interest any more before it was taken");
        }
        if is_disabled(call) {
            return Ending::Unsent("the webhook is disabled");
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
            Target::Mail(_) => return Err("no mail server is configured"),
        };
        let url = service.as_ref().ok_or("the service's URL is not configured")?.of_call(&call.path);
        let url = url.ok_or("the call's path can't be put after the service's URL")?;
        let request = self.services().post(url).header("Idempotency-Key", &call.key);
        Ok(json(request.header("Milepost-Tenant", percent_encode(call.tenant.as_str())), call))
    }

    fn webhook_request(&self, call: &DueCall, now: Timestamp) -> Result<RequestBuilder, &'static str> {
        let DueWebhook { url, secret, old_secrets, .. } = call.webhook.as_ref().ok_or("the webhook was removed")?;
        // Checked again: the rule may have changed since the URL was stored.
        let url = webhook_url(url, &self.config.webhook_addresses)
            .map_err(|_| "the webhook's URL is not allowed any more, see MILEPOST_WEBHOOK_ALLOW")?;
        let at_s = now.unix_ms().div_euclid(1_000);
        let request = json(self.guarded().post(url), call);
        let old = old_secrets.iter().filter(|old| old.valid_until > now).map(|old| &old.secret);
        let signatures: Vec<String> =
            std::iter::once(secret).chain(old).map(|secret| sign(secret, &call.key, at_s, &call.body)).collect();
        Ok(request
            .header("webhook-id", &call.key)
            .header("webhook-timestamp", at_s)
            .header("webhook-signature", signatures.join(" ")))
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

/// A tenant's id as a header's value: everything but the unreserved characters of RFC 3986 is encoded.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

async fn read_answer(mut response: Response, now: Timestamp) -> Ending {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = header(RETRY_AFTER).and_then(|value| parse_retry_after(value, header(DATE), now));
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
