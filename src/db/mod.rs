//! The only room that knows SQL: one file per table, one per state change that spans tables, one per page that reads.
