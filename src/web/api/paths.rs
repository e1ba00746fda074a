//! The paths of REST: one place that says which exist.

use super::{
    build_data, builders, buildrequests, builds, buildsets, changes, changesources, codebases, empty, explain,
    forceschedulers, log_text, logs, masters, projects, properties, schedulers, sourcestamps, steps, workers,
};
use crate::db::views::keys::{BuildKey, BuilderKey, LogKey, ProjectKey, StepKey, WorkerKey, number};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    RootLinks,
    Masters(masters::Scope),
    BuildData(build_data::Scope),
    Builders(builders::Scope),
    BuildRequests(buildrequests::Scope),
    Builds(builds::Scope),
    Buildsets(buildsets::Scope),
    Changes(changes::Scope),
    ChangeSources(changesources::Scope),
    Codebases(codebases::Scope),
    /// Of a running build.
    Estimate(BuildKey),
    Explain(explain::Scope),
    ForceSchedulers(forceschedulers::Scope),
    Logs(logs::Scope),
    LogText(LogKey, log_text::Form),
    Projects(projects::Scope),
    Properties(properties::Scope),
    Schedulers(schedulers::Scope),
    SourceStamps(sourcestamps::Scope),
    Steps(steps::Scope),
    Workers(workers::Scope),
    /// Kinds of things that this master does not have; their collections are empty.
    Empty(empty::Scope),
}

/// The endpoint of a path below `/api/v2/`; `None` if there is none.
pub fn parse(segments: &[&str]) -> Option<Endpoint> {
    let (first, rest) = segments.split_first()?;
    match *first {
        "builders" => below_builders(rest),
        "buildrequests" => below_requests(rest),
        "builds" => match rest {
            [] => Some(Endpoint::Builds(builds::Scope::All)),
            [build, rest @ ..] => below_build(BuildKey::Id(number(build)?), rest),
        },
        "buildsets" => below_buildsets(rest),
        "changes" => below_changes(rest),
        "changesources" => Some(Endpoint::ChangeSources(changesources::Scope { master: None, one: optional(rest)? })),
        "branches" => one(rest).map(codebases::Scope::Branch).map(Endpoint::Codebases),
        "codebases" => codebases::Scope::parse(rest).map(Endpoint::Codebases),
        "commits" => one(rest).map(codebases::Scope::Commit).map(Endpoint::Codebases),
        "forceschedulers" => match rest {
            [] => Some(Endpoint::ForceSchedulers(forceschedulers::Scope::All)),
            [name] => Some(Endpoint::ForceSchedulers(forceschedulers::Scope::One((*name).to_owned()))),
            _ => None,
        },
        "logs" => match rest {
            [log] => Some(Endpoint::Logs(logs::Scope::One(LogKey::Id(number(log)?)))),
            [log, form] => Some(Endpoint::LogText(LogKey::Id(number(log)?), log_text::Form::parse(form)?)),
            _ => None,
        },
        "masters" => below_masters(rest),
        "projects" => below_projects(rest),
        "schedulers" => Some(Endpoint::Schedulers(schedulers::Scope { master: None, one: optional(rest)? })),
        "sourcestamps" => match rest {
            [] => Some(Endpoint::SourceStamps(sourcestamps::Scope::All)),
            [stamp] => Some(Endpoint::SourceStamps(sourcestamps::Scope::One(number(stamp)?))),
            [stamp, "changes"] => Some(Endpoint::Changes(changes::Scope::OfStamp(number(stamp)?))),
            _ => None,
        },
        "steps" => match rest {
            [step, rest @ ..] => below_step(StepKey::Id(number(step)?), rest),
            [] => None,
        },
        "workers" => below_workers(rest),
        _ => empty::parse(segments).map(Endpoint::Empty),
    }
}

/// One number.
fn one(segments: &[&str]) -> Option<i64> {
    let [id] = segments else { return None };
    number(id)
}

