//! `ForceScheduler`: checks what a person filled into a form and makes a buildset of it (manual section
//! "ForceScheduler Scheduler").

use std::collections::BTreeMap;

use super::buildset::{default_stamp, empty, fill_in, properties};
use super::config::{
    ForceAnyProperty, ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, ForcePatch,
    SchedulerConfig, SchedulerKind,
};
use super::facts::Memory;
use super::fields::{self, ANY_WORKER, full_name, patch_name};
pub use super::force_values::build_name;
use super::force_values::{complaint, is_property_name, read};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, NewBuildset, Patch, Properties, PropertyValue, StampSpec};

/// Where properties from a form say they came from.
const SOURCE: &str = "Force Build Form";

/// Full field name to value, as sent.
pub type Values = BTreeMap<String, PropertyValue>;

/// Full field name to what is wrong with its value.
pub type FieldErrors = BTreeMap<String, String>;

/// The properties of builds that were chosen in a form, by what was sent; `None` for a build that does not exist.
pub type Inherited = BTreeMap<String, Option<Properties>>;

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
pub fn validate(
    config: &SchedulerConfig,
    values: &Values,
    inherited: &Inherited,
    owner: Option<&str>,
) -> Result<ForcedInput, FieldErrors> {
    let SchedulerKind::Force(force) = &config.kind else {
        return Err(BTreeMap::from([("scheduler".to_owned(), format!("'{}' cannot be forced", config.name))]));
    };
    let mut form = Form { values, inherited, errors: FieldErrors::new() };
    let owner = match owner {
        Some(owner) => owner.to_owned(),
        None => form.text(&force.username, &force.username.name),
    };
    let reason = form.text(&force.reason, &force.reason.name);
    let priority = form.priority(&force.priority);
    let stamps = form.stamps(config, force);
    let mut properties = properties(config);
    for (name, value) in form.properties(&force.properties, "") {
        properties.set(&name, value, SOURCE);
    }
    properties.set("reason", reason.as_str(), SOURCE);
    properties.set("owner", owner.as_str(), SOURCE);
    if !form.errors.is_empty() {
        return Err(form.errors);
    }
    let reason = fill_in(&force.reason_string, &[("owner", &owner), ("reason", &reason)]);
    Ok(ForcedInput { properties, stamps, reason, priority, owner })
}

/// The builds that were chosen to inherit from, as they were sent.
pub fn inherits(config: &SchedulerConfig, values: &Values) -> Vec<String> {
    let SchedulerKind::Force(force) = &config.kind else { return Vec::new() };
    let fields =
        fields::all(force).into_iter().filter(|(_, field)| matches!(field.kind, ForceFieldKind::Inherit { .. }));
    fields.filter_map(|(name, field)| read(field, values.get(&name)).ok()?.as_str().map(str::to_owned)).collect()
}

