//! A build as functions of Buildbot 0.8 know it: with methods, the answers of which are known beforehand.

use crate::domain::{Change, PropertyValue, Results, ScriptValue};
use crate::reporters::dictionary::texts;
use crate::reporters::facts::{BuildFacts, LogFacts, Site, StepFacts};
use crate::reporters::push;
use crate::reporters::{log_lines, story};

type Attributes = Vec<(String, ScriptValue)>;

fn answer(name: &str, value: ScriptValue) -> (String, ScriptValue) {
    (name.to_owned(), ScriptValue::Answer(Box::new(value)))
}

fn plain(name: &str, value: PropertyValue) -> (String, ScriptValue) {
    (name.to_owned(), ScriptValue::Data(value))
}

fn data(name: &str, value: PropertyValue) -> (String, ScriptValue) {
    answer(name, ScriptValue::Data(value))
}

fn one(text: &str) -> PropertyValue {
    PropertyValue::List(vec![text.into()])
}

fn code(results: Option<Results>) -> PropertyValue {
    results.map_or(PropertyValue::Null, |results| i64::from(results.code()).into())
}

/// `master_status`.
pub fn master(site: &Site) -> ScriptValue {
    let (title, url) = (PropertyValue::from(site.title.as_str()), PropertyValue::from(site.url.as_str()));
    let config = vec![plain("title", title.clone()), plain("buildbotURL", url.clone())];
    ScriptValue::Object(vec![
        ("config".to_owned(), ScriptValue::Object(config)),
        data("getTitle", title.clone()),
        data("getProjectName", title),
        data("getTitleURL", url.clone()),
        data("getProjectURL", url.clone()),
        data("getBuildbotURL", url),
        ("getURLForThing".to_owned(), ScriptValue::UrlOf),
    ])
}

pub fn build(facts: &BuildFacts, site: &Site) -> ScriptValue {
    let build = &facts.build;
    let steps: Vec<ScriptValue> = facts.steps.iter().map(|each| step(facts, each, site)).collect();
    let each_log = |step: &StepFacts| step.logs.iter().map(|each| log(facts, step, each, site)).collect::<Vec<_>>();
    let logs: Vec<ScriptValue> = facts.steps.iter().flat_map(each_log).collect();
    let changes: Vec<ScriptValue> = facts.changes.iter().map(|each| change(each, site)).collect();
    let blamelist = texts(&facts.blamelist());
    let builder =
        [data("getName", facts.builder.name.as_str().into()), plain("name", facts.builder.name.as_str().into())];
    let mut attributes: Attributes = vec![
        ("properties".to_owned(), ScriptValue::Properties(facts.properties.clone().into())),
        ("changes".to_owned(), ScriptValue::List(changes.clone())),
        answer("getChanges", ScriptValue::List(changes.clone())),
        answer("getBuilder", ScriptValue::Object(builder.to_vec())),
        answer("getSourceStamp", source_stamp(facts, changes.clone())),
        answer("getSourceStamps", ScriptValue::List(vec![source_stamp(facts, changes)])),
        answer("getSteps", ScriptValue::List(steps)),
        answer("getLogs", ScriptValue::List(logs)),
        answer("getPreviousBuild", facts.previous.as_ref().map_or(ScriptValue::Data(PropertyValue::Null), previous)),
        answer("getTestResults", ScriptValue::Map(Vec::new())),
        data("getTimes", push::times(Some(build.started_at), build.complete_at)),
        data("getText", one(&build.state_string)),
        data("getInterestedUsers", blamelist.clone()),
        data("isFinished", build.complete_at.is_some().into()),
        plain("text", build.state_string.as_str().into()),
        plain("url", story::build_url(site, build).into()),
        plain("builder_name", facts.builder.name.as_str().into()),
        plain("worker_name", facts.worker.as_str().into()),
        plain("blamelist", blamelist.clone()),
        data("getResponsibleUsers", blamelist),
        data("getSlavename", facts.worker.as_str().into()),
        data("getWorkername", facts.worker.as_str().into()),
    ];
    let both = [
        ("number", "getNumber", build.number.into()),
        ("reason", "getReason", facts.buildset.reason.as_str().into()),
        ("results", "getResults", code(build.results)),
    ];
    attributes
        .extend(both.into_iter().flat_map(|(name, method, value): (_, _, PropertyValue)| {
            [plain(name, value.clone()), data(method, value)]
        }));
    ScriptValue::Object(attributes)
}

