//! Writes a mail: plain text beside HTML, in the language and time zone of its reader.

use super::words::{Words, words_in};
use super::{AlertLine, MailBody, MailSettings, ReportLine};
use jiff::Zoned;
use jiff::tz::TimeZone;
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use milepost_domain::{EmailAddress, JobFile, Language, ReportScheduleId, Timestamp};
use milepost_store::{DueCall, DueMail};
use std::time::{Duration, UNIX_EPOCH};

/// A paragraph of a mail.
enum Part {
    Text(String),
    /// What a link is for, and the link.
    Link(&'static str, String),
}

/// A file in a mail.
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// What is made when a mail is sent.
pub(super) struct Extras {
    /// The link of a mail that has one, and the time of its end.
    pub(super) link: Option<(String, Timestamp)>,
    /// The file of a report, unless the mail has a link to it.
    pub(super) attached: Option<Attached>,
}

/// Writes the mail of a call.
///
/// # Errors
/// When an address or a header can't be written.
pub(super) fn write_message(
    settings: &MailSettings,
    call: &DueCall,
    receiver: &DueMail,
    body: &MailBody,
    extras: Extras,
    now: Timestamp,
) -> Result<Vec<u8>, String> {
    let words = words_in(receiver.contact.language.unwrap_or_default());
    let time = |at: Timestamp| time_of(at, receiver, words);
    let name = format!("{}/{}", receiver.tenant, receiver.username);
    let (url, until) = extras.link.as_ref().map_or_else(Default::default, |(url, ends)| (url.clone(), time(*ends)));
    let unsubscribe = unsubscribe_link(settings, receiver, body);
    let (subject, mut parts) = match body {
        MailBody::Reset => (
            words.reset_subject.to_owned(),
            vec![
                Part::Text(words.reset_lead.replace("{name}", &name)),
                Part::Link(words.set_password, url),
                Part::Text(words.link_until.replace("{until}", &until)),
                Part::Text(words.reset_ignore.to_owned()),
            ],
        ),
        MailBody::Invitation => (
            words.invitation_subject.to_owned(),
            vec![
                Part::Text(words.invitation_lead.replace("{name}", &name)),
                Part::Link(words.set_password, url),
                Part::Text(words.link_until.replace("{until}", &until)),
            ],
        ),
        MailBody::Confirm { .. } => (
            words.confirm_subject.to_owned(),
            vec![
                Part::Text(words.confirm_lead.replace("{name}", &name)),
                Part::Link(words.confirm, url),
                Part::Text(words.link_until.replace("{until}", &until)),
                Part::Text(words.confirm_ignore.to_owned()),
            ],
        ),
        MailBody::Alert(alert) => {
            let mut parts = vec![Part::Text(alert.message.clone())];
            parts.extend(facts_of(alert, words, time).into_iter().map(Part::Text));
            parts.push(Part::Link(words.open, format!("{}/", settings.public_url)));
            (alert.title.clone(), parts)
        }
        MailBody::Alerts { alerts, more } => {
            let tell = |alert: &AlertLine| {
                let facts = facts_of(alert, words, time).join("\n");
                Part::Text(format!("{}\n{}\n{facts}", alert.title, alert.message))
            };
            let mut parts: Vec<Part> = alerts.iter().map(tell).collect();
            if *more > 0 {
                parts.push(Part::Text(words.more.replace("{n}", &more.to_string())));
            }
            parts.push(Part::Link(words.open, format!("{}/", settings.public_url)));
            let subject = match alerts.as_slice() {
                [alert] => alert.title.clone(),
                all => words.gathered_subject.replace("{n}", &(all.len() + more).to_string()),
            };
            (subject, parts)
        }
        MailBody::Report(report) => {
            let period = period_of(report, words);
            let mut parts = vec![Part::Text(
                words.report_lead.replace("{kind}", words.report_named(&report.kind)).replace("{period}", &period),
            )];
            let file = receiver.file.as_ref().map_or_else(String::new, |file| named_file(file, words));
            if extras.attached.is_some() {
                parts.push(Part::Text(words.report_attached.replace("{file}", &file)));
            } else {
                parts.push(Part::Text(words.report_linked.replace("{file}", &file)));
            }
            parts.push(Part::Text(format!("{}: {}", words.report_made, time(call.created_at))));
            parts.push(Part::Link(words.report_open, format!("{}/reports?job={}", settings.public_url, report.job)));
            let title = report.schedule.as_ref().map_or(words.report_named(&report.kind), |(_, name)| name.as_str());
            (format!("{title}: {period}"), parts)
        }
    };
    let what = if matches!(body, MailBody::Report(_)) { words.report_unsubscribe } else { words.unsubscribe };
    parts.extend(unsubscribe.as_ref().map(|url| Part::Link(what, url.clone())));
    let date = UNIX_EPOCH + Duration::from_millis(now.unix_ms().unsigned_abs());
    let domain = settings.from.0.email.domain();
    let to = address_of(receiver, body).unwrap_or("").parse().map_err(|error: AddressError| error.to_string())?;
    let mut message = Message::builder()
        .from(settings.from.0.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        // The same at each try, so that a receiver knows a repetition.
        .message_id(Some(format!("<{}@{domain}>", call.key)))
        .date(date)
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(url) = unsubscribe {
        // RFC 8058: one POST without a question.
        message = message
            .raw_header(header("List-Unsubscribe", format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    let alternatives = MultiPart::alternative_plain_html(plain(&parts), html(&parts, words));
    let content = match extras.attached {
        Some(file) => MultiPart::mixed().multipart(alternatives).singlepart(attachment(file)?),
        None => alternatives,
    };
    message.multipart(content).map(|message| message.formatted()).map_err(|error| error.to_string())
}

fn attachment(file: Attached) -> Result<SinglePart, String> {
    let media_type = ContentType::parse(&file.media_type).map_err(|error| error.to_string())?;
    // Byte for byte: mail servers may change the ends of lines in texts.
    let body = Body::new_with_encoding(file.bytes, ContentTransferEncoding::Base64);
    let body = body.map_err(|_| "the file can't be encoded".to_owned())?;
    Ok(Attachment::new(file.name).body(body, media_type))
}

/// The link that ends mails of this kind. A report that its reader asked for is the only one of its kind.
fn unsubscribe_link(settings: &MailSettings, receiver: &DueMail, body: &MailBody) -> Option<String> {
    let email = receiver.contact.email.as_ref()?;
    let token = match body {
        MailBody::Alert(_) | MailBody::Alerts { .. } => (settings.sign_unsubscribe)(receiver.user, email),
        MailBody::Report(report) => {
            let (id, _) = report.schedule.as_ref()?;
            (settings.sign_report_unsubscribe)(receiver.user, email, ReportScheduleId::new(*id).ok()?)
        }
        MailBody::Reset | MailBody::Invitation | MailBody::Confirm { .. } => return None,
    };
    Some(format!("{}/unsubscribe?token={token}", settings.public_url))
}

/// The time of a report by the clocks of its own zone, whole days without their hours: `23 November 2026 – 29 November 2026 (Asia/Jakarta)`.
fn period_of(report: &ReportLine, words: &Words) -> String {
    let zone = TimeZone::get(&report.timezone).unwrap_or(TimeZone::UTC);
    let local =
        |ms| jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
    let is_whole = |at: &Zoned| at.start_of_day().is_ok_and(|begin| begin == *at);
    let (from, to) = (local(report.from_ms), local(report.to_ms));
    let zone = &report.timezone;
    if !is_whole(&from) || !is_whole(&to) {
        let written = |at: &Zoned| format!("{}, {}", date_of(at, words), clock_of(at, words));
        return format!("{} – {} ({zone})", written(&from), written(&to));
    }
    let (first, last) = (date_of(&from, words), date_of(&local(report.to_ms - 1), words));
    if first == last { format!("{first} ({zone})") } else { format!("{first} – {last} ({zone})") }
}

/// A file's name and size.
fn named_file(file: &JobFile, words: &Words) -> String {
    let size = if file.bytes < 1024 * 1024 {
        format!("{} KB", file.bytes.div_ceil(1024))
    } else {
        let tenths = file.bytes * 10 / (1024 * 1024);
        let point = if words.lang == Language::Indonesian.as_str() { ',' } else { '.' };
        format!("{}{point}{} MB", tenths / 10, tenths % 10)
    };
    format!("{} ({size})", file.name)
}

/// Where a mail goes.
pub(super) fn address_of<'a>(receiver: &'a DueMail, body: &'a MailBody) -> Option<&'a str> {
    match body {
        MailBody::Confirm { email } => Some(email),
        _ => receiver.contact.email.as_ref().map(EmailAddress::as_str),
    }
}

/// When and where it was, and how severe.
fn facts_of(alert: &AlertLine, words: &Words, time: impl Fn(Timestamp) -> String) -> Vec<String> {
    let at = Timestamp::from_unix_ms(alert.at_ms).map_or_else(String::new, time);
    let mut facts = vec![format!("{}: {at}", words.time)];
    facts.extend(alert.vehicle.as_ref().map(|vehicle| format!("{}: {vehicle}", words.vehicle)));
    facts.push(format!("{}: {}", words.severity, words.severity_named(&alert.severity)));
    facts
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn plain(parts: &[Part]) -> String {
    let line = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Link(what, url) => format!("{what}:\n{url}"),
    };
    parts.iter().map(line).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// Nothing is loaded from anywhere.
fn html(parts: &[Part], words: &Words) -> String {
    let paragraph = |part: &Part| match part {
        Part::Text(text) => format!("<p>{}</p>", escape(text).replace('\n', "<br>")),
        Part::Link(what, url) => format!("<p><a href=\"{}\">{what}</a></p>", escape(url)),
    };
    let paragraphs: String = parts.iter().map(paragraph).collect();
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"></head>\
         <body style=\"font: 16px/1.5 sans-serif; color: #1d2521\">{paragraphs}</body></html>",
        words.lang
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A time by the clocks of the reader's zone, with its name: `30 November 2026, 17:05 (Asia/Kolkata, UTC+05:30)`.
fn time_of(at: Timestamp, receiver: &DueMail, words: &Words) -> String {
    let zone = receiver.contact.timezone.as_ref().and_then(|zone| TimeZone::get(zone.as_str()).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.unix_ms()) else { return at.to_string() };
    let local = instant.to_zoned(zone);
    let name = local.time_zone().iana_name().unwrap_or("UTC").to_owned();
    let offset = local.strftime("%:z");
    let named = if name == "UTC" { name } else { format!("{name}, UTC{offset}") };
    format!("{}, {} ({named})", date_of(&local, words), clock_of(&local, words))
}

fn date_of(local: &Zoned, words: &Words) -> String {
    let month = words.months[usize::from(local.month().unsigned_abs()).saturating_sub(1).min(11)];
    format!("{} {month} {}", local.day(), local.year())
}

fn clock_of(local: &Zoned, words: &Words) -> String {
    local.strftime(if words.lang == Language::Indonesian.as_str() { "%H.%M" } else { "%H:%M" }).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::words::words_in;
    use super::{ReportLine, period_of, time_of};
    use milepost_domain::{Contact, Language, TenantId, Timestamp, UserId, Username, ZoneName};
    use milepost_store::DueMail;

    #[test]
    fn a_time_is_by_the_readers_clock_and_names_its_zone() {
        let at = Timestamp::from_unix_ms(1_795_996_800_000).unwrap();
        for (zone, language, expected) in [
            (Some("Asia/Kolkata"), Language::English, "30 November 2026, 05:30 (Asia/Kolkata, UTC+05:30)"),
            (Some("Asia/Jakarta"), Language::Indonesian, "30 November 2026, 07.00 (Asia/Jakarta, UTC+07:00)"),
            (Some("America/St_Johns"), Language::English, "29 November 2026, 20:30 (America/St_Johns, UTC-03:30)"),
            (None, Language::Indonesian, "30 November 2026, 00.00 (UTC)"),
        ] {
            let receiver = DueMail {
                user: UserId::new(1).unwrap(),
                username: Username::new("ann").unwrap(),
                tenant: TenantId::default_tenant(),
                contact: Contact { timezone: zone.map(|zone| ZoneName::new(zone).unwrap()), ..Contact::default() },
                expires_at: None,
                was_refused: false,
                may_enter: true,
                sees_fleet: false,
                file: None,
            };
            assert_eq!(time_of(at, &receiver, words_in(language)), expected);
        }
    }

    #[test]
    fn the_time_of_a_report_is_by_the_clocks_of_its_zone_in_the_readers_language() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        // 2026-11-30T00:00:00+07:00.
        let day = 1_795_971_600_000;
        let of = |from_ms, to_ms, language| {
            let report = ReportLine {
                kind: "trips".to_owned(),
                from_ms,
                to_ms,
                timezone: "Asia/Jakarta".to_owned(),
                job: String::new(),
                schedule: None,
                is_of_fleet: true,
            };
            period_of(&report, words_in(language))
        };
        assert_eq!(of(day, day + DAY_MS, Language::English), "30 November 2026 (Asia/Jakarta)");
        assert_eq!(
            of(day - 30 * DAY_MS, day, Language::Indonesian),
            "31 Oktober 2026 – 29 November 2026 (Asia/Jakarta)"
        );
        assert_eq!(
            of(day, day + DAY_MS / 24, Language::English),
            "30 November 2026, 00:00 – 30 November 2026, 01:00 (Asia/Jakarta)"
        );
    }
}
