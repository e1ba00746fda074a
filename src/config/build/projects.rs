//! `c['projects']`, `c['codebases']`, and what is said of projects and builders.

use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use crate::config::script::Object;
use crate::config::{CodebaseConfig, ProjectConfig};
use crate::domain::Description;
use crate::markdown;

pub const PROJECT: &[&str] = &["Project"];
pub const CODEBASE: &[&str] = &["Codebase"];

pub fn project(context: &Context<'_>, object: &Arc<Object>) -> ProjectConfig {
    let fields = Fields::new(context, object);
    let name = name(&fields);
    ProjectConfig { slug: slug(&fields, &name), description: description(&fields), name }
}

pub fn codebase(context: &Context<'_>, object: &Arc<Object>) -> CodebaseConfig {
    let fields = Fields::new(context, object);
    let name = name(&fields);
    CodebaseConfig { slug: slug(&fields, &name), project: fields.text("project"), name }
}

/// `description` and `description_format` of an object.
pub fn description(fields: &Fields<'_>) -> Description {
    let text = fields.optional_text("description");
    let format = fields.optional_text("description_format");
    let html = text.as_ref().filter(|_| format.is_some()).map(|text| markdown::to_html(text));
    Description { text, format, html }
}

fn name(fields: &Fields<'_>) -> String {
    let name = fields.text("name");
    if fields.was_given("name") && name.is_empty() {
        fields.problem("name", "must not be empty");
    }
    name
}

fn slug(fields: &Fields<'_>, name: &str) -> String {
    fields.optional_text("slug").unwrap_or_else(|| name.to_owned())
}
