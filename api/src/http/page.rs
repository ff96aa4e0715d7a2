//! Pages of lists: opaque cursors, bounded sizes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Problem, Rule};
use probity_chain::state::Cursor;

/// Items of a page unless asked otherwise.
const LIMIT_DEFAULT: u32 = 50;
/// Most items of a page.
pub const LIMIT_MAX: u32 = 200;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before; none for the first.
    pub cursor: Option<String>,
    /// Items at most, 1 to 200.
    pub limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Cursor of the next page; null for the last.
    pub next: Option<String>,
}

impl PageQuery {
    /// Items of the page.
    ///
    /// # Errors
    /// [`Rule::PageLimit`].
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit as usize),
            _ => Err(Rule::PageLimit { most: LIMIT_MAX }.into()),
        }
    }

    /// Place in one of the chain's listings.
    ///
    /// # Errors
    /// [`Rule::CursorMalformed`].
    pub fn place(&self) -> Result<Option<Cursor>, Problem> {
        self.cursor.as_deref().map(|text| text.parse().map_err(|_| Rule::CursorMalformed.into())).transpose()
    }

    /// A height, for lists of blocks.
    ///
    /// # Errors
    /// [`Rule::CursorMalformed`].
    pub fn height(&self) -> Result<Option<u64>, Problem> {
        self.cursor.as_deref().map(|text| text.parse().map_err(|_| Rule::CursorMalformed.into())).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(cursor: Option<&str>, limit: Option<u32>) -> PageQuery {
        PageQuery { cursor: cursor.map(str::to_owned), limit }
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        assert_eq!(query(None, None).limit().unwrap(), 50);
        assert_eq!(query(None, Some(200)).limit().unwrap(), 200);
        for limit in [0, 201, u32::MAX] {
            assert_eq!(query(None, Some(limit)).limit().unwrap_err().code(), "page-limit");
        }
        assert_eq!(query(Some("7-3"), None).place().unwrap(), Some(Cursor { height: 7, index: 3 }));
        for cursor in ["", "7", "-", "07-3", "7-3-", "x-y"] {
            assert_eq!(query(Some(cursor), None).place().unwrap_err().code(), "cursor-malformed", "{cursor}");
        }
        assert_eq!(query(Some("x"), None).height().unwrap_err().code(), "cursor-malformed");
    }
}
