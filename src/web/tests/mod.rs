//! Whole requests against a site in a database of their own.

mod control;
mod errors;
mod estimates;
mod explain;
mod hostile;
mod lists;
mod live;
mod markup;
mod own_files;
mod pages;
mod projects;
mod queries;
mod removed;
mod shapes;
pub mod site;
mod users;