/// A form that is being read.
struct Form<'form> {
    values: &'form Values,
    inherited: &'form Inherited,
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

    /// What is left empty stays as the scheduler's configuration of the codebase says. If that says nothing of a branch or
    /// a revision either, it is the empty text, as in Buildbot: steps take it for their default.
    fn fill_stamp(&mut self, stamp: &mut StampSpec, codebase: &ForceCodebase) {
        let mut read =
            |field: &ForceField| self.text(field, &full_name(&codebase.codebase, &field.name)).trim().to_owned();
        stamp.codebase.clone_from(&codebase.codebase);
        let or_known =
            |text: String, known: Option<String>| if text.is_empty() { known.unwrap_or_default() } else { text };
        stamp.branch = Some(or_known(read(&codebase.branch), stamp.branch.take()));
        stamp.revision = Some(or_known(read(&codebase.revision), stamp.revision.take()));
        stamp.repository = or_known(read(&codebase.repository), Some(std::mem::take(&mut stamp.repository)));
        stamp.project = read(&codebase.project);
        stamp.patch = codebase.patch.as_ref().and_then(|patch| self.patch(patch, &patch_name(&codebase.codebase)));
    }

    /// The patch, if a text was given.
    fn patch(&mut self, patch: &ForcePatch, name: &str) -> Option<Patch> {
        let mut read = |field: &ForceField| self.text(field, &full_name(name, &field.name));
        let (body, level) = (read(&patch.body), read(&patch.level));
        let patch = Patch {
            body: body.into_bytes(),
            level: 0,
            author: read(&patch.author),
            comment: read(&patch.comment),
            subdir: read(&patch.subdir),
        };
        if patch.body.is_empty() {
            return None;
        }
        let Ok(level) = level.trim().parse() else {
            self.errors.insert(full_name(name, "level"), format!("'{level}' is not a number of directories"));
            return None;
        };
        Some(Patch { level, ..patch })
    }

    /// The properties that parameters give; of several with one name the last counts.
    fn properties(&mut self, parameters: &[ForceParameter], group: &str) -> BTreeMap<String, PropertyValue> {
        let mut properties = BTreeMap::new();
        for parameter in parameters {
            match parameter {
                ForceParameter::Field(field) => self.property(field, group, &mut properties),
                ForceParameter::Group(inner) => self.group(inner, group, &mut properties),
                ForceParameter::AnyProperty(any) => properties.extend(self.any_property(any, group)),
            }
        }
        properties
    }

    fn group(&mut self, inner: &ForceGroup, group: &str, into: &mut BTreeMap<String, PropertyValue>) {
        let values = self.properties(&inner.fields, &full_name(group, &inner.name));
        if inner.name.is_empty() {
            into.extend(values);
        } else {
            into.insert(inner.name.clone(), PropertyValue::Map(values));
        }
    }

    fn property(&mut self, field: &ForceField, group: &str, into: &mut BTreeMap<String, PropertyValue>) {
        let full_name = full_name(group, &field.name);
        let value = self.value(field, &full_name);
        match (&field.kind, value.as_str()) {
            (ForceFieldKind::Worker, Some("" | ANY_WORKER)) | (ForceFieldKind::Inherit { .. }, Some("")) => {}
            (ForceFieldKind::Inherit { .. }, Some(build)) => match self.inherit(field, build) {
                Ok(properties) => into.extend(properties),
                Err(why) => {
                    self.errors.insert(full_name, complaint(field, &why));
                }
            },
            _ => {
                into.insert(field.name.clone(), value);
            }
        }
    }

    /// What was filled into the form of the chosen build; who that was is the property `orig_owner`.
    fn inherit(&self, field: &ForceField, build: &str) -> Result<BTreeMap<String, PropertyValue>, String> {
        let Some(Some(properties)) = self.inherited.get(build) else {
            return Err(format!("there is no build '{build}'"));
        };
        let name = build.split_whitespace().next().unwrap_or_default();
        let mut inherited = BTreeMap::from([(field.name.clone(), PropertyValue::from(name))]);
        for (name, property) in properties.iter().filter(|(_, property)| property.source == SOURCE) {
            let name = if name == "owner" { "orig_owner" } else { name };
            inherited.insert(name.to_owned(), property.value.clone());
        }
        Ok(inherited)
    }

    fn any_property(&mut self, any: &ForceAnyProperty, group: &str) -> Option<(String, PropertyValue)> {
        let name = full_name(group, &any.name);
        let (property, value) = (full_name(&name, &any.property.name), full_name(&name, &any.value.name));
        let (chosen, value) = (self.text(&any.property, &property), self.value(&any.value, &value));
        let chosen = chosen.trim();
        if !chosen.is_empty() && !is_property_name(chosen) {
            let why = "the name of a property may have letters, digits and '_.-/~:' only";
            self.errors.insert(property, complaint(&any.property, why));
        }
        (!chosen.is_empty()).then(|| (chosen.to_owned(), value))
    }
}

#[cfg(test)]
#[path = "force_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "force_parameters_tests.rs"]
mod parameters_tests;
