//! The room as a whole: opening, the writer, the transitions; each against a real database.

mod open;
mod requests;
mod writer;
