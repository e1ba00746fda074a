//! Whole requests against a site in a database of their own.

mod control;
mod errors;
mod live;
mod pages;
mod queries;
mod shapes;
mod site;
