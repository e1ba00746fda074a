//! Steps that check out source: one file or folder per version control system, and what they share.

pub mod git;

mod wanted;
