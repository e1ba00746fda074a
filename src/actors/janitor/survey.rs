//! What there is to remove: reads, decides, changes nothing.

use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::MasterConfig;
use crate::db::views::lifetime::{self, RuledBuilder};
use crate::db::{Db, DbError};
use crate::domain::{BuildId, BuildsetId, ChangeId, EndedBuild, Timestamp};
use crate::lifetime::{Freed, Horizons, Policy, decide};
use crate::schedulers;

/// The policies of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub changes: Option<u64>,
    pub horizons: Horizons,
    /// Builders that say something for themselves.
    pub builders: HashMap<String, Horizons>,
    pub log_age: Option<Duration>,
    pub data_age: Option<Duration>,
    /// Schedulers whose turn it is to look at a change before it may go.
    pub lookers: Vec<String>,
}

/// What the policies free, and what there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Builders of which something goes, by name.
    pub builders: Vec<BuilderSurvey>,
    pub changes: Vec<ChangeId>,
    pub buildsets: Vec<BuildsetId>,
    /// Compressed text of logs that goes, in bytes.
    pub log_bytes: i64,
    /// Whether any builds are removed by their number: buildsets without builds go, too.
    pub builds_end: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BuilderSurvey {
    pub name: String,
    /// Ended builds there are.
    pub n_builds: usize,
    pub freed: Freed,
    /// Numbers of the oldest and newest build that goes.
    pub numbers: Option<(i64, i64)>,
}

/// Buildsets are read by those who wait for their end; nobody is that late.
const KEEP_BUILT: Duration = Duration::from_secs(24 * 3600);
/// What was cancelled before it was built is shown that long.
const KEEP_UNBUILT: Duration = Duration::from_secs(30 * 24 * 3600);

impl Rules {
    /// All policies, or those only that count.
    pub fn of(config: &MasterConfig, by_age: bool) -> Self {
        let zone = TimeZone::system();
        let looks = |config: &&schedulers::config::SchedulerConfig| {
            // One that cannot be understood has not looked at anything yet.
            schedulers::Rules::new(config, &zone).map_or(true, |rules| rules.looks_at_changes())
        };
        let own = config.builders.iter().filter(|builder| builder.horizons != Horizons::default());
        let janitor = config.lifetime.janitor.as_ref().filter(|_| by_age);
        Self {
            changes: config.lifetime.changes,
            horizons: config.lifetime.horizons,
            builders: own.map(|builder| (builder.name.clone(), builder.horizons)).collect(),
            log_age: janitor.and_then(|times| times.log_age),
            data_age: janitor.and_then(|times| times.data_age),
            lookers: config.schedulers.iter().filter(looks).map(|scheduler| scheduler.name.clone()).collect(),
        }
    }

    fn policy(&self, builder: &str) -> Policy {
        let own = self.builders.get(builder).copied().unwrap_or_default();
        Policy { horizons: own.or(self.horizons), log_age: self.log_age, data_age: self.data_age }
    }
}

/// Looks at every builder in turn, so that nobody waits long for a reader.
pub async fn look(db: &Db, rules: Rules, now: Timestamp) -> Result<Survey, DbError> {
    let mut survey = Survey::default();
    for RuledBuilder { id, name, ruled_by } in db.read(lifetime::builders).await? {
        let policy = rules.policy(&ruled_by);
        if policy == Policy::default() {
            continue;
        }
        survey.builds_end |= policy.horizons.builds.is_some();
        let builds = db.read(move |conn| lifetime::ended_builds(conn, id)).await?;
        let freed = decide(&policy, &builds, now);
        if !freed.is_empty() {
            let numbers = numbers(&builds, &freed.builds);
            survey.builders.push(BuilderSurvey { name, n_builds: builds.len(), freed, numbers });
        }
    }
    if let Some(keep) = rules.changes {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX);
        survey.changes = db
            .read(move |conn| {
                let lookers = lifetime::scheduler_ids(conn, &rules.lookers)?;
                lifetime::changes_beyond(conn, keep, &lookers)
            })
            .await?;
    }
    let leaving = survey.builds();
    if survey.builds_end {
        let leaving = leaving.clone();
        survey.buildsets = idle_buildsets(db, now, leaving).await?;
    }
    let losing: Vec<BuildId> = leaving.into_iter().chain(survey.logs_of()).collect();
    let logs = db.read(move |conn| lifetime::logs_of(conn, &losing)).await?;
    survey.log_bytes = db.read_logs(move |conn| lifetime::stored_bytes(conn, &logs)).await?;
    Ok(survey)
}

/// Buildsets without builds, or with builds only that are `leaving`.
pub async fn idle_buildsets(db: &Db, now: Timestamp, leaving: Vec<BuildId>) -> Result<Vec<BuildsetId>, DbError> {
    let (built, unbuilt) = (now - KEEP_BUILT, now - KEEP_UNBUILT);
    db.read(move |conn| lifetime::idle_buildsets(conn, built, unbuilt, &leaving)).await
}

fn numbers(builds: &[EndedBuild], freed: &[BuildId]) -> Option<(i64, i64)> {
    let number = |wanted: &BuildId| builds.iter().find(|build| build.id == *wanted).map(|build| build.number);
    Some((number(freed.last()?)?, number(freed.first()?)?))
}

impl Survey {
    /// Builds that go.
    pub fn builds(&self) -> Vec<BuildId> {
        self.builders.iter().flat_map(|builder| builder.freed.builds.iter().copied()).collect()
    }

    /// Builds that lose the text of their logs only.
    pub fn logs_of(&self) -> Vec<BuildId> {
        self.builders.iter().flat_map(|builder| builder.freed.logs_of.iter().copied()).collect()
    }

    /// Builds that lose what their steps left with them.
    pub fn data_of(&self) -> Vec<BuildId> {
        self.builders.iter().flat_map(|builder| builder.freed.data_of.iter().copied()).collect()
    }

    /// For a person: a line for each builder and kind of thing; none if nothing goes.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.builders.iter().map(BuilderSurvey::line).collect();
        if !self.buildsets.is_empty() {
            lines.push(format!("buildsets and their requests: {}", self.buildsets.len()));
        }
        if !self.changes.is_empty() {
            lines.push(format!("changes: {}", self.changes.len()));
        }
        if self.log_bytes != 0 {
            lines.push(format!("text of logs: {}", size(self.log_bytes)));
        }
        lines
    }
}

impl BuilderSurvey {
    fn line(&self) -> String {
        let Self { name, n_builds, freed, numbers } = self;
        let mut parts = Vec::new();
        if let Some((oldest, newest)) = numbers {
            parts.push(format!("{} of {n_builds} builds (between {oldest} and {newest})", freed.builds.len()));
        }
        if !freed.logs_of.is_empty() {
            parts.push(format!("the logs of {} builds", freed.logs_of.len()));
        }
        if !freed.data_of.is_empty() {
            parts.push(format!("the data of {} builds", freed.data_of.len()));
        }
        format!("builder {name}: {}", parts.join(", "))
    }
}

/// A number of bytes, in a unit that a person reads.
pub fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, 0);
    while 10_240 <= tenths && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1024, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}
