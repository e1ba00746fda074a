//! Questions about schedulers, their forms, and what cancels builds.

use buildbot::domain::{PropertyValue, ScriptValue, Timestamp};
use buildbot::schedulers::config::{
    BasicConfig, CancellerConfig, CancellerKind, ForceConfig, ForceField, ForceFieldKind, Priority, SchedulerConfig,
    SchedulerKind, TimedConfig, TryConfig, WatchConfig,
};
use buildbot::schedulers::cron::Cron;
use buildbot::schedulers::fields;
use buildbot::schedulers::stamp_filter::StampVerdict;
use jiff::tz::TimeZone;

use crate::sheet::{Heading, Question};
use crate::values::{Answer, dictionary, find, list, number, option, seconds, unknown};
use crate::{calls, given};

pub fn answer(scheduler: &SchedulerConfig, inner: Option<&Heading>, question: &Question) -> Answer {
    if let Some(heading) = inner {
        let SchedulerKind::Force(form) = &scheduler.kind else { return Err("only forms have fields".to_owned()) };
        let fields = fields::all(form);
        let (_, field) = find(&fields, &heading.name, |(name, _)| name.clone())?;
        return of_field(field, question);
    }
    Ok(match question.name.as_str() {
        "class" => scheduler.kind.class_name().into(),
        "builders" => list(scheduler.builder_names.iter().map(String::as_str)),
        "properties" => dictionary(&scheduler.properties),
        "codebases" if !matches!(scheduler.kind, SchedulerKind::Force(_)) => {
            list(scheduler.codebases.iter().map(|it| {
                let branch = it.branch.as_ref().map(|branch| format!(" {branch}")).unwrap_or_default();
                format!("{} {}{branch}", it.name, it.repository).trim().to_owned()
            }))
        }
        "priority" => match &scheduler.priority {
            Priority::Fixed(priority) => number(*priority),
            Priority::Function(function) => {
                let builders = scheduler.builder_names.iter().map(|name| given::data(name.as_str())).collect();
                let change = ScriptValue::Change(given::change(&question.named));
                return calls::call(function, &[ScriptValue::List(builders), ScriptValue::List(vec![change])]);
            }
        },
        _ => return of_kind(&scheduler.kind, question),
    })
}

fn of_kind(kind: &SchedulerKind, question: &Question) -> Answer {
    match kind {
        SchedulerKind::SingleBranch(basic) | SchedulerKind::AnyBranch(basic) => of_basic(basic, question),
        SchedulerKind::Dependent(dependent) if question.name == "upstream" => Ok(dependent.upstream.as_str().into()),
        SchedulerKind::Periodic(_, interval) if question.name == "interval" => Ok(seconds(Some(*interval))),
        SchedulerKind::Nightly(_, nightly) | SchedulerKind::NightlyTriggerable(_, nightly)
            if question.name == "due" =>
        {
            due(&nightly.at, question)
        }
        SchedulerKind::Periodic(timed, _)
        | SchedulerKind::Nightly(timed, _)
        | SchedulerKind::NightlyTriggerable(timed, _) => of_timed(timed, question),
        SchedulerKind::Triggerable(triggerable) if question.name == "reason" => Ok(option(triggerable.reason.clone())),
        SchedulerKind::Force(form) => of_form(form, question),
        SchedulerKind::Try(TryConfig::Jobdir(directory)) if question.name == "jobdir" => Ok(directory.as_str().into()),
        other => Err(unknown(other.class_name(), &question.name)),
    }
}

fn of_watch(watch: &WatchConfig, question: &Question) -> Answer {
    match question.name.as_str() {
        "takes" => calls::takes(&watch.filter, question),
        "onlyImportant" => Ok(watch.only_important.into()),
        "important" => match &watch.file_is_important {
            Some(function) => calls::call(function, &[ScriptValue::Change(given::change(&question.named))]),
            None => Err("every change is important".to_owned()),
        },
        other => Err(unknown("a scheduler", other)),
    }
}

fn of_basic(basic: &BasicConfig, question: &Question) -> Answer {
    match question.name.as_str() {
        "treeStableTimer" => Ok(seconds(basic.tree_stable_timer)),
        "reason" => Ok(option(basic.reason.clone())),
        _ => of_watch(&basic.watch, question),
    }
}

fn of_timed(timed: &TimedConfig, question: &Question) -> Answer {
    match question.name.as_str() {
        "onlyIfChanged" => Ok(timed.only_if_changed.into()),
        "branch" => Ok(timed.branch.clone().map_or("any".into(), option)),
        "reason" => Ok(option(timed.reason.clone())),
        _ => of_watch(&timed.watch, question),
    }
}

