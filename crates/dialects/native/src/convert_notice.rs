//! Between the native dialect's JSON and the domain's notices and manual events.

use crate::wire::notice::{
    MessageJson, NewMessageJson, NewSyncEventJson, NotificationJson, SentItemJson, SentJson, SyncEventJson,
};
use milepost_domain::{CadetId, Event, EventType, Fact, JsonObject, Notice, NoticeContent, NoticeId, TenantId, UserId};
use milepost_http::{FieldError, Problem, rfc3339};
use milepost_service::records::{Addressees, NewManualEvent};
use serde_json::{Map, Value};

/// Fields of a message that the server writes itself. Values that a sender gives them are dropped.
const OWN_FIELDS: [&str; 5] = ["id", "sender_id", "is_read", "created_at", "read_at"];
/// How deeply objects and lists may be nested in an object that a client sends. Deeper ones are refused: stored objects are
/// later read as a part of larger ones, and the reader gives up at 128 levels.
const MAX_LEVELS: usize = 32;

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

pub(crate) fn message_from_json(mut json: NewMessageJson) -> Result<JsonObject, Problem> {
    json.fields.retain(|name, _| !OWN_FIELDS.contains(&name.as_str()));
    if json.fields.is_empty() {
        return Err(Problem::invalid("body", "must have a field beside user_ids"));
    }
    object_from_json(&json.fields, "body")
}

pub(crate) fn sync_event_from_json(json: &NewSyncEventJson, tenant: TenantId) -> Result<NewManualEvent, Problem> {
    Ok(NewManualEvent {
        tenant,
        event_type: EventType::new(&json.event_type)?,
        cadet_id: json.cadet_id.map(CadetId::new).transpose()?,
        payload: object_from_json(&json.payload, "payload")?,
    })
}

/// `field` is the name that a refusal gives to the object.
pub(crate) fn object_from_json(object: &Map<String, Value>, field: &'static str) -> Result<JsonObject, Problem> {
    if object.values().any(|value| is_deeper_than(value, MAX_LEVELS - 1)) {
        return Err(Problem::invalid(field, "must not have more than 32 objects and lists within each other"));
    }
    let text = serde_json::to_string(object).map_err(|_| Problem::invalid(field, "can't be read"))?;
    Ok(JsonObject::of_parsed(text, field)?)
}

/// Recurses at most `levels` deep itself.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let deeper = |inner: &Value| levels == 0 || is_deeper_than(inner, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(deeper),
        Value::Object(fields) => levels == 0 || fields.values().any(deeper),
        _ => false,
    }
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
        fields: object_to_json(fields),
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

pub(crate) fn object_to_json(object: &JsonObject) -> Map<String, Value> {
    serde_json::from_str(object.as_str()).unwrap_or_default()
}

/// Text that is not a number is answered 404: no notice has such an id.
pub(crate) fn notice_id(text: &str, what: &str) -> Result<NoticeId, Problem> {
    text.parse().ok().and_then(|number| NoticeId::new(number).ok()).ok_or_else(|| Problem::not_found(what))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn nested(levels: usize) -> Map<String, Value> {
        let mut value = json!(1);
        for level in 1..levels {
            value = if level % 2 == 0 { json!({ "a": value }) } else { json!([value]) };
        }
        Map::from_iter([("a".to_owned(), value)])
    }

    #[test]
    fn an_object_may_be_32_levels_deep_and_16384_bytes_long() {
        assert!(object_from_json(&nested(32), "payload").is_ok());
        assert_eq!(object_from_json(&nested(33), "payload").unwrap_err().status, 422);
        let long = |bytes: usize| Map::from_iter([("a".to_owned(), json!("x".repeat(bytes - r#"{"a":""}"#.len())))]);
        assert_eq!(object_from_json(&long(16_384), "payload").unwrap().as_str().len(), 16_384);
        assert_eq!(object_from_json(&long(16_385), "payload").unwrap_err().errors[0].field, "payload");
    }

    #[test]
    fn a_message_keeps_its_senders_fields_except_those_the_server_writes() {
        let json = json!({"user_ids": [1], "id": 9, "is_read": true, "subject": "Drill", "body": {"lines": [1, null]}});
        let kept = message_from_json(serde_json::from_value(json).unwrap()).unwrap();
        let kept: Value = serde_json::from_str(kept.as_str()).unwrap();
        assert_eq!(kept, json!({"subject": "Drill", "body": {"lines": [1, null]}}));
        let nothing = json!({"user_ids": [1], "sender_id": 9});
        assert_eq!(message_from_json(serde_json::from_value(nothing).unwrap()).unwrap_err().status, 422);
    }
}
