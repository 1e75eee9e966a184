//! Lists in pages: `{"items": […], "next": cursor-or-null}`.

use crate::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

/// Items in a page if the request has no `limit`.
pub const DEFAULT_LIMIT: u32 = 100;
/// The largest `limit`; a larger one is refused rather than quietly cut.
pub const MAX_LIMIT: u32 = 1_000;

/// The page that a request asks for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items in the page, 1 to 1000, 100 if absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in a stable order.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

impl PageQuery {
    /// The number of items to read.
    ///
    /// # Errors
    /// 422 outside 1 to 1000.
    pub fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(Problem::invalid("limit", "must be a whole number from 1 to 1000")),
        }
    }

    /// The cursor as the id of the last item seen.
    ///
    /// # Errors
    /// 400 if this server did not make it.
    pub fn after<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let found = id_in(cursor).and_then(|id| parse(&id).ok());
        found.map(Some).ok_or_else(|| Problem::malformed("cursor must be the next of a page before"))
    }
}

impl<T> Page<T> {
    /// A page of `items`, of which `limit` were asked for; `id` names an item.
    pub fn new(items: Vec<T>, limit: u32, id: impl FnOnce(&T) -> String) -> Self {
        let next = if items.len() < limit as usize { None } else { items.last().map(id).map(|id| cursor_of(&id)) };
        Self { items, next }
    }
}

/// The cursor after the item with this id: letters, digits, `-` and `_`. Two bytes of a digest come before the id, so
/// that an invented cursor is refused.
pub fn cursor_of(id: &str) -> String {
    let mut bytes = digest(id).to_vec();
    bytes.extend_from_slice(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn id_in(cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (before, id) = bytes.split_first_chunk::<2>()?;
    let id = std::str::from_utf8(id).ok()?;
    (digest(id) == *before).then(|| id.to_owned())
}

fn digest(id: &str) -> [u8; 2] {
    let digest = Sha256::digest(id.as_bytes());
    [digest[0], digest[1]]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_id_and_nothing_else_does() {
        let page = |cursor: &str| PageQuery { limit: None, cursor: Some(cursor.to_owned()) };
        let read = |cursor: &str| page(cursor).after(|id| Ok::<_, ()>(id.to_owned()));
        for id in ["bus-7", "", "\u{fc} \u{1f68c}", "1736937045123"] {
            assert_eq!(read(&cursor_of(id)).unwrap().as_deref(), Some(id));
        }
        for made_up in ["garbage", "bus-7", "", "1", "1736937045123", "%%%"] {
            assert_eq!(read(made_up).unwrap_err().status, 400, "{made_up}");
        }
        assert_eq!(PageQuery::default().after(|id| Ok::<_, ()>(id.to_owned())).unwrap(), None);
    }
}
