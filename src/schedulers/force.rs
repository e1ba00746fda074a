//! `ForceScheduler`: checks what a person filled into a form and makes a buildset of it (manual section
//! "ForceScheduler Scheduler").

use std::collections::BTreeMap;

use super::buildset::{default_stamp, empty, fill_in, properties};
use super::config::{ForceCodebase, ForceConfig, ForceField, ForceFieldKind, SchedulerConfig, SchedulerKind};
use super::facts::Memory;
use super::fields::full_name;
use super::filter;
use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, NewBuildset, Properties, PropertyValue, StampSpec};

/// Where properties from a form say they came from.
const SOURCE: &str = "Force Build Form";

/// Full field name to value, as sent.
pub type Values = BTreeMap<String, PropertyValue>;

/// Full field name to what is wrong with its value.
pub type FieldErrors = BTreeMap<String, String>;

/// A form whose values are all good.
#[derive(Clone, Debug, PartialEq)]
pub struct ForcedInput {
    pub properties: Properties,
    pub stamps: Vec<NewStamp>,
    pub reason: String,
    pub priority: i32,
    /// Who asked; may be empty.
    pub owner: String,
}

impl ForcedInput {
    /// The buildset that was asked for.
    pub fn into_buildset(self, config: &SchedulerConfig, builders: &[BuilderId]) -> NewBuildset {
        NewBuildset {
            reason: self.reason,
            properties: self.properties,
            stamps: self.stamps,
            priority: self.priority,
            ..empty(config, builders)
        }
    }
}

/// Checks every field and reports everything that is wrong at once.
///
/// A field that was not sent has its default; a page must therefore send `false` for a box that is not ticked (the
/// last value counts, so a hidden `false` before the box will do). `owner` is known from a session; without one the
/// field for the user's name says who it is. Values of unknown fields are ignored.
pub fn validate(config: &SchedulerConfig, values: &Values, owner: Option<&str>) -> Result<ForcedInput, FieldErrors> {
    let SchedulerKind::Force(force) = &config.kind else {
        return Err(BTreeMap::from([("scheduler".to_owned(), format!("'{}' cannot be forced", config.name))]));
    };
    let mut form = Form { values, errors: FieldErrors::new() };
    let owner = match owner {
        Some(owner) => owner.to_owned(),
        None => form.text(&force.username, &force.username.name),
    };
    let reason = form.text(&force.reason, &force.reason.name);
    let priority = form.priority(&force.priority);
    let stamps = form.stamps(config, force);
    let mut properties = properties(config);
    for field in &force.properties {
        properties.set(&field.name, form.value(field, &field.name), SOURCE);
    }
    properties.set("reason", reason.as_str(), SOURCE);
    properties.set("owner", owner.as_str(), SOURCE);
    if !form.errors.is_empty() {
        return Err(form.errors);
    }
    let reason = fill_in(&force.reason_string, &[("owner", &owner), ("reason", &reason)]);
    Ok(ForcedInput { properties, stamps, reason, priority, owner })
}

/// A form that is being read.
struct Form<'form> {
    values: &'form Values,
    errors: FieldErrors,
}

impl Form<'_> {
    /// The value of a field; its default, if what was sent is wrong.
    fn value(&mut self, field: &ForceField, full_name: &str) -> PropertyValue {
        match read(field, self.values.get(full_name)) {
            Ok(value) => value,
            Err(why) => {
                self.errors.insert(full_name.to_owned(), complaint(field, &why));
                field.default.clone()
            }
        }
    }

    fn text(&mut self, field: &ForceField, full_name: &str) -> String {
        match self.value(field, full_name) {
            PropertyValue::Null => String::new(),
            value => value.to_string(),
        }
    }

    fn priority(&mut self, field: &ForceField) -> i32 {
        let value = self.value(field, &field.name);
        let number = match &value {
            PropertyValue::Null => Some(0),
            PropertyValue::Int(number) => i32::try_from(*number).ok(),
            other => other.to_string().trim().parse().ok(),
        };
        number.unwrap_or_else(|| {
            let why = complaint(field, &format!("'{value}' is not a priority"));
            self.errors.entry(field.name.clone()).or_insert(why);
            0
        })
    }

    fn stamps(&mut self, config: &SchedulerConfig, force: &ForceConfig) -> Vec<NewStamp> {
        if force.codebases.is_empty() {
            return vec![NewStamp::Spec(StampSpec::default())];
        }
        force
            .codebases
            .iter()
            .map(|codebase| {
                let configured = config.codebases.iter().find(|known| known.name == codebase.codebase);
                let mut stamp = configured.map(|known| default_stamp(known, &Memory::default())).unwrap_or_default();
                self.fill_stamp(&mut stamp, codebase);
                NewStamp::Spec(stamp)
            })
            .collect()
    }

    /// What is left empty stays as the scheduler's configuration of the codebase says.
    fn fill_stamp(&mut self, stamp: &mut StampSpec, codebase: &ForceCodebase) {
        let mut read = |field: &ForceField| {
            let text = self.text(field, &full_name(&codebase.codebase, &field.name)).trim().to_owned();
            Some(text).filter(|text| !text.is_empty())
        };
        let (branch, revision) = (read(&codebase.branch), read(&codebase.revision));
        let (repository, project) = (read(&codebase.repository), read(&codebase.project));
        stamp.codebase.clone_from(&codebase.codebase);
        stamp.branch = branch.or_else(|| stamp.branch.take());
        stamp.revision = revision.or_else(|| stamp.revision.take());
        stamp.repository = repository.unwrap_or_else(|| std::mem::take(&mut stamp.repository));
        stamp.project = project.unwrap_or_default();
    }
}

