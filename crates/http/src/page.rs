//! Lists in pages: `{"items": […], "next": cursor-or-null}`.

use crate::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items in a page when the caller names no `limit`.
const DEFAULT_LIMIT: u32 = 100;
/// The largest `limit`; a larger one is refused rather than quietly cut.
const MAX_LIMIT: u32 = 1_000;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items in the page, 1 to 1000, 100 if absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// One page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in a stable order.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

impl PageQuery {
    /// How many items to read.
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
    /// 422 when it is none of ours.
    pub fn after<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Problem> {
        let parsed = self.cursor.as_deref().map(parse).transpose();
        parsed.map_err(|_| Problem::invalid("cursor", "must be the next of a page before"))
    }
}

impl<T> Page<T> {
    /// A page of `items`, of which `limit` were asked for; `cursor` names an item.
    pub fn new(items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let next = if items.len() < limit as usize { None } else { items.last().map(cursor) };
        Self { items, next }
    }
}
