//! What is known of that about which somebody is told.

use std::collections::BTreeSet;

use crate::domain::{
    Build, BuildId, BuildRequestId, Builder, BuilderId, BuildsetId, Change, Log, MasterId, Properties, PropertyValue,
    Results, SourceStamp, Step, Timestamp, Worker,
};

/// The installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub title: String,
    /// Ends with a slash.
    pub url: String,
}

/// A build with what surrounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildFacts {
    pub build: Build,
    pub builder: Builder,
    pub worker: String,
    pub properties: Properties,
    pub request: RequestFacts,
    pub buildset: BuildsetFacts,
    /// The build of this builder before it, those that were repeated left out.
    pub previous: Option<Build>,
    /// The build that triggered it.
    pub parent: Option<(Build, Builder)>,
    pub changes: Vec<Change>,
    /// In their order; empty unless they were asked for.
    pub steps: Vec<StepFacts>,
    /// Whether they were asked for: a build that begins has none yet.
    pub steps_wanted: bool,
    pub past: Past,
}

/// A request that may not have a build yet.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestFacts {
    pub id: BuildRequestId,
    pub buildset: BuildsetId,
    pub builder: BuilderId,
    pub priority: i32,
    pub claimed: Option<(MasterId, Timestamp)>,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub submitted_at: Timestamp,
    pub waited_for: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BuildsetFacts {
    pub id: BuildsetId,
    pub scheduler: String,
    pub external_id: Option<String>,
    pub reason: String,
    pub submitted_at: Timestamp,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub parent: Option<(BuildId, String)>,
    pub rebuilt: Option<BuildId>,
    /// Each with the number of its patch.
    pub stamps: Vec<(SourceStamp, Option<i64>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StepFacts {
    pub step: Step,
    pub logs: Vec<LogFacts>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogFacts {
    pub log: Log,
    /// Its text, cut to a size that can be sent; only if it was asked for. Streams have their letters in it.
    pub content: Option<String>,
    /// Its last lines, without letters; only of steps that went wrong.
    pub tail: Option<Tail>,
}

/// The end of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    pub lines: Vec<String>,
    /// Whether there are lines before these.
    pub is_cut: bool,
}

/// How things went before a build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// The first of the builds that have gone wrong in a row up to this one; this one itself if it is the first.
    pub broken_since: Option<Build>,
    /// How many have gone wrong in that row, this one included.
    pub n_broken: i64,
    /// Changes of the first one that went wrong, if that is not this build.
    pub culprits: Vec<Change>,
}

/// A request with what is to be built.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingFacts {
    pub request: RequestFacts,
    pub builder: Builder,
    /// The one that has the builder.
    pub master: MasterId,
    pub buildset: BuildsetFacts,
    pub properties: Properties,
}

/// A buildset with its builds.
#[derive(Clone, Debug, PartialEq)]
pub struct SetFacts {
    pub buildset: BuildsetFacts,
    pub properties: Properties,
    pub builds: Vec<BuildFacts>,
}

/// A worker that is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingFacts {
    pub worker: Worker,
    /// When it was attached last.
    pub last_connection: Timestamp,
    /// Whom its configuration names.
    pub notify: Vec<String>,
}

impl BuildFacts {
    /// How it was when it began: messages about the beginning say so, however late they are made.
    #[must_use]
    pub fn at_start(mut self) -> Self {
        self.build.complete_at = None;
        self.build.results = None;
        self.build.state_string = "starting".to_owned();
        self.properties.set("buildnumber", self.build.number, "Build");
        self
    }

    /// Who is responsible for it, sorted: authors of changes and patches, and the owners that its properties name.
    pub fn blamelist(&self) -> Vec<String> {
        let authors = self.changes.iter().map(|change| change.author.clone());
        let patches = self.buildset.stamps.iter().filter_map(|(stamp, _)| stamp.spec.patch.as_ref());
        let patches = patches.map(|patch| patch.author.clone()).filter(|author| !author.is_empty());
        let all: BTreeSet<String> = authors.chain(patches).chain(owners(&self.properties)).collect();
        all.into_iter().collect()
    }
}

/// The people that the properties `owner` and `owners` name.
pub fn owners(properties: &Properties) -> Vec<String> {
    let named = ["owner", "owners"].into_iter().filter_map(|name| properties.get(name));
    let texts = named.flat_map(|value| match value {
        PropertyValue::List(items) => items.iter().filter_map(PropertyValue::as_str).collect(),
        other => other.as_str().into_iter().collect::<Vec<&str>>(),
    });
    texts.filter(|owner| !owner.is_empty()).map(str::to_owned).collect()
}

impl SetFacts {
    /// Who is responsible for any of its builds.
    pub fn blamelist(&self) -> Vec<String> {
        let of_builds = self.builds.iter().flat_map(BuildFacts::blamelist);
        let all: BTreeSet<String> = of_builds.chain(owners(&self.properties)).collect();
        all.into_iter().collect()
    }
}