/// Nothing, or one number.
fn optional(segments: &[&str]) -> Option<Option<i64>> {
    match segments {
        [] => Some(None),
        [id] => number(id).map(Some),
        _ => None,
    }
}

fn below_builders(segments: &[&str]) -> Option<Endpoint> {
    let [builder, rest @ ..] = segments else { return Some(Endpoint::Builders(builders::Scope::All)) };
    let key = BuilderKey::parse(builder);
    match rest {
        [] => Some(Endpoint::Builders(builders::Scope::One(key))),
        ["builds"] => Some(Endpoint::Builds(builds::Scope::OfBuilder(key))),
        ["builds", build, rest @ ..] => below_build(BuildKey::Number(key, number(build)?), rest),
        ["buildrequests"] => Some(Endpoint::BuildRequests(buildrequests::Scope::OfBuilder(number(builder)?))),
        ["forceschedulers"] => Some(Endpoint::ForceSchedulers(forceschedulers::Scope::OfBuilder(key))),
        ["masters"] => Some(Endpoint::Masters(masters::Scope { builder: Some(number(builder)?), one: None })),
        ["masters", master] => {
            Some(Endpoint::Masters(masters::Scope { builder: Some(number(builder)?), one: Some(number(master)?) }))
        }
        ["workers", rest @ ..] => Some(Endpoint::Workers(workers::Scope {
            master: None,
            builder: Some(number(builder)?),
            one: worker(rest)?,
        })),
        ["test_result_sets"] => Some(Endpoint::Empty(empty::TEST_RESULT_SETS)),
        _ => None,
    }
}

fn worker(segments: &[&str]) -> Option<Option<WorkerKey>> {
    match segments {
        [] => Some(None),
        [key] => Some(Some(WorkerKey::parse(key))),
        _ => None,
    }
}

fn below_build(build: BuildKey, segments: &[&str]) -> Option<Endpoint> {
    match segments {
        [] => Some(Endpoint::Builds(builds::Scope::One(build))),
        ["changes"] => Some(Endpoint::Changes(changes::Scope::OfBuild(build))),
        ["properties"] => Some(Endpoint::Properties(properties::Scope::OfBuild(build))),
        ["property_list"] => Some(Endpoint::Properties(properties::Scope::ListOfBuild(build))),
        ["triggered_builds"] => Some(Endpoint::Builds(builds::Scope::TriggeredBy(build))),
        ["steps"] => Some(Endpoint::Steps(steps::Scope::OfBuild(build))),
        ["steps", step, rest @ ..] => below_step(StepKey::parse(build, step), rest),
        ["estimate"] => Some(Endpoint::Estimate(build)),
        ["data"] => Some(Endpoint::BuildData(build_data::Scope::OfBuild(build))),
        ["data", name] => Some(Endpoint::BuildData(build_data::Scope::One(build, (*name).to_owned()))),
        ["data", name, "value"] => Some(Endpoint::BuildData(build_data::Scope::Value(build, (*name).to_owned()))),
        ["test_result_sets"] => Some(Endpoint::Empty(empty::TEST_RESULT_SETS)),
        _ => None,
    }
}

fn below_step(step: StepKey, segments: &[&str]) -> Option<Endpoint> {
    let log = |slug: &str| LogKey::Slug(step.clone(), slug.to_owned());
    match segments {
        [] => Some(Endpoint::Steps(steps::Scope::One(step))),
        ["logs"] => Some(Endpoint::Logs(logs::Scope::OfStep(step))),
        ["logs", slug] => Some(Endpoint::Logs(logs::Scope::One(log(slug)))),
        ["logs", slug, form] => Some(Endpoint::LogText(log(slug), log_text::Form::parse(form)?)),
        ["test_result_sets"] => Some(Endpoint::Empty(empty::TEST_RESULT_SETS)),
        _ => None,
    }
}