/// `due "2026-01-01T00:00:00Z"`: the first such moment after this one, in a place without summer.
pub fn due(cron: &Cron, question: &Question) -> Answer {
    let after = question.plain.first().map(ToString::to_string).unwrap_or("2026-01-01T00:00:00Z".to_owned());
    let after: jiff::Timestamp = after.parse().map_err(|error| format!("{after}: {error}"))?;
    let next = cron.next_after(Timestamp::from_secs(after.as_second()), &TimeZone::UTC);
    let shown = |next: Timestamp| jiff::Timestamp::from_second(next.secs()).unwrap().strftime("%F %H:%M").to_string();
    Ok(option(next.map(shown)))
}

fn of_form(form: &ForceConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "label" => form.label.as_str().into(),
        "buttonName" => form.button_name.as_str().into(),
        "reasonString" => form.reason_string.as_str().into(),
        // Those that somebody can fill in.
        "fields" => {
            let fields = fields::all(form);
            let seen = fields.iter().filter(|(_, field)| field.kind != ForceFieldKind::Fixed && !field.hide);
            list(seen.map(|(name, _)| name.as_str()))
        }
        // All of the operator's own.
        "parameters" => {
            let fields = fields::all(form);
            let own = |name: &str| !["username", "reason", "priority"].contains(&name);
            list(fields.iter().map(|(name, _)| name.as_str()).filter(|name| own(name)))
        }
        "codebases" => list(form.codebases.iter().map(|it| it.codebase.as_str())),
        other => return Err(unknown("a form", other)),
    })
}

fn of_field(field: &ForceField, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "default" => field.default.clone(),
        "label" => field.label.as_str().into(),
        "required" => field.required.into(),
        "multiple" => field.multiple.into(),
        "hide" => field.hide.into(),
        "regex" => option(field.regex.clone()),
        "maxsize" => field.max_size.map_or(PropertyValue::Null, number),
        "kind" => match &field.kind {
            ForceFieldKind::Fixed => "fixed",
            ForceFieldKind::String { .. } => "string",
            ForceFieldKind::Text { .. } => "text",
            ForceFieldKind::Int => "int",
            ForceFieldKind::Bool => "bool",
            ForceFieldKind::UserName { .. } => "username",
            ForceFieldKind::Choice { .. } => "choice",
            ForceFieldKind::File => "file",
            ForceFieldKind::Worker => "worker",
            ForceFieldKind::Inherit { .. } => "inherit",
        }
        .into(),
        "size" => match &field.kind {
            ForceFieldKind::String { size } | ForceFieldKind::UserName { size, .. } => number(*size),
            _ => PropertyValue::Null,
        },
        "choices" => match &field.kind {
            ForceFieldKind::Choice { choices, .. } => list(choices.iter().map(String::as_str)),
            _ => PropertyValue::Null,
        },
        "strict" => matches!(&field.kind, ForceFieldKind::Choice { strict: true, .. }).into(),
        other => return Err(unknown("a field", other)),
    })
}

pub fn of_canceller(canceller: &CancellerConfig, question: &Question) -> Answer {
    let passes = |stamps: &buildbot::schedulers::config::StampFilter| {
        let filter =
            buildbot::schedulers::stamp_filter::StampMatcher::new(stamps).map_err(|error| error.to_string())?;
        let named = given::change(&question.named);
        let spec = buildbot::domain::StampSpec {
            repository: named.repository.clone(),
            project: named.project.clone(),
            branch: named.branch.clone(),
            codebase: named.codebase.clone(),
            ..Default::default()
        };
        Ok::<_, String>(matches!(filter.judge(&spec), StampVerdict::Passes))
    };
    match (&canceller.kind, question.name.as_str()) {
        (CancellerKind::OldBuilds { filters, .. }, "builders") => {
            Ok(list(filters.iter().flat_map(|it| it.builders.iter().map(String::as_str))))
        }
        (CancellerKind::OldBuilds { filters, .. }, "takes") => {
            let all: Result<Vec<bool>, String> = filters.iter().map(|it| passes(&it.stamps)).collect();
            Ok(all?.contains(&true).into())
        }
        (CancellerKind::OldBuilds { branch_key: Some(function), .. }, "branch_key") => {
            calls::call(function, &[ScriptValue::Data(PropertyValue::Map(question.named.clone()))])
        }
        (CancellerKind::FailingBuildsets { filters }, "builders") => {
            Ok(list(filters.iter().flat_map(|it| it.builders.iter().map(String::as_str))))
        }
        (_, other) => Err(unknown("a canceller", other)),
    }
}
