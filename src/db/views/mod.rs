//! Reads: for deciders, and one file per page or resource.

pub mod about;
pub mod build_context;
pub mod build_data;
pub mod build_lines;
pub mod build_page;
pub mod build_past;
pub mod build_requests;
pub mod builder_health;
pub mod builder_list;
pub mod builder_page;
pub mod builders;
pub mod builds;
pub mod buildsets;
pub mod cancelling;
pub mod change_fate;
pub mod changes;
pub mod chats;
pub mod codebases;
pub mod config_versions;
pub mod deciders;
pub mod holders;
pub mod home;
pub mod keys;
pub mod learned;
pub mod lifetime;
pub mod log_tails;
pub mod log_text;
pub mod logs;
pub mod masters;
pub mod project_list;
pub mod project_page;
pub mod projects;
pub mod properties;
pub mod reporters;
pub mod scheduler_list;
pub mod schedulers;
pub mod select;
pub mod source_stamps;
pub mod step_runs;
pub mod steps;
pub mod stored_values;
pub mod triggered;
pub mod try_status;
pub mod upstream;
pub mod user_list;
pub mod users;
pub mod waiting_page;
pub mod waterfall;
pub mod worker_counts;
pub mod worker_list;
pub mod worker_page;
pub mod workers;

/// What reads are given by [`Db::read`](crate::db::Db::read).
pub use diesel::SqliteConnection as Connection;

/// Ids that are bound to one statement; SQLite allows 32,766.
const MOST_IDS: usize = 1_000;

/// Ids as one value to bind, for `json_each(?)`: so the text of a statement does not depend on how many there are.
fn id_list(ids: impl Iterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}
