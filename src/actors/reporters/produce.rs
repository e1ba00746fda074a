//! What is to be sent about something that happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::format::{self, Subject};
use super::gather::{self, Depth};
use super::{ReporterDeps, address};
use crate::db::DbError;
use crate::db::transitions::NewDelivery;
use crate::db::views::reporters::StoredEvent;
use crate::domain::{Patch, Properties, SourceStamp};
use crate::reporters::config::{AttachLogs, FormatterSource, GeneratorConfig, ReporterConfig, TransportConfig};
use crate::reporters::context::{self, Context};
use crate::reporters::facts::{BuildFacts, SetFacts, Site};
use crate::reporters::generator::Occasion;
use crate::reporters::message::{AttachedLog, Body, Message, Report, old_subject, tells_the_story};
use crate::reporters::template::Standard;
use crate::reporters::{log_lines, story, words};

/// Longest title that is kept for the list of deliveries.
const LONGEST_TITLE: usize = 150;

/// One event and the reporter that has read it.
pub struct Task<'a> {
    pub config: &'a ReporterConfig,
    pub deps: &'a ReporterDeps,
    pub event: &'a StoredEvent,
    pub occasion: Occasion,
    pub site: Site,
}

impl Task<'_> {
    /// Everything that is to be sent; mostly nothing, sometimes one delivery.
    pub async fn deliveries(&self) -> Result<Vec<NewDelivery>, DbError> {
        let hearing: Vec<&GeneratorConfig> =
            self.config.generators.iter().filter(|generator| generator.hears(self.occasion)).collect();
        if hearing.is_empty() {
            return Ok(Vec::new());
        }
        let reports = match self.occasion {
            Occasion::BuildStarted(_) | Occasion::BuildFinished(_) => self.of_build(&hearing).await?,
            Occasion::RequestAdded(_) | Occasion::RequestCancelled(_) => self.of_request(&hearing).await?,
            Occasion::BuildsetCompleted(_) => self.of_set(&hearing).await?,
            Occasion::WorkerMissing(_) => self.of_worker(&hearing).await?,
        };
        match &self.config.transport {
            TransportConfig::Mail(mail) => match merged(reports) {
                Some(report) => address::mail(self, mail, &report).await,
                None => Ok(Vec::new()),
            },
            TransportConfig::Push(_) => Ok(Vec::new()),
            // As in Buildbot, the first generator that has something to say speaks.
            TransportConfig::Http(_) => Ok(reports.iter().take(1).filter_map(|report| self.posted(report)).collect()),
        }
    }

    fn posted(&self, report: &Report) -> Option<NewDelivery> {
        let body = format::json_of(&report.message.body)?;
        Some(self.delivery(self.subject(report), Vec::new(), body))
    }

    pub fn delivery(&self, title: String, recipients: Vec<String>, body: Vec<u8>) -> NewDelivery {
        let title = words::one_line(&title, LONGEST_TITLE);
        NewDelivery { event_key: self.event.key.clone(), queue: self.occasion.queue(), title, recipients, body }
    }

    /// The subject of a message, or a line in place of it.
    pub fn subject(&self, report: &Report) -> String {
        let given = report.message.subject.clone().filter(|subject| !subject.trim().is_empty());
        given.unwrap_or_else(|| format!("[{}] {}", self.site.title, self.event.key))
    }

    async fn of_build(&self, hearing: &[&GeneratorConfig]) -> Result<Vec<Report>, DbError> {
        let (Occasion::BuildStarted(id) | Occasion::BuildFinished(id)) = self.occasion else { return Ok(Vec::new()) };
        let Some(mut facts) = self.deps.db.read(move |conn| gather::build(conn, id)).await? else {
            return Ok(Vec::new());
        };
        if matches!(self.occasion, Occasion::BuildStarted(_)) {
            facts = facts.at_start();
        }
        let wanted: Vec<&GeneratorConfig> =
            hearing.iter().copied().filter(|generator| generator.wants_build(&facts)).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let facts = Arc::new(gather::deepen(&self.deps.db, facts, &self.depth(&wanted)).await?);
        let mut reports = Vec::with_capacity(wanted.len());
        for generator in wanted {
            let context = context::of_build(&facts, &generator.mode_names(), false, &self.site);
            let mut message = self.message(generator, context, Standard::Build, About::Build(&facts)).await;
            let headline = story::headline(&facts);
            message.subject.get_or_insert_with(|| format!("[{}] {headline}", self.site.title));
            reports.push(self.finished(generator, report_of(generator, &facts, message)));
        }
        Ok(reports)
    }

    async fn of_request(&self, hearing: &[&GeneratorConfig]) -> Result<Vec<Report>, DbError> {
        let (Occasion::RequestAdded(id) | Occasion::RequestCancelled(id)) = self.occasion else {
            return Ok(Vec::new());
        };
        let master = self.deps.db.master().id;
        let Some(facts) = self.deps.db.read(move |conn| gather::pending(conn, id, master)).await? else {
            return Ok(Vec::new());
        };
        let cancelled = matches!(self.occasion, Occasion::RequestCancelled(_));
        let mut reports = Vec::new();
        for generator in hearing.iter().filter(|generator| generator.wants_request(&facts)) {
            let context = context::of_request(&facts, cancelled, &self.site);
            let mut message =
                self.message(generator, context.clone(), Standard::Build, About::Other(&facts.properties)).await;
            let headline = context.get("headline").map(ToString::to_string).unwrap_or_default();
            message.subject.get_or_insert_with(|| format!("[{}] {headline}", self.site.title));
            let stamps = facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
            let report = Report {
                message,
                results: cancelled.then_some(crate::domain::Results::Cancelled),
                thread: format!("builders/{}", facts.builder.id),
                builders: vec![facts.builder.name.clone()],
                users: Vec::new(),
                recipients: None,
                logs: Vec::new(),
                patches: patches(generator, stamps),
                properties: Some(facts.properties.clone()),
            };
            reports.push(self.finished(generator, report));
        }
        Ok(reports)
    }

    async fn of_set(&self, hearing: &[&GeneratorConfig]) -> Result<Vec<Report>, DbError> {
        let Occasion::BuildsetCompleted(id) = self.occasion else { return Ok(Vec::new()) };
        let Some(mut facts) = self.deps.db.read(move |conn| gather::set(conn, id)).await? else {
            return Ok(Vec::new());
        };
        let wanted: Vec<&GeneratorConfig> =
            hearing.iter().copied().filter(|generator| generator.wants_set(&facts)).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let depth = self.depth(&wanted);
        let mut builds = Vec::with_capacity(facts.builds.len());
        for build in std::mem::take(&mut facts.builds) {
            builds.push(gather::deepen(&self.deps.db, build, &depth).await?);
        }
        facts.builds = builds;
        let mut reports = Vec::with_capacity(wanted.len());
        for generator in wanted {
            let report = self.report_of_set(generator, &facts).await;
            reports.push(self.finished(generator, report));
        }
        Ok(reports)
    }

    async fn report_of_set(&self, generator: &GeneratorConfig, facts: &SetFacts) -> Report {
        let modes = generator.mode_names();
        let of_whole = context::of_buildset(facts, &modes, &self.site);
        let headline = of_whole.get("headline").map(ToString::to_string).unwrap_or_default();
        let in_one_piece = matches!(generator.kind, crate::reporters::config::GeneratorKind::Combined { .. })
            || is_our_own(generator, self.occasion);
        let mut message = Message::default();
        if in_one_piece {
            message = self.message(generator, of_whole, Standard::Buildset, About::Other(&facts.properties)).await;
        } else {
            for build in facts.builds.iter().filter(|build| generator.wants_build(build)) {
                let context = context::of_build(build, &modes, true, &self.site);
                let part =
                    self.message(generator, context, Standard::Build, About::Build(&Arc::new(build.clone()))).await;
                message.subject = message.subject.or(part.subject);
                message.body.append(part.body);
            }
        }
        message.subject.get_or_insert_with(|| format!("[{}] {headline}", self.site.title));
        let builders: BTreeSet<&str> = facts.builds.iter().map(|build| build.builder.name.as_str()).collect();
        let only = match facts.builds.as_slice() {
            [build] => Some(build),
            _ => None,
        };
        Report {
            message,
            results: facts.buildset.results,
            thread: match only {
                Some(build) => format!("builders/{}", build.builder.id),
                None => format!("schedulers/{}", facts.buildset.scheduler),
            },
            users: facts.blamelist(),
            recipients: None,
            logs: facts.builds.iter().flat_map(|build| logs(generator, build, 1 < builders.len())).collect(),
            patches: patches(generator, facts.buildset.stamps.iter().map(|(stamp, _)| stamp)),
            properties: only.map(|build| build.properties.clone()),
            builders: builders.into_iter().map(str::to_owned).collect(),
        }
    }

    async fn of_worker(&self, hearing: &[&GeneratorConfig]) -> Result<Vec<Report>, DbError> {
        let Occasion::WorkerMissing(id) = self.occasion else { return Ok(Vec::new()) };
        let Some(mut facts) = self.deps.db.read(move |conn| gather::missing(conn, id)).await? else {
            return Ok(Vec::new());
        };
        let applied = Arc::clone(&self.deps.config.borrow());
        let known = applied.config.workers.iter().find(|worker| worker.name == facts.worker.name);
        facts.notify = known.map(|worker| worker.notify_on_missing.clone()).unwrap_or_default();
        let mut reports = Vec::new();
        for generator in hearing.iter().filter(|generator| generator.wants_worker(&facts.worker.name)) {
            let context = context::of_worker(&facts, &self.site);
            let message = self.message(generator, context, Standard::Worker, About::Other(&Properties::new())).await;
            let report = Report {
                message,
                results: None,
                thread: format!("workers/{}", facts.worker.id),
                builders: Vec::new(),
                users: facts.notify.clone(),
                recipients: Some(facts.notify.clone()),
                logs: Vec::new(),
                patches: Vec::new(),
                properties: None,
            };
            reports.push(self.finished(generator, report));
        }
        Ok(reports)
    }

    async fn message(
        &self,
        generator: &GeneratorConfig,
        context: Context,
        standard: Standard,
        about: About<'_>,
    ) -> Message {
        let (properties, build) = match about {
            About::Build(facts) => (facts.properties.clone(), Some(Arc::clone(facts))),
            About::Other(properties) => (properties.clone(), None),
        };
        let subject = Subject { context, standard, properties, build };
        format::message(self.deps, generator.formatter(self.occasion), subject).await
    }

    /// Puts in what the generator says of the subject.
    fn finished(&self, generator: &GeneratorConfig, mut report: Report) -> Report {
        if let Some(subject) = &generator.subject {
            report.message.subject = Some(old_subject(subject, &report, &self.site.title));
        }
        report
    }

    fn depth(&self, generators: &[&GeneratorConfig]) -> Depth {
        let mut depth = Depth::default();
        for generator in generators {
            let formatter = generator.formatter(self.occasion);
            depth.steps |= formatter.wants.steps;
            depth.story |= tells_the_story(&formatter.source);
            let wanted = [&generator.logs, &formatter.wants.contents].into_iter().cloned();
            depth.contents.extend(wanted.filter(|wanted| *wanted != AttachLogs::None));
        }
        depth
    }
}

