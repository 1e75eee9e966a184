//! Notifications, messages and manual events.

use milepost_http::RawFields;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use utoipa::ToSchema;

/// A notification to be sent.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewNotificationJson {
    /// The users who get it, 1 to 1000. A user that is named twice gets it once.
    pub user_ids: Vec<i64>,
    /// Text for people, at most 2000 characters.
    #[schema(example = "Drill is moved to 14:00")]
    pub message: String,
    /// Kind for programs, at most 64 characters; `admin_message` if absent.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// A notification.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationJson {
    pub id: i64,
    /// Text for people.
    pub message: String,
    /// Kind for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// True once its user has marked it read.
    pub is_read: bool,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// When it was marked read; null before.
    pub read_at: Option<String>,
}

/// A message to be sent: `user_ids`, and any other fields that the sender chooses.
#[derive(ToSchema)]
pub(crate) struct NewMessageJson {
    /// The users who get it, 1 to 1000. A user that is named twice gets it once.
    pub user_ids: Vec<i64>,
    /// The message's fields, at least one. In all at most 16,384 bytes and 32 levels of nesting.
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub fields: RawFields,
}

impl<'de> Deserialize<'de> for NewMessageJson {
    /// Serde's `flatten` converts numbers on the way.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = NewMessageJson;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<NewMessageJson, M::Error> {
                let mut user_ids = None;
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name != "user_ids" {
                        fields.push((name, map.next_value()?));
                    } else if user_ids.replace(map.next_value()?).is_some() {
                        return Err(M::Error::duplicate_field("user_ids"));
                    }
                }
                let user_ids = user_ids.ok_or_else(|| M::Error::missing_field("user_ids"))?;
                Ok(NewMessageJson { user_ids, fields: RawFields(fields) })
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A message: the sender's fields, and these.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageJson {
    pub id: i64,
    /// Number of the user who sent it; null if the sender's token has no number.
    pub sender_id: Option<i64>,
    /// True once its user has marked it read.
    pub is_read: bool,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// When it was marked read; null before.
    pub read_at: Option<String>,
    /// The sender's fields.
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub fields: RawFields,
}

/// The sent notifications or messages, one for each user, in the order of `user_ids`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentJson {
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// One for each user.
    pub items: Vec<SentItemJson>,
}

/// One user's notification or message.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentItemJson {
    /// Number of the notification or message.
    pub id: i64,
    /// Number of the user who gets it.
    pub user_id: i64,
}

/// A manual event to be published.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewSyncEventJson {
    /// The `type` of its message: 1 to 64 letters, digits, `_`, `.` or `-`.
    #[schema(example = "schedule_changed")]
    pub event_type: String,
    /// The cadet who gets it, besides staff; only staff get it if absent.
    pub cadet_id: Option<i64>,
    /// The `data` of its message, at most 16,384 bytes and 32 levels of nesting.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// A manual event that was published.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncEventJson {
    /// Its id among the tenant's events.
    pub event_id: i64,
    /// The `type` of its message.
    pub event_type: String,
    /// The cadet who gets it, besides staff.
    pub cadet_id: Option<i64>,
    /// The `data` of its message.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}
