//! What a function makes while it runs as a step: commands, further steps, and values to render.

use std::path::Path;
use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::{shell, steps, unbuilt, values};
use crate::config::script::{Object, Outcome, Places, Raw};
use crate::config::source::SourceText;
use crate::config::table::{RENDERABLES, STEPS, Support, is_unbuilt};
use crate::domain::Renderable;
use crate::steps::config::StepConfig;
use crate::steps::function::RunOrder;

/// The command of `ctx.run(...)`.
pub fn run_order(source: &SourceText, object: &Arc<Object>, observed: bool) -> Result<RunOrder, String> {
    checked(source, |context| {
        let fields = Fields::new(context, object);
        RunOrder {
            shell: shell::shell(&fields),
            workdir: fields.renderable("workdir"),
            log: fields.text("logname"),
            observed,
        }
    })
}

/// The steps of a list.
pub fn added_steps(source: &SourceText, value: &Raw) -> Result<Vec<StepConfig>, String> {
    let Raw::List(items) = value else {
        return Err(format!("steps are added as a list, not as {}", value.describe()));
    };
    let is_step = |item: &&Raw| {
        item.object().is_some_and(|object| STEPS.contains(&object.class.name) || is_unbuilt(object.class, STEPS))
    };
    if let Some(stranger) = items.iter().find(|item| !is_step(item)) {
        return Err(format!("only steps can be added, not {}", stranger.describe()));
    }
    let objects = || items.iter().filter_map(Raw::object);
    if let Some(object) = objects().find(|object| object.class.support != Support::Works) {
        return Err(unbuilt::message(&object.class.full_name(), ""));
    }
    checked(source, |context| objects().flat_map(|object| steps::steps(context, object)).collect())
}

/// A value that is rendered in the build.
pub fn renderable(source: &SourceText, value: &Raw) -> Result<Renderable, String> {
    checked(source, |context| values::renderable(context, value))
}

/// What a function returned where its value is rendered; nothing if that cannot be.
pub fn returned(source: &SourceText, value: &Raw) -> Result<Option<Renderable>, String> {
    checked(source, |context| returned_value(context, value))
}

fn returned_value(context: &Context<'_>, value: &Raw) -> Option<Renderable> {
    match value {
        Raw::List(items) => {
            items.iter().map(|item| returned_value(context, item)).collect::<Option<_>>().map(Renderable::List)
        }
        Raw::Map(_) => {
            let entries = values::named(value).map(|(key, item)| Some((key, returned_value(context, &item)?)));
            entries.collect::<Option<_>>().map(Renderable::Map)
        }
        Raw::Object(object) if object.class.name == "ShellArg" => Some(shell::shell_arg(context, object)),
        Raw::Object(object) if !RENDERABLES.contains(&object.class.name) => None,
        Raw::Other(_) => None,
        other => Some(values::renderable(context, other)),
    }
}

/// Makes something; the first problem that was found on the way is an error.
fn checked<T>(source: &SourceText, make: impl FnOnce(&Context<'_>) -> T) -> Result<T, String> {
    let nothing = Outcome {
        stored: Vec::new(),
        config: Vec::new(),
        source: SourceText::new("", ""),
        others: Vec::new(),
        places: Places::default(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    // Steps have no certificates, which alone are looked for in a directory.
    let context = Context::new(source, &nothing, Path::new(""));
    let made = make(&context);
    match context.finish() {
        Ok(()) => Ok(made),
        Err(errors) => Err(errors.iter().next().map(|error| error.message.clone()).unwrap_or_default()),
    }
}