/// What a message is about.
#[derive(Clone, Copy)]
enum About<'a> {
    Build(&'a Arc<BuildFacts>),
    /// Something with these properties.
    Other(&'a Properties),
}

/// Whether a generator sends our own text, which has a form for buildsets.
fn is_our_own(generator: &GeneratorConfig, occasion: Occasion) -> bool {
    matches!(generator.formatter(occasion).source, FormatterSource::Template { body: None, .. })
}

fn report_of(generator: &GeneratorConfig, facts: &BuildFacts, message: Message) -> Report {
    Report {
        message,
        results: facts.build.results,
        thread: format!("builders/{}", facts.builder.id),
        builders: vec![facts.builder.name.clone()],
        users: facts.blamelist(),
        recipients: None,
        logs: logs(generator, facts, false),
        patches: patches(generator, facts.buildset.stamps.iter().map(|(stamp, _)| stamp)),
        properties: Some(facts.properties.clone()),
    }
}

/// The logs of a build that go with a message, named by step and log, and by builder if there are several.
fn logs(generator: &GeneratorConfig, facts: &BuildFacts, with_builder: bool) -> Vec<AttachedLog> {
    let formatter = generator.formatter(Occasion::BuildFinished(facts.build.id));
    let contents = match formatter.source {
        // They have them in their texts.
        FormatterSource::Tinderbox { .. } | FormatterSource::Old { .. } => &AttachLogs::None,
        _ => &formatter.wants.contents,
    };
    let builder = if with_builder { format!("{}.", facts.builder.name) } else { String::new() };
    let mut attached = Vec::new();
    for step in &facts.steps {
        for log in &step.logs {
            let (step_name, log_name) = (&step.step.name, &log.log.name);
            let is_wanted = generator.logs.wants(step_name, log_name) || contents.wants(step_name, log_name);
            if let Some(text) = log.content.as_ref().filter(|_| is_wanted) {
                let file_name = format!("{builder}{step_name}.{log_name}");
                attached.push(AttachedLog { file_name, text: log_lines::readable(text, log.log.kind) });
            }
        }
    }
    attached
}

fn patches<'a>(generator: &GeneratorConfig, stamps: impl Iterator<Item = &'a SourceStamp>) -> Vec<Patch> {
    match generator.add_patch {
        true => stamps.filter_map(|stamp| stamp.spec.patch.clone()).collect(),
        false => Vec::new(),
    }
}

/// What several generators say about one event, as one message.
fn merged(reports: Vec<Report>) -> Option<Report> {
    let mut reports = reports.into_iter();
    let mut whole = reports.next()?;
    for report in reports {
        whole.message.subject = whole.message.subject.or(report.message.subject);
        if let (Body::Plain(text), Body::Plain(_)) = (&mut whole.message.body, &report.message.body) {
            text.push('\n');
        }
        whole.message.body.append(report.message.body);
        whole.users.extend(report.users.into_iter().filter(|user| !whole.users.contains(user)).collect::<Vec<_>>());
        whole.logs.extend(report.logs.into_iter().filter(|log| !whole.logs.contains(log)).collect::<Vec<_>>());
        whole.patches.extend(report.patches.into_iter().filter(|one| !whole.patches.contains(one)).collect::<Vec<_>>());
    }
    Some(whole)
}
