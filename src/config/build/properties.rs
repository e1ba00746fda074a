//! Steps that set properties, look at them, or show them.

use super::fields::Fields;
use super::shell;
use crate::domain::{PropertyValue, Renderable};
use crate::steps::config::{FromEnvConfig, PropertyCommandConfig, PropertyTarget, SetPropertyConfig, StepKind};

/// Those without a command.
pub fn step(fields: &Fields<'_>) -> StepKind {
    let of = |name: &str| fields.renderable(name).unwrap_or(Renderable::Value(PropertyValue::Null));
    match fields.object.class.name {
        "SetProperty" => StepKind::SetProperty(SetPropertyConfig { property: property(fields), value: of("value") }),
        "SetProperties" => StepKind::SetProperties(of("properties")),
        "Assert" => StepKind::Assert(of("check")),
        "LogRenderable" => StepKind::LogRenderable(of("content")),
        _ => StepKind::SetPropertiesFromEnv(FromEnvConfig {
            variables: fields.texts("variables"),
            source: fields.text("source"),
        }),
    }
}

/// `SetPropertyFromCommand`.
pub fn from_command(fields: &Fields<'_>) -> StepKind {
    let extract = fields.callback("extract_fn");
    if extract.is_some() == fields.was_given("property") {
        fields
            .context
            .problem(fields.object.span, "steps.SetPropertyFromCommand() needs either 'property' or 'extract_fn'");
    }
    let target = match extract {
        Some(function) => PropertyTarget::Extract(function),
        None => PropertyTarget::Property(property(fields)),
    };
    StepKind::SetPropertyFromCommand(PropertyCommandConfig {
        shell: shell::shell(fields),
        target,
        strip: fields.flag("strip"),
        include_stdout: fields.flag("includeStdout"),
        include_stderr: fields.flag("includeStderr"),
    })
}

fn property(fields: &Fields<'_>) -> Renderable {
    let name = fields.renderable("property").unwrap_or_else(|| Renderable::from(""));
    if fields.was_given("property") && name.constant().is_some_and(|name| !name.is_truthy()) {
        fields.problem("property", "must not be empty");
    }
    name
}
