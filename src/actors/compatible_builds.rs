//! `compatible_builds` of an `InheritBuildParameter`: a function of the configuration names the builds to choose from.

use tracing::warn;

use super::scripts::CallFunction;
use super::supervisor::Ask;
use crate::domain::{Callback, PropertyValue, Results, ScriptValue};
use crate::schedulers::config::{ForceFieldKind, SchedulerConfig, SchedulerKind};
use crate::schedulers::fields;

/// A build that a function can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBuild {
    /// `builder/number`
    pub name: String,
    pub results: Option<Results>,
}

/// Asks each function once.
pub(super) async fn ask<'config>(
    scripts: &Ask<CallFunction>,
    schedulers: impl Iterator<Item = &'config SchedulerConfig>,
    builder: Option<&str>,
    past: &[PastBuild],
) -> Vec<(Callback, Vec<String>)> {
    let mut answers: Vec<(Callback, Vec<String>)> = Vec::new();
    for function in schedulers.flat_map(functions) {
        if answers.iter().any(|(asked, _)| *asked == function) {
            continue;
        }
        let builder = builder.map(str::to_owned);
        let arguments = vec![master(past), ScriptValue::Data(builder.into())];
        let answer = scripts.ask(CallFunction { function: function.clone(), arguments }).await;
        let builds = match answer {
            Ok(Ok(value)) => names(&value),
            Ok(Err(error)) => {
                warn!("compatible_builds failed: {error}");
                Vec::new()
            }
            Err(error) => {
                warn!("compatible_builds cannot be asked: {error}");
                Vec::new()
            }
        };
        answers.push((function, builds));
    }
    answers
}

fn functions(scheduler: &SchedulerConfig) -> Vec<Callback> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return Vec::new() };
    let function = |kind: &ForceFieldKind| match kind {
        ForceFieldKind::Inherit { compatible_builds } => compatible_builds.clone(),
        _ => None,
    };
    fields::all(force).into_iter().filter_map(|(_, field)| function(&field.kind)).collect()
}

/// The master as such a function sees it: `builds` are the last ones of the builder, the newest first, each with `name`
/// and `results`.
fn master(past: &[PastBuild]) -> ScriptValue {
    let build = |build: &PastBuild| {
        let results = build.results.map_or(PropertyValue::Null, |results| i64::from(results.code()).into());
        ScriptValue::Object(vec![
            ("name".to_owned(), ScriptValue::Data(build.name.as_str().into())),
            ("results".to_owned(), ScriptValue::Data(results)),
        ])
    };
    ScriptValue::Object(vec![("builds".to_owned(), ScriptValue::List(past.iter().map(build).collect()))])
}

/// A list of texts, or of what has a name.
fn names(answer: &PropertyValue) -> Vec<String> {
    let PropertyValue::List(items) = answer else { return Vec::new() };
    let name = |item: &PropertyValue| match item {
        PropertyValue::Str(text) => Some(text.clone()),
        PropertyValue::Map(object) => object.get("name").and_then(PropertyValue::as_str).map(str::to_owned),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Loader;
    use crate::testing::probe::probe_ask;

    const CONFIG: &str = "\
from buildbot.plugins import *

def good(master, builder):
    return ['%s/first' % builder] + [build for build in master.builds if build.results == 0]

c = BuildmasterConfig = {}
c['protocols'] = {'pb': {'port': 9989}}
c['workers'] = [worker.Worker('w1', 'pw')]
c['builders'] = [util.BuilderConfig(name='b1', workername='w1', factory=util.BuildFactory())]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['b1'], properties=[
    util.InheritBuildParameter(name='inherit', compatible_builds=good)])]
";

    #[actix::test]
    async fn a_function_chooses_among_the_last_builds() {
        let config = Loader::new("/srv/master").text("master.cfg", CONFIG).unwrap();
        let past = |number: i64, results| PastBuild { name: format!("b1/{number}"), results: Some(results) };
        let past = [past(3, Results::Success), past(2, Results::Failure), past(1, Results::Success)];
        let function = functions(&config.schedulers[0]).remove(0);
        let arguments = [master(&past), ScriptValue::Data("b1".into())];
        let answer = function.0.call(&arguments, Default::default()).unwrap();
        assert_eq!(names(&answer), ["b1/first", "b1/3", "b1/1"]);
    }

    #[actix::test]
    async fn a_function_that_fails_names_no_builds() {
        let config = Loader::new("/srv/master").text("master.cfg", CONFIG).unwrap();
        let (scripts, mut inbox) = probe_ask::<CallFunction>(Duration::from_secs(60));
        let asked = ask(&scripts, config.schedulers.iter(), None, &[]);
        let answered = async {
            let (_, question) = inbox.next_question().await;
            let error = crate::domain::ScriptError {
                function: "good".to_owned(),
                location: "master.cfg:3".to_owned(),
                message: "no".to_owned(),
            };
            question.send(Err(error));
        };
        let (found, ()) = futures_util::future::join(asked, answered).await;
        assert_eq!((found.len(), found[0].1.len()), (1, 0));
    }
}
