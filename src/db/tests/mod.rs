//! The room as a whole: opening, the writer, the transitions; each against a real database.

mod lifetime;
mod open;
mod projects;
mod requests;
mod writer;
