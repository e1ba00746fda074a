//! Who is alive and what they say to each other.

pub mod handle;
pub mod supervisor;

pub use supervisor::{
    Ask, AskError, Child, ChildSpec, End, Handle, Mail, Reply, Running, ShellContext, Supervisor, Tell, Timer,
};