fn below_requests(segments: &[&str]) -> Option<Endpoint> {
    match segments {
        [] => Some(Endpoint::BuildRequests(buildrequests::Scope::All)),
        [request] => Some(Endpoint::BuildRequests(buildrequests::Scope::One(number(request)?))),
        [request, "explain"] => Some(Endpoint::Explain(explain::Scope::Request(number(request)?))),
        [request, "builds"] => Some(Endpoint::Builds(builds::Scope::OfRequest(number(request)?))),
        _ => None,
    }
}

fn below_buildsets(segments: &[&str]) -> Option<Endpoint> {
    let [buildset, rest @ ..] = segments else { return Some(Endpoint::Buildsets(buildsets::Scope::All)) };
    let id = number(buildset)?;
    match rest {
        [] => Some(Endpoint::Buildsets(buildsets::Scope::One(id))),
        ["properties"] => Some(Endpoint::Properties(properties::Scope::OfBuildset(id))),
        ["properties_list"] => Some(Endpoint::Properties(properties::Scope::ListOfBuildset(id))),
        ["sourcestamps"] => Some(Endpoint::SourceStamps(sourcestamps::Scope::OfBuildset(id))),
        _ => None,
    }
}

fn below_changes(segments: &[&str]) -> Option<Endpoint> {
    let [change, rest @ ..] = segments else { return Some(Endpoint::Changes(changes::Scope::All)) };
    let id = number(change)?;
    match rest {
        [] => Some(Endpoint::Changes(changes::Scope::One(id))),
        ["explain"] => Some(Endpoint::Explain(explain::Scope::Change(id))),
        ["builds"] => Some(Endpoint::Builds(builds::Scope::OfChange(id))),
        ["properties_list"] => Some(Endpoint::Properties(properties::Scope::ListOfChange(id))),
        _ => None,
    }
}

fn below_masters(segments: &[&str]) -> Option<Endpoint> {
    let [master, rest @ ..] = segments else {
        return Some(Endpoint::Masters(masters::Scope { builder: None, one: None }));
    };
    let id = number(master)?;
    match rest {
        [] => Some(Endpoint::Masters(masters::Scope { builder: None, one: Some(id) })),
        ["builders"] => Some(Endpoint::Builders(builders::Scope::OfMaster(id, None))),
        ["builders", builder] => Some(Endpoint::Builders(builders::Scope::OfMaster(id, Some(number(builder)?)))),
        ["builders", builder, "workers", rest @ ..] => Some(Endpoint::Workers(workers::Scope {
            master: Some(id),
            builder: Some(number(builder)?),
            one: worker(rest)?,
        })),
        ["changesources", rest @ ..] => {
            Some(Endpoint::ChangeSources(changesources::Scope { master: Some(id), one: optional(rest)? }))
        }
        ["schedulers", rest @ ..] => {
            Some(Endpoint::Schedulers(schedulers::Scope { master: Some(id), one: optional(rest)? }))
        }
        ["workers", rest @ ..] => {
            Some(Endpoint::Workers(workers::Scope { master: Some(id), builder: None, one: worker(rest)? }))
        }
        _ => None,
    }
}

fn below_projects(segments: &[&str]) -> Option<Endpoint> {
    let [project, rest @ ..] = segments else { return Some(Endpoint::Projects(projects::Scope::All)) };
    match rest {
        [] => Some(Endpoint::Projects(projects::Scope::One(ProjectKey::parse(project)))),
        ["builders"] => Some(Endpoint::Builders(builders::Scope::OfProject(number(project)?))),
        ["codebases", name] => Some(Endpoint::Codebases(codebases::Scope::Named(number(project)?, (*name).to_owned()))),
        _ => None,
    }
}

fn below_workers(segments: &[&str]) -> Option<Endpoint> {
    match segments {
        [worker, "builders"] => Some(Endpoint::Builders(builders::Scope::OfWorker(number(worker)?))),
        [worker, "builds"] => Some(Endpoint::Builds(builds::Scope::OfWorker(number(worker)?))),
        _ => Some(Endpoint::Workers(workers::Scope { master: None, builder: None, one: worker(segments)? })),
    }
}
