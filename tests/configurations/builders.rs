//! Questions about builders.

use buildbot::config::{BuilderConfig, Collapse};
use buildbot::domain::lock::LockItem;
use buildbot::domain::{PropertyValue, Renderable, ScriptValue};

use crate::sheet::{Heading, Question};
use crate::values::{Answer, dictionary, find, list, lock, number, option, unknown};
use crate::{calls, given, steps};

pub fn answer(builder: &BuilderConfig, inner: Option<&Heading>, question: &Question) -> Answer {
    if let Some(heading) = inner {
        if heading.kind != "step" {
            return Err(format!("a builder has no {:?}", heading.kind));
        }
        let name = |step: &buildbot::steps::config::StepConfig| steps::name(step, question);
        return steps::answer(builder, find(&builder.factory.steps, &heading.name, name)?, question);
    }
    Ok(match question.name.as_str() {
        "workers" => list(builder.worker_names.iter().map(String::as_str)),
        "builddir" => builder.builddir.as_str().into(),
        "workerbuilddir" => builder.workerbuilddir.as_str().into(),
        "workdir" => return calls::rendered(&builder.factory.workdir, question),
        "steps" => list(builder.factory.steps.iter().map(|step| steps::name(step, question))),
        "kinds" => list(builder.factory.steps.iter().map(steps::kind)),
        "n_steps" => number(builder.factory.steps.len()),
        // The names of those that run in this build.
        "runs" => {
            let config = &builder.factory.steps;
            let runs = |step: &&_| steps::should_run(step, question).is_ok_and(|runs| runs);
            list(config.iter().filter(runs).map(|step| steps::name(step, question)))
        }
        "description" => option(builder.description.text.clone()),
        "project" => option(builder.project.clone()),
        "tags" => list(builder.tags.iter().map(String::as_str)),
        "properties" => dictionary(&builder.properties),
        "defaultProperties" => dictionary(&builder.default_properties),
        "env" => {
            let env = builder.env.iter().map(|(name, value)| (name.clone(), value.clone()));
            return calls::rendered(&Renderable::Map(env.collect()), question);
        }
        "buildHorizon" => builder.horizons.builds.map_or(PropertyValue::Null, number),
        "logHorizon" => builder.horizons.logs.map_or(PropertyValue::Null, number),
        "location" => builder.location.as_str().into(),
        "locks" => return locks(&builder.locks, question),
        _ => return of_functions(builder, question),
    })
}

/// `disk counting, ...`; what functions say of the properties is asked, too.
pub fn locks(items: &[LockItem], question: &Question) -> Answer {
    let item = |item: &LockItem| match item {
        LockItem::Access(access) => Ok(lock(access)),
        LockItem::Function(function) => calls::with_properties(function, question),
    };
    let answers = items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(list(answers.into_iter().flat_map(|answer| match answer {
        PropertyValue::List(several) => several,
        PropertyValue::Null => Vec::new(),
        one => vec![one],
    })))
}

fn of_functions(builder: &BuilderConfig, question: &Question) -> Answer {
    let name = builder.name.as_str();
    let workers = || question.plain.iter().map(|worker| given::worker(&worker.to_string(), name)).collect();
    let request = || given::request(1, &PropertyValue::Map(question.named.clone()));
    let none = || Err("there is no function".to_owned());
    match question.name.as_str() {
        "collapseRequests" => collapse(builder.collapse_requests.as_ref(), name, question),
        "nextWorker" => builder.next_worker.as_ref().map_or_else(none, |function| {
            calls::call(function, &[given::builder(name), ScriptValue::List(workers()), request()])
        }),
        "canStartBuild" => builder.can_start_build.as_ref().map_or_else(none, |function| {
            let worker = question.plain.first().map(ToString::to_string).unwrap_or_default();
            calls::call(function, &[given::builder(name), given::worker(&worker, name), request()])
        }),
        // The requests are dictionaries of their properties; the answer is the number of one, from 1.
        "nextBuild" => builder.next_build.as_ref().map_or_else(none, |function| {
            let requests = (1..).zip(&question.plain).map(|(id, request)| given::request(id, request)).collect();
            calls::call(function, &[given::builder(name), ScriptValue::List(requests)])
        }),
        "do_build_if" => builder.do_build_if.as_ref().map_or_else(none, |function| {
            let properties = ScriptValue::Properties(given::properties(&question.named).into());
            let build = [("number", given::data(7)), ("builder", given::builder(name)), ("properties", properties)];
            calls::call(function, &[given::object(&build)])
        }),
        other => Err(unknown("a builder", other)),
    }
}

/// `compatible`, `never`, or what the function says of two requests.
pub fn collapse(rule: Option<&Collapse>, builder: &str, question: &Question) -> Answer {
    match rule {
        None => Ok("as the master says".into()),
        Some(Collapse::Compatible) => Ok("compatible".into()),
        Some(Collapse::Never) => Ok("never".into()),
        Some(Collapse::Function(function)) => {
            let [one, other] = question.plain.as_slice() else { return Err("two requests, please".to_owned()) };
            let requests = [given::request(1, one), given::request(2, other)];
            let arguments = [given::object(&[]), given::builder(builder)];
            calls::call(function, &[arguments, requests].concat())
        }
    }
}
