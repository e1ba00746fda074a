//! Reads: for deciders, and one file per page or resource.

pub mod deciders;
pub mod log_text;