fn previous(build: &crate::domain::Build) -> ScriptValue {
    let attributes = [
        data("getNumber", build.number.into()),
        data("getResults", code(build.results)),
        data("getText", one(&build.state_string)),
    ];
    ScriptValue::Object(attributes.to_vec())
}

fn source_stamp(facts: &BuildFacts, changes: Vec<ScriptValue>) -> ScriptValue {
    let spec = facts.buildset.stamps.first().map(|(stamp, _)| stamp.spec.clone()).unwrap_or_default();
    // As 0.8 has it: level, text, directory.
    let patch = spec.patch.as_ref().map_or(PropertyValue::Null, |patch| {
        let body = String::from_utf8_lossy(&patch.body).into_owned();
        PropertyValue::List(vec![i64::from(patch.level).into(), body.into(), patch.subdir.as_str().into()])
    });
    ScriptValue::Object(vec![
        plain("branch", spec.branch.into()),
        plain("revision", spec.revision.into()),
        plain("repository", spec.repository.into()),
        plain("project", spec.project.into()),
        plain("codebase", spec.codebase.into()),
        plain("patch", patch),
        ("changes".to_owned(), ScriptValue::List(changes)),
    ])
}

fn change(change: &Change, site: &Site) -> ScriptValue {
    let dictionary = push::change(change, site);
    let attributes = match &dictionary {
        PropertyValue::Map(entries) => entries.clone(),
        _ => std::collections::BTreeMap::new(),
    };
    let revision = change.revision.as_deref().unwrap_or("latest");
    let text = format!(
        "Files:\n{}\nOn: {}\nFor: {}\nAt: {}\nChanged By: {}\nComments: {}\nRevision: {revision}\n",
        change.files.iter().map(|file| format!(" {file}\n")).collect::<String>(),
        change.repository,
        change.project,
        story::moment(change.when),
        change.author,
        change.comments,
    );
    let mut attributes: Attributes =
        attributes.into_iter().map(|(name, value)| (name, ScriptValue::Data(value))).collect();
    let properties = ScriptValue::Properties(change.properties.clone().into());
    attributes.retain(|(name, _)| !matches!(name.as_str(), "files" | "properties"));
    attributes.extend([
        plain("files", texts(&change.files)),
        ("properties".to_owned(), properties),
        data("getShortAuthor", change.author.as_str().into()),
        data("asDict", dictionary),
        data("asText", text.into()),
    ]);
    ScriptValue::Object(attributes)
}

/// A step without its logs.
fn bare_step(of: &BuildFacts, facts: &StepFacts, site: &Site) -> Attributes {
    let step = &facts.step;
    let results = PropertyValue::List(vec![code(step.results), one(&step.state_string)]);
    let urls = step.urls.iter().map(|(name, url)| (name.clone(), url.as_str().into())).collect();
    vec![
        plain("name", step.name.as_str().into()),
        plain("url", format!("{}/steps/{}", story::build_url(site, &of.build), step.number).into()),
        data("getName", step.name.as_str().into()),
        data("getText", one(&step.state_string)),
        data("getResults", results),
        data("getURLs", PropertyValue::Map(urls)),
        data("getTimes", push::times(step.started_at, step.complete_at)),
        data("isStarted", step.started_at.is_some().into()),
        data("isFinished", step.complete_at.is_some().into()),
        data("isHidden", step.hidden.into()),
    ]
}

fn step(of: &BuildFacts, facts: &StepFacts, site: &Site) -> ScriptValue {
    let logs = facts.logs.iter().map(|each| log(of, facts, each, site)).collect();
    let mut attributes = bare_step(of, facts, site);
    attributes.push(answer("getLogs", ScriptValue::List(logs)));
    ScriptValue::Object(attributes)
}

