//! The links from one page of a list to its neighbours.

use serde::Serialize;

/// What the macro `pager` prints.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pager {
    text: String,
    /// Queries, with their question mark; the first page may have an empty one.
    newer: Option<String>,
    older: Option<String>,
    newer_text: &'static str,
    older_text: &'static str,
}

impl Pager {
    /// Of pages with numbers from 1; `query` names one.
    pub fn numbered(page: usize, n_pages: usize, query: impl Fn(usize) -> String) -> Self {
        Self {
            text: format!("page {page} of {n_pages}"),
            newer: if 1 < page { Some(query((page - 1).min(n_pages))) } else { None },
            older: if page < n_pages { Some(query(page + 1)) } else { None },
            newer_text: "Previous",
            older_text: "Next",
        }
    }

    /// Of a list by time, newest first.
    pub fn by_time(newer: Option<String>, older: Option<String>, text: String) -> Self {
        Self { text, newer, older, newer_text: "Newer", older_text: "Older" }
    }

    /// Of such a list when the link forward leads to its beginning.
    pub fn from_newest(newest: Option<String>, older: Option<String>) -> Self {
        Self { newer_text: "Newest", ..Self::by_time(newest, older, String::new()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_know_their_neighbours_also_beyond_the_end() {
        let pager = |page| Pager::numbered(page, 3, |page| format!("?page={page}"));
        let ends = |page| (pager(page).newer, pager(page).older);
        let query = |page: usize| Some(format!("?page={page}"));
        assert_eq!(ends(1), (None, query(2)));
        assert_eq!(ends(2), (query(1), query(3)));
        assert_eq!(ends(3), (query(2), None));
        assert_eq!(ends(9), (query(3), None));
    }
}
