//! `util.OldBuildCanceller`, `util.FailingBuildsetCanceller` and `util.SourceStampFilter`.

use super::change_filter;
use super::fields::Fields;
use super::settings::Settings;
use super::{Placed, values};
use crate::config::script::Raw;
use crate::config::table;
use crate::config::{BuilderConfig, nearest};
use crate::schedulers::config::{
    CancellerConfig, CancellerKind, FailingFilter, OldBuildsFilter, StampAttribute, StampFilter,
};
use crate::schedulers::stamp_filter::StampMatcher;

/// The cancellers among the services.
pub fn cancellers(settings: &Settings<'_>, builders: &[Placed<BuilderConfig>]) -> Vec<CancellerConfig> {
    let builders: Vec<&str> = builders.iter().map(|builder| builder.item.name.as_str()).collect();
    let mut found: Vec<CancellerConfig> = Vec::new();
    for class in table::CANCELLERS {
        for object in settings.services_of(class) {
            let fields = Fields::new(settings.context, object);
            let name = fields.text("name");
            if found.iter().any(|before| before.name == name) {
                fields.problem("name", &format!("'{name}' is the name of another canceller"));
            }
            let kind = match *class {
                "OldBuildCanceller" => CancellerKind::OldBuilds {
                    filters: old_builds_filters(&fields, &builders),
                    branch_key: fields.callback("branch_key"),
                },
                _ => CancellerKind::FailingBuildsets { filters: failing_filters(&fields, &builders) },
            };
            found.push(CancellerConfig { name, kind });
        }
    }
    found
}

fn old_builds_filters(fields: &Fields<'_>, known: &[&str]) -> Vec<OldBuildsFilter> {
    let value = fields.value("filters");
    let filter = |item: &Raw| match item.items() {
        [builders, filter] => Some(OldBuildsFilter {
            builders: builder_names(fields, builders, known)?,
            stamps: stamp_filter(fields, filter)?,
        }),
        _ => None,
    };
    let filters = value.items().iter().map(filter);
    complete(fields, filters, "must be a list of pairs: builders, and a util.SourceStampFilter")
}

fn failing_filters(fields: &Fields<'_>, known: &[&str]) -> Vec<FailingFilter> {
    let value = fields.value("filters");
    let filter = |item: &Raw| match item.items() {
        [builders, cancelled, filter] => Some(FailingFilter {
            builders: builder_names(fields, builders, known)?,
            cancelled: match cancelled {
                Raw::None => None,
                names => Some(builder_names(fields, names, known)?),
            },
            stamps: stamp_filter(fields, filter)?,
        }),
        _ => None,
    };
    let filters = value.items().iter().map(filter);
    complete(
        fields,
        filters,
        "must be a list of triples: builders that fail, builders to be cancelled (None for all) and a util.SourceStampFilter",
    )
}

fn complete<T>(fields: &Fields<'_>, filters: impl Iterator<Item = Option<T>>, otherwise: &str) -> Vec<T> {
    let filters: Option<Vec<T>> = filters.collect();
    if filters.is_none() {
        fields.problem("filters", otherwise);
    }
    filters.unwrap_or_default()
}

/// A name or a list of names, each of a builder.
fn builder_names(fields: &Fields<'_>, value: &Raw, known: &[&str]) -> Option<Vec<String>> {
    let names = values::texts(value);
    let is_plain = match value {
        Raw::Text(_) => true,
        Raw::List(items) => items.len() == names.len() && !names.is_empty(),
        _ => false,
    };
    if !is_plain {
        return None;
    }
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let hint = nearest::hint(name, known.iter().copied());
        fields.problem("filters", &format!("names a builder that does not exist: '{name}'{hint}"));
    }
    Some(names)
}

fn stamp_filter(canceller: &Fields<'_>, value: &Raw) -> Option<StampFilter> {
    let object = value.object().filter(|object| object.class.name == "SourceStampFilter")?;
    let fields = Fields::new(canceller.context, object);
    let mut filter = StampFilter { filter_fn: fields.callback("filter_fn"), tests: Vec::new() };
    let attributes = [
        (StampAttribute::Project, "project"),
        (StampAttribute::Repository, "repository"),
        (StampAttribute::Branch, "branch"),
        (StampAttribute::Codebase, "codebase"),
    ];
    for (attribute, name) in attributes {
        let tests = change_filter::named_tests(&fields, name, &format!("{name}_eq"));
        filter.tests.extend(tests.into_iter().map(|test| (attribute, test)));
    }
    if let Err(error) = StampMatcher::new(&filter) {
        fields.context.problem(object.span, error.to_string());
    }
    Some(filter)
}
