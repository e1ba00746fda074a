//! Tests of the step as a whole: its commands, its failures, and a real git.

mod argv;
mod failures;
mod real;
