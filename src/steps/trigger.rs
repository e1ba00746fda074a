//! `Trigger`: has other builders build something, and may wait for it (manual section "Trigger").

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::command::Ended;
use super::config::TriggerConfig;
use super::context::{Fault, StepContext};
use super::registry::Work;
use super::render::{render, render_text, text_of};
use crate::domain::{
    Patch, Properties, PropertyValue, Renderable, Results, StampSpec, TriggerOrder, Triggered, TriggeredEnd,
};

/// Where properties that a step sets for others say they came from.
const SOURCE: &str = "Trigger";

pub struct Trigger {
    pub config: TriggerConfig,
}

#[async_trait(?Send)]
impl Work for Trigger {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let names = self.scheduler_names(context).await?;
        let waits = is_true(&self.config.wait_for_finish, context).await?;
        let order = TriggerOrder {
            stamps: self.stamps(context).await?,
            properties: self.properties(context).await?,
            waited_for: waits,
            // The context knows which build this is.
            parent: None,
            priority: None,
        };
        let relationship = render_text(&self.config.parent_relationship, context).await?;
        context.set_state(&format!("triggering {}", names.join(", ")));
        let mut triggered = Vec::new();
        for name in &names {
            triggered.push((name.as_str(), context.trigger(name, &relationship, order.clone()).await?));
        }
        let mut line = format!("triggered {}", names.join(", "));
        if !waits {
            return Ok(Ended { description: Some(line), ..Ended::with(Results::Success) });
        }
        let ends = self.wait(context, &line, &triggered).await?;
        line.push_str(&counts(ends.iter().map(|(_, end)| end.results)));
        let important = ends.iter().filter(|(name, _)| !self.config.unimportant_names.iter().any(|one| one == name));
        let results = important.fold(Results::Success, |worst, (_, end)| worst.worst(end.results));
        Ok(Ended { description: Some(line), ..Ended::with(results) })
    }
}

impl Trigger {
    /// Each name once, all of them names of schedulers that can be triggered.
    async fn scheduler_names(&self, context: &dyn StepContext) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = Vec::new();
        flatten(render(&self.config.scheduler_names, context).await?, &mut names);
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        if names.is_empty() {
            return Err(Fault::Config("schedulerNames names no scheduler".to_owned()));
        }
        match names.iter().find(|name| !context.can_trigger(name)) {
            Some(stranger) => Err(Fault::Config(format!("there is no Triggerable scheduler named '{stranger}'"))),
            None => Ok(names),
        }
    }

    async fn properties(&self, context: &dyn StepContext) -> Result<Properties, Fault> {
        let mut properties = Properties::new();
        match render(&self.config.set_properties, context).await? {
            PropertyValue::Null => {}
            PropertyValue::Map(entries) => {
                for (name, value) in entries {
                    properties.set(name, value, SOURCE);
                }
            }
            other => return Err(Fault::Config(format!("set_properties must be a dictionary, not {other}"))),
        }
        // What is copied wins, as in Buildbot.
        let known = context.properties();
        for name in &self.config.copy_properties {
            properties.set(name, known.get(name).cloned().unwrap_or_default(), SOURCE);
        }
        Ok(properties)
    }

    /// What is to be built: the given source, the schedulers' own, or that of this build.
    async fn stamps(&self, context: &dyn StepContext) -> Result<Vec<StampSpec>, Fault> {
        if let Some(given) = &self.config.source_stamps {
            return given_stamps(render(given, context).await?);
        }
        if is_true(&self.config.always_use_latest, context).await? {
            return Ok(Vec::new());
        }
        let updated = is_true(&self.config.update_source_stamp, context).await?;
        let got = got_revisions(&context.properties());
        let stamp = |spec: &StampSpec| {
            let revision = got.get(&spec.codebase).filter(|_| updated).or(spec.revision.as_ref());
            StampSpec { revision: revision.cloned(), ..spec.clone() }
        };
        Ok(context.source_stamps().iter().map(|known| stamp(&known.spec)).collect())
    }

    /// Waits for all of them; what ends is linked at once.
    async fn wait<'a>(
        &self,
        context: &dyn StepContext,
        line: &str,
        triggered: &[(&'a str, Triggered)],
    ) -> Result<Vec<(&'a str, TriggeredEnd)>, Fault> {
        let mut waiting: FuturesUnordered<_> = triggered
            .iter()
            .filter(|(_, triggered)| triggered.buildset.is_some())
            .map(|(name, triggered)| async move { (*name, context.triggered_end(triggered).await) })
            .collect();
        let mut ends = Vec::new();
        let mut fault = None;
        // All are waited for even after a fault: each of them cancels what it waited for.
        while let Some((name, end)) = waiting.next().await {
            match end {
                Err(error) => fault = Some(error),
                Ok(end) => {
                    for build in &end.builds {
                        let results = build.results.unwrap_or(end.results);
                        let text = format!("{}: {} #{}", results.word(), build.builder_name, build.number);
                        context.add_url(&text, &context.build_url(build));
                    }
                    ends.push((name, end));
                    context.set_state(&format!("{line}{}", counts(ends.iter().map(|(_, end)| end.results))));
                }
            }
        }
        fault.map_or(Ok(ends), Err)
    }
}

