//! Who is alive and what they say to each other.

pub mod handle;
