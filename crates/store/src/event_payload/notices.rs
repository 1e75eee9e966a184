//! Payloads of facts about notifications and messages, and of manual events from other programs.

use super::field::{self, UnixMs, nullable};
use milepost_domain::{
    CadetId, EventType, Invalid, JsonObject, ManualEvent, Notice, NoticeContent, NoticeId, NotificationKind,
    NotificationText, UserId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct NoticePayload {
    #[serde(with = "field")]
    id: NoticeId,
    #[serde(with = "field")]
    user_id: UserId,
    is_message: bool,
    created_ms: UnixMs,
    #[serde(deserialize_with = "Option::deserialize")]
    read_ms: Option<UnixMs>,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Content {
    Message {
        #[serde(with = "nullable")]
        sender_id: Option<UserId>,
        #[serde(with = "field")]
        fields: JsonObject,
    },
    Notification {
        #[serde(with = "field")]
        message: NotificationText,
        #[serde(rename = "type", with = "field")]
        kind: NotificationKind,
    },
}

impl From<&Notice> for NoticePayload {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id,
            user_id: notice.user_id,
            is_message: notice.content.is_message(),
            created_ms: notice.created_at.into(),
            read_ms: notice.read_at.map(UnixMs::from),
            content: match notice.content.clone() {
                NoticeContent::Message { sender_id, fields } => Content::Message { sender_id, fields },
                NoticeContent::Notification { message, kind } => Content::Notification { message, kind },
            },
        }
    }
}

impl TryFrom<NoticePayload> for Notice {
    type Error = Invalid;

    fn try_from(payload: NoticePayload) -> Result<Self, Invalid> {
        Ok(Self {
            id: payload.id,
            user_id: payload.user_id,
            content: match payload.content {
                Content::Message { sender_id, fields } => NoticeContent::Message { sender_id, fields },
                Content::Notification { message, kind } => NoticeContent::Notification { message, kind },
            },
            created_at: payload.created_ms.try_into()?,
            read_at: payload.read_ms.map(TryInto::try_into).transpose()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct NoticeReadPayload {
    #[serde(with = "field")]
    pub(super) id: NoticeId,
    #[serde(with = "field")]
    pub(super) user_id: UserId,
    pub(super) is_message: bool,
    pub(super) read_ms: UnixMs,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ManualEvent")]
pub(super) struct ManualEventPayload {
    #[serde(with = "field")]
    event_type: EventType,
    #[serde(with = "nullable")]
    cadet_id: Option<CadetId>,
    #[serde(with = "field")]
    payload: JsonObject,
}