async fn is_true(renderable: &Renderable, context: &dyn StepContext) -> Result<bool, Fault> {
    Ok(render(renderable, context).await?.is_truthy())
}

fn flatten(value: PropertyValue, texts: &mut Vec<String>) {
    match value {
        PropertyValue::Null => {}
        PropertyValue::List(items) => items.into_iter().for_each(|item| flatten(item, texts)),
        other => texts.push(text_of(other)),
    }
}

/// `, 2 success, 1 failure`, the good ones first.
fn counts(ends: impl Iterator<Item = Results> + Clone) -> String {
    let count = |results: Results| {
        let n = ends.clone().filter(|end| *end == results).count();
        (n != 0).then(|| format!(", {n} {}", results.word()))
    };
    Results::ALL.into_iter().filter_map(count).collect()
}

/// What source steps found out: codebase to revision. One source step without a codebase says it as plain text.
fn got_revisions(properties: &Properties) -> BTreeMap<String, String> {
    match properties.get("got_revision") {
        Some(PropertyValue::Map(entries)) => {
            let entries = entries.iter().filter(|(_, revision)| **revision != PropertyValue::Null);
            entries.map(|(codebase, revision)| (codebase.clone(), revision.to_string())).collect()
        }
        None | Some(PropertyValue::Null) => BTreeMap::new(),
        Some(revision) => BTreeMap::from([(String::new(), revision.to_string())]),
    }
}

/// One dictionary, or a list of them, each of another codebase.
fn given_stamps(value: PropertyValue) -> Result<Vec<StampSpec>, Fault> {
    let stamps: Vec<StampSpec> = match value {
        PropertyValue::List(items) => items.into_iter().map(given_stamp).collect::<Result<_, _>>()?,
        one => vec![given_stamp(one)?],
    };
    let mut seen = std::collections::BTreeSet::new();
    match stamps.iter().find(|stamp| !seen.insert(stamp.codebase.as_str())) {
        Some(twice) => Err(Fault::Config(format!("sourceStamps has codebase '{}' twice", twice.codebase))),
        None => Ok(stamps),
    }
}

fn given_stamp(value: PropertyValue) -> Result<StampSpec, Fault> {
    let PropertyValue::Map(mut entries) = value else {
        return Err(Fault::Config(format!("a source stamp must be a dictionary, not {value}")));
    };
    let mut take = |key: &str| entries.remove(key).filter(|value| *value != PropertyValue::Null).map(text_of);
    let mut stamp = StampSpec {
        codebase: take("codebase").unwrap_or_default(),
        repository: take("repository").unwrap_or_default(),
        project: take("project").unwrap_or_default(),
        branch: take("branch"),
        revision: take("revision"),
        patch: None,
    };
    let body = take("patch_body");
    let level = take("patch_level").map(|level| level.parse().map_err(|_| level)).transpose();
    let level = level.map_err(|level| Fault::Config(format!("patch_level must be a whole number, not '{level}'")))?;
    let (subdir, author, comment) = (take("patch_subdir"), take("patch_author"), take("patch_comment"));
    stamp.patch = body.map(|body| Patch {
        body: body.into_bytes(),
        level: level.unwrap_or(1),
        subdir: subdir.unwrap_or_default(),
        author: author.unwrap_or_default(),
        comment: comment.unwrap_or_default(),
    });
    match entries.into_keys().next() {
        Some(stranger) => Err(Fault::Config(format!("a source stamp has no '{stranger}'"))),
        None => Ok(stamp),
    }
}

#[cfg(test)]
#[path = "trigger_tests.rs"]
mod tests;
