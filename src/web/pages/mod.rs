//! Pages for people: one file each, with the struct that its template prints.

pub mod about;
pub mod actions;
pub mod actors;
pub mod build;
mod build_item;
mod build_steps;
pub mod builder;
mod builder_item;
pub mod builders;
pub mod changes;
pub mod error;
pub mod force;
pub mod home;
pub mod lines;
pub mod log;
mod pager;
pub mod project;
mod project_item;
pub mod projects;
pub mod reporters;
pub mod requests;
pub mod schedulers;
pub mod step;
pub mod view;
pub mod waterfall;
pub mod worker;
pub mod workers;
