//! The database as a build sees it: what it writes is masked, by the types of these functions.

use crate::db::transitions::{
    AcquireStepLocks, AddLog, AddStep, FinishLog, FinishStep, NoteProgress, SetBuildData, SetBuildProperties,
    SetBuildState, StartStep, UpdateStep,
};
use crate::db::views::triggered;
use crate::db::{Db, DbError};
use crate::domain::{
    BuildId, BuildsetId, Log, LogId, LogKind, Properties, Results, Step, StepGroup, StepId, TriggeredEnd,
};

use super::secrets::Masked;

/// Cheap to clone.
#[derive(Clone)]
pub struct BuildRows(Db);

/// What the row of a step shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub state: Masked<String>,
    /// Names and addresses.
    pub urls: Vec<(Masked<String>, Masked<String>)>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { state: Masked::words(""), urls: Vec::new() }
    }
}

impl Shown {
    fn into_parts(self) -> (String, Vec<(String, String)>) {
        let urls = self.urls.into_iter().map(|(name, url)| (name.into_inner(), url.into_inner()));
        (self.state.into_inner(), urls.collect())
    }
}

impl BuildRows {
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    pub async fn set_state(&self, build: BuildId, state: Masked<String>) -> Result<(), DbError> {
        self.0.write(SetBuildState { build, state_string: state.into_inner() }).await
    }

    pub async fn set_properties(&self, build: BuildId, properties: Masked<Properties>) -> Result<(), DbError> {
        self.0.write(SetBuildProperties { build, properties: properties.into_inner() }).await
    }

    /// A datum of the build; one of the same name is replaced.
    pub async fn set_data(
        &self,
        build: BuildId,
        name: Masked<String>,
        value: Masked<Vec<u8>>,
        source: Masked<String>,
    ) -> Result<(), DbError> {
        let (name, source) = (name.into_inner(), source.into_inner());
        self.0.write(SetBuildData { build, name, value: value.into_inner(), source }).await
    }

    /// Adds a step that is pending.
    pub async fn add_step(
        &self,
        build: BuildId,
        number: i32,
        name: Masked<String>,
        group: Option<StepGroup>,
    ) -> Result<Step, DbError> {
        let (name, state_string) = (name.into_inner(), "pending".to_owned());
        self.0.write(AddStep { build, number, name, state_string, group }).await
    }

    pub async fn start_step(&self, step: StepId, locks_acquired: bool) -> Result<(), DbError> {
        self.0.write(StartStep { step, locks_acquired }).await
    }

    /// The step holds the locks for which it has waited.
    pub async fn acquire_step_locks(&self, step: StepId) -> Result<(), DbError> {
        self.0.write(AcquireStepLocks { step }).await
    }

    pub async fn update_step(&self, step: StepId, shown: Shown) -> Result<(), DbError> {
        let (state_string, urls) = shown.into_parts();
        self.0.write(UpdateStep { step, state_string, urls }).await
    }

    pub async fn finish_step(&self, step: StepId, results: Results, hidden: bool, shown: Shown) -> Result<(), DbError> {
        let (state_string, urls) = shown.into_parts();
        self.0.write(FinishStep { step, results, hidden, state_string, urls }).await
    }

    pub async fn note_progress(&self, step: StepId, metric: Masked<String>, value: f64) -> Result<(), DbError> {
        self.0.write(NoteProgress { step, metric: metric.into_inner(), value }).await
    }

    pub async fn add_log(&self, step: StepId, name: Masked<String>, kind: LogKind) -> Result<Log, DbError> {
        self.0.write(AddLog { step, name: name.into_inner(), kind }).await
    }

    pub async fn finish_log(&self, log: LogId) -> Result<(), DbError> {
        self.0.write(FinishLog { log }).await
    }

    /// How what was triggered has ended, once it has.
    pub async fn triggered_end(&self, buildset: BuildsetId) -> Result<Option<TriggeredEnd>, DbError> {
        self.0.read(move |conn| triggered::end(conn, buildset)).await
    }
}
