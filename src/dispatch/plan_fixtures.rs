//! Small builders, workers and requests for the tests of this room.

use std::sync::Arc;

use crate::dispatch::{BuilderState, CollapseRule, Presence, State, WorkerState};
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{
    BuildRequest, BuildRequestId, BuilderId, BuildsetId, Callback, PropertyValue, RequestState, ScriptError,
    ScriptValue, SourceStampId, StampSpec, Timestamp, WorkerId,
};
use crate::locks::LockBook;

pub fn stamp() -> StampSpec {
    StampSpec { branch: Some("main".to_owned()), revision: Some("r1".to_owned()), ..StampSpec::default() }
}

/// A request that came from changes, submitted `id` seconds after the epoch.
pub fn request(id: i64, builder: i64) -> BuildRequest {
    BuildRequest {
        id: BuildRequestId(id),
        buildset_id: BuildsetId(id),
        builder_id: BuilderId(builder),
        priority: 0,
        submitted_at: Timestamp::from_secs(id),
        waited_for: false,
        state: RequestState::Unclaimed,
        worker_losses: 0,
        source_stamps: vec![(SourceStampId(1), stamp())],
        has_changes: true,
        properties: Arc::default(),
    }
}

/// A builder that merges nothing.
pub fn builder(id: i64, workers: &[i64]) -> BuilderState {
    BuilderState {
        id: BuilderId(id),
        name: format!("b{id}"),
        workers: workers.iter().map(|id| WorkerId(*id)).collect(),
        collapse: CollapseRule::Never,
        next_build: None,
        next_worker: None,
        can_start_build: None,
        locks: Vec::new(),
    }
}

/// A worker for one build at a time.
pub fn worker(id: i64) -> WorkerState {
    WorkerState {
        id: WorkerId(id),
        name: format!("w{id}"),
        presence: Presence::Ready,
        running: 0,
        max_builds: Some(1),
        running_builders: Vec::new(),
        locks: Vec::new(),
    }
}

pub fn state(builders: Vec<BuilderState>, workers: Vec<WorkerState>, waiting: Vec<BuildRequest>) -> State {
    let waiting = waiting.into_iter().map(Arc::new).collect();
    State { builders, workers, waiting, locks: LockBook::default(), prioritize_builders: None }
}

/// A function known by its name; the tests answer for it.
pub fn function(name: &'static str) -> Callback {
    Callback(Arc::new(Named(name)))
}

struct Named(&'static str);

impl ScriptFunction for Named {
    fn call(&self, _: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        Ok(PropertyValue::Null)
    }

    fn name(&self) -> &str {
        self.0
    }

    fn location(&self) -> &str {
        "master.cfg:1"
    }

    fn digest(&self) -> &str {
        self.0
    }
}