fn log(of: &BuildFacts, step: &StepFacts, facts: &LogFacts, site: &Site) -> ScriptValue {
    let log = &facts.log;
    let text = facts.content.as_deref().map(|text| log_lines::readable(text, log.kind)).unwrap_or_default();
    ScriptValue::Object(vec![
        plain("name", log.name.as_str().into()),
        plain("url", story::log_url(site, &of.build, &step.step, log).into()),
        data("getName", log.name.as_str().into()),
        answer("getStep", ScriptValue::Object(bare_step(of, step, site))),
        data("hasContents", (!text.is_empty()).into()),
        data("isFinished", log.complete.into()),
        data("readlines", PropertyValue::List(text.lines().map(|line| format!("{line}\n").into()).collect())),
        data("getTextWithHeaders", text.clone().into()),
        data("getText", text.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loader;
    use crate::domain::script::ScriptLimits;
    use crate::reporters::config::{FormatterSource, GeneratorKind};
    use crate::reporters::sample::{build_facts, site};

    /// What a function of this body returns about the sample.
    fn returned(body: &str) -> PropertyValue {
        let text = format!(
            "from buildbot.plugins import *\nfrom buildbot.status.builder import Results\n\
             from buildbot.status import mail\nc = BuildmasterConfig = {{}}\nc['protocols'] = {{'pb': {{'port': 9989}}}}\n\
             c['workers'] = [worker.Worker('w', 'pw')]\n\
             c['builders'] = [util.BuilderConfig('b', workername='w', factory=util.BuildFactory())]\n\
             c['schedulers'] = [schedulers.ForceScheduler('force', builderNames=['b'])]\n\
             def old(mode, name, build, results, master_status):\n{body}\n\
             c['status'] = [mail.MailNotifier('ci@example.org', messageFormatter=old)]\n"
        );
        let config = Loader::new("/srv/master").text("master.cfg", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let GeneratorKind::Build { formatter, .. } = &config.reporters[0].generators[0].kind else {
            panic!("of builds")
        };
        let FormatterSource::Old { function } = &formatter.source else { panic!("no function") };
        let mut facts = build_facts();
        facts.steps[1].logs[0].content = Some("hmake test\noone\netwo\n".to_owned());
        let mode = ScriptValue::Data(PropertyValue::List(vec!["failing".into()]));
        let (name, results) = (ScriptValue::Data("runtests".into()), ScriptValue::Data(2.into()));
        let arguments = [mode, name, build(&facts, &site()), results, master(&site())];
        function.0.call(&arguments, ScriptLimits::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn methods_of_0_8_answer() {
        let body = "    ss = build.getSourceStamp()
    log = build.getLogs()[-1]
    lines = [mode[0], name, Results[results], build.getReason(), build.getSlavename(), build.getBuilder().getName()]
    lines += [master_status.getTitle(), master_status.getURLForThing(build), ss.branch or '']
    lines += [log.getName(), log.getStep().getName(), str(log.getStep().getResults()[0])]
    lines += [log.getText().splitlines()[-1], str(build.getNumber()), build.getText()[0]]
    lines += [build.getProperty('owner'), str(len(build.getSteps())), str(int(build.getTimes()[0]))]
    return '|'.join(lines)";
        assert_eq!(
            returned(body),
            "failing|runtests|failure|scheduler|w1|runtests|Example|https://ci.example.org/builders/3/builds/7|main|\
             stdio|test|2|two|7|failed test|bob@example.org|2|1700000700"
                .into()
        );
    }

    #[test]
    fn changes_of_0_8_are_objects_and_dictionaries() {
        let body = "    change = build.getChanges()[0]
    known = change.asDict()
    return '|'.join([change.who, known['who'], known['files'][0]['name'], change.files[0], change.asText()[:6]])";
        let ada = "Ada <ada@example.org>";
        assert_eq!(returned(body), format!("{ada}|{ada}|parser.c|parser.c|Files:").into());
    }
}
