//! Between the native dialect's JSON and the domain's notices and manual events.

use crate::convert_object::{fields_from_json, object_from_json, object_to_json};
use crate::wire::notice::{
    MessageJson, NewMessageJson, NewSyncEventJson, NotificationJson, SentItemJson, SentJson, SyncEventJson,
};
use milepost_domain::{CadetId, Event, EventType, Fact, JsonObject, Notice, NoticeContent, NoticeId, TenantId, UserId};
use milepost_http::{FieldError, Problem, RawFields, rfc3339};
use milepost_service::records::{Addressees, NewManualEvent};

/// Fields of a message that the server writes itself. Values that a sender gives them are dropped.
const OWN_FIELDS: [&str; 5] = ["id", "sender_id", "is_read", "created_at", "read_at"];

pub(crate) fn addressees_from_json(user_ids: &[i64]) -> Result<Addressees, Problem> {
    let mut users = Vec::with_capacity(user_ids.len());
    let mut wrong = Vec::new();
    for (index, number) in user_ids.iter().enumerate() {
        match UserId::new(*number) {
            Ok(user) => users.push(user),
            Err(invalid) => {
                wrong.push(FieldError { field: format!("user_ids[{index}]"), message: invalid.message.to_owned() });
            }
        }
    }
    if wrong.is_empty() { Ok(Addressees::new(users)?) } else { Err(Problem::invalid_fields(wrong)) }
}

pub(crate) fn message_from_json(json: NewMessageJson) -> Result<JsonObject, Problem> {
    let RawFields(mut fields) = json.fields;
    fields.retain(|(name, _)| !OWN_FIELDS.contains(&name.as_str()));
    if fields.is_empty() {
        return Err(Problem::invalid("body", "must have a field beside user_ids"));
    }
    fields_from_json(&RawFields(fields), "body")
}

pub(crate) fn sync_event_from_json(json: NewSyncEventJson, tenant: TenantId) -> Result<NewManualEvent, Problem> {
    Ok(NewManualEvent {
        tenant,
        event_type: EventType::new(&json.event_type)?,
        cadet_id: json.cadet_id.map(CadetId::new).transpose()?,
        payload: object_from_json(&json.payload, "payload")?,
    })
}

pub(crate) fn sent_to_json(sent: &[Notice]) -> SentJson {
    SentJson {
        // All notices of one call have the same time, and there is at least one.
        created_at: sent.first().map(|notice| rfc3339(notice.created_at)).unwrap_or_default(),
        items: sent.iter().map(|notice| SentItemJson { id: notice.id.get(), user_id: notice.user_id.get() }).collect(),
    }
}

/// `None` if the notice is a message.
pub(crate) fn notification_to_json(notice: &Notice) -> Option<NotificationJson> {
    let NoticeContent::Notification { message, kind } = &notice.content else { return None };
    Some(NotificationJson {
        id: notice.id.get(),
        message: message.as_str().to_owned(),
        kind: kind.as_str().to_owned(),
        is_read: notice.read_at.is_some(),
        created_at: rfc3339(notice.created_at),
        read_at: notice.read_at.map(rfc3339),
    })
}

/// `None` if the notice is a notification.
pub(crate) fn message_to_json(notice: &Notice) -> Option<MessageJson> {
    let NoticeContent::Message { sender_id, fields } = &notice.content else { return None };
    Some(MessageJson {
        id: notice.id.get(),
        sender_id: sender_id.map(UserId::get),
        is_read: notice.read_at.is_some(),
        created_at: rfc3339(notice.created_at),
        read_at: notice.read_at.map(rfc3339),
        fields: RawFields::of_stored(fields.as_str()),
    })
}

/// `None` if the event is not a manual one.
pub(crate) fn sync_event_to_json(event: &Event) -> Option<SyncEventJson> {
    let Fact::ManualEvent(manual) = &event.fact else { return None };
    Some(SyncEventJson {
        event_id: event.id,
        event_type: manual.event_type.as_str().to_owned(),
        cadet_id: manual.cadet_id.map(CadetId::get),
        payload: object_to_json(&manual.payload),
        timestamp: rfc3339(event.at),
    })
}

/// Text that is not a number is answered 404: no notice has such an id.
pub(crate) fn notice_id(text: &str, what: &str) -> Result<NoticeId, Problem> {
    text.parse().ok().and_then(|number| NoticeId::new(number).ok()).ok_or_else(|| Problem::not_found(what))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_http::parse_object;

    fn message(body: &str) -> Result<JsonObject, Problem> {
        message_from_json(parse_object(body.as_bytes())?)
    }

    #[test]
    fn a_message_keeps_its_senders_fields_except_those_the_server_writes() {
        let json = r#"{"user_ids":[1.0],"id":9,"is_read":true,"subject":"Drill","body":{"lines":[1.50,null]}}"#;
        assert_eq!(message(json).unwrap().as_str(), r#"{"subject":"Drill","body":{"lines":[1.50,null]}}"#);
        for (refused, field) in [
            (r#"{"user_ids":[1],"sender_id":9}"#, "body"),
            (r#"{"subject":"Drill"}"#, "user_ids"),
            (r#"{"user_ids":[1,"a"],"subject":"Drill"}"#, "user_ids[1]"),
            (r#"{"user_ids":[1],"subject":1,"subject":2}"#, "body"),
        ] {
            let problem = message(refused).unwrap_err();
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{refused}");
        }
    }
}
