//! `worker.Worker`.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::fields::Fields;
use super::locks;
use crate::config::WorkerConfig;
use crate::config::script::Object;

pub const CLASSES: &[&str] = &["Worker", "BuildSlave"];

/// Names that other users of the worker port log in with.
const RESERVED: [&str; 3] = ["change", "debug", "status"];
const SOURCE: &str = "Worker";

pub fn worker(context: &Context<'_>, object: &Arc<Object>) -> WorkerConfig {
    let fields = Fields::new(context, object);
    let name = fields.text("name");
    if fields.was_given("name") && (name.is_empty() || name.contains('/') || 50 < name.chars().count()) {
        fields.problem("name", "must be 1 to 50 characters without '/'");
    } else if RESERVED.contains(&name.as_str()) {
        fields.problem("name", &format!("cannot be '{name}', which is reserved"));
    }
    WorkerConfig {
        name,
        password: fields.late_text("password"),
        max_builds: fields.small("max_builds").filter(|most| *most != 0),
        properties: fields.properties("properties", SOURCE),
        default_properties: fields.properties("defaultProperties", SOURCE),
        locks: locks::locks(&fields),
        // Nobody asks for signs of life where none are wanted.
        keepalive_interval: fields.seconds("keepalive_interval").unwrap_or(Duration::ZERO),
        notify_on_missing: fields.texts("notify_on_missing"),
        missing_timeout: fields.seconds("missing_timeout"),
    }
}