/// The text that the sender sees, naming the field as the page does.
fn complaint(field: &ForceField, why: &str) -> String {
    let label = if field.label.is_empty() { &field.name } else { &field.label };
    format!("{}: {why}", label.trim_end_matches(':'))
}

fn read(field: &ForceField, sent: Option<&PropertyValue>) -> Result<PropertyValue, String> {
    if field.kind == ForceFieldKind::Fixed {
        return Ok(field.default.clone());
    }
    let sent = match sent {
        None | Some(PropertyValue::Null) => None,
        Some(PropertyValue::List(items)) if !field.multiple => items.last(),
        Some(PropertyValue::List(items)) => {
            if items.is_empty() && field.required {
                return Err("a value is required".to_owned());
            }
            let items = items.iter().map(|item| read_one(field, item)).collect::<Result<_, _>>()?;
            return Ok(PropertyValue::List(items));
        }
        other => other,
    };
    match sent {
        None if field.required => Err("a value is required".to_owned()),
        None => Ok(field.default.clone()),
        Some(sent) if field.multiple => Ok(PropertyValue::List(vec![read_one(field, sent)?])),
        Some(sent) => read_one(field, sent),
    }
}

fn read_one(field: &ForceField, sent: &PropertyValue) -> Result<PropertyValue, String> {
    let text = sent.to_string();
    match &field.kind {
        ForceFieldKind::Fixed => return Ok(field.default.clone()),
        ForceFieldKind::Bool => return read_bool(sent, &text),
        _ => {}
    }
    if text.trim().is_empty() {
        return match &field.kind {
            _ if field.required => Err("a value is required".to_owned()),
            ForceFieldKind::Int => Ok(field.default.clone()),
            _ => Ok(PropertyValue::Str(text)),
        };
    }
    if let Some(limit) = field.max_size.filter(|limit| *limit < size(&text)) {
        return Err(format!("{} characters are more than the {limit} allowed", size(&text)));
    }
    if let Some(pattern) = &field.regex {
        let compiled = filter::compile(pattern).map_err(|error| error.to_string())?;
        if !filter::matches(&compiled, &text) {
            return Err(format!("'{text}' is not of the form '{pattern}'"));
        }
    }
    match &field.kind {
        ForceFieldKind::Int => read_int(sent, &text),
        ForceFieldKind::UserName { need_email: true, .. } if !has_email(&text) => {
            Err("an e-mail address is needed, as in 'Joe <joe@example.org>'".to_owned())
        }
        ForceFieldKind::Choice { choices, strict: true } if !choices.contains(&text) => {
            Err(format!("'{text}' is none of the choices: {}", choices.join(", ")))
        }
        _ => Ok(PropertyValue::Str(text)),
    }
}

fn size(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn read_int(sent: &PropertyValue, text: &str) -> Result<PropertyValue, String> {
    let number = match sent {
        PropertyValue::Int(number) => Some(*number),
        PropertyValue::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(PropertyValue::Int).ok_or_else(|| format!("'{text}' is not a whole number"))
}

fn read_bool(sent: &PropertyValue, text: &str) -> Result<PropertyValue, String> {
    if let PropertyValue::Bool(flag) = sent {
        return Ok(PropertyValue::Bool(*flag));
    }
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "on" | "true" | "yes" => Ok(true.into()),
        "" | "0" | "off" | "false" | "no" => Ok(false.into()),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

/// Whether some word of the text is `somebody@somewhere`, bare or in angle brackets.
fn has_email(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(['<', '>', '(', ')', ',']);
        word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
    })
}

#[cfg(test)]
#[path = "force_tests.rs"]
mod tests;
