//! Everything that can happen, at one glance.
//!
//! An event is stored in the transaction that made it true and published after the commit, in order. It carries only
//! identifiers: deciders look at state, and viewers read what they show. The key is the routing key of REST's `/ws`.

use super::{
    BuildId, BuildNumber, BuildRequestId, BuilderId, BuildsetId, ChangeId, CodebaseBranchId, CodebaseCommitId,
    CodebaseId, LogId, ProjectId, SchedulerId, StepId, WorkerId,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    ChangeAdded {
        change: ChangeId,
    },
    BuildsetAdded {
        buildset: BuildsetId,
    },
    BuildsetCompleted {
        buildset: BuildsetId,
    },
    BuildRequestAdded {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    BuildRequestClaimed {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    BuildRequestUnclaimed {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    /// It has another priority.
    BuildRequestUpdated {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    BuildRequestCompleted {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    BuildRequestCancelled {
        request: BuildRequestId,
        buildset: BuildsetId,
        builder: BuilderId,
    },
    BuildStarted {
        build: BuildId,
        builder: BuilderId,
        number: BuildNumber,
        worker: WorkerId,
    },
    BuildUpdated {
        build: BuildId,
        builder: BuilderId,
        number: BuildNumber,
        worker: WorkerId,
    },
    BuildPropertiesChanged {
        build: BuildId,
    },
    BuildFinished {
        build: BuildId,
        builder: BuilderId,
        number: BuildNumber,
        worker: WorkerId,
    },
    StepAdded {
        step: StepId,
        build: BuildId,
    },
    StepStarted {
        step: StepId,
        build: BuildId,
    },
    StepUpdated {
        step: StepId,
        build: BuildId,
    },
    StepFinished {
        step: StepId,
        build: BuildId,
    },
    /// Neither stored nor published: viewers make it of what happens to the steps of a build.
    BuildEstimated {
        build: BuildId,
    },
    LogAdded {
        log: LogId,
        step: StepId,
    },
    /// Published only, never stored; at most ten a second for each log.
    LogAppended {
        log: LogId,
        step: StepId,
        n_lines: i64,
    },
    LogFinished {
        log: LogId,
        step: StepId,
    },
    WorkerConnected {
        worker: WorkerId,
    },
    WorkerDisconnected {
        worker: WorkerId,
    },
    WorkerStateUpdated {
        worker: WorkerId,
    },
    /// It has been away for longer than its `missing_timeout`.
    WorkerMissing {
        worker: WorkerId,
    },
    SchedulerUpdated {
        scheduler: SchedulerId,
    },
    BuilderStarted {
        builder: BuilderId,
    },
    BuilderStopped {
        builder: BuilderId,
    },
    /// What is said of it is another: description, tags, project.
    BuilderUpdated {
        builder: BuilderId,
    },
    ProjectUpdated {
        project: ProjectId,
    },
    CodebaseUpdated {
        codebase: CodebaseId,
    },
    CommitAdded {
        commit: CodebaseCommitId,
        codebase: CodebaseId,
    },
    BranchUpdated {
        branch: CodebaseBranchId,
    },
}

impl Event {
    /// The shortest routing key, e.g. `builds/7/finished`.
    pub fn key(&self) -> String {
        let (kind, id, action) = self.parts();
        format!("{kind}/{id}/{action}")
    }

    fn parts(&self) -> (&'static str, i64, &'static str) {
        match self {
            Self::ChangeAdded { change } => ("changes", change.0, "new"),
            Self::BuildsetAdded { buildset } => ("buildsets", buildset.0, "new"),
            Self::BuildsetCompleted { buildset } => ("buildsets", buildset.0, "complete"),
            Self::BuildRequestAdded { request, .. } => ("buildrequests", request.0, "new"),
            Self::BuildRequestClaimed { request, .. } => ("buildrequests", request.0, "claimed"),
            Self::BuildRequestUnclaimed { request, .. } => ("buildrequests", request.0, "unclaimed"),
            Self::BuildRequestUpdated { request, .. } => ("buildrequests", request.0, "update"),
            Self::BuildRequestCompleted { request, .. } => ("buildrequests", request.0, "complete"),
            Self::BuildRequestCancelled { request, .. } => ("buildrequests", request.0, "cancelled"),
            Self::BuildStarted { build, .. } => ("builds", build.0, "new"),
            Self::BuildUpdated { build, .. } => ("builds", build.0, "update"),
            Self::BuildPropertiesChanged { build } => ("builds", build.0, "properties"),
            Self::BuildFinished { build, .. } => ("builds", build.0, "finished"),
            Self::StepAdded { step, .. } => ("steps", step.0, "new"),
            Self::StepStarted { step, .. } => ("steps", step.0, "started"),
            Self::StepUpdated { step, .. } => ("steps", step.0, "updated"),
            Self::StepFinished { step, .. } => ("steps", step.0, "finished"),
            Self::BuildEstimated { build } => ("builds", build.0, "estimate"),
            Self::LogAdded { log, .. } => ("logs", log.0, "new"),
            Self::LogAppended { log, .. } => ("logs", log.0, "append"),
            Self::LogFinished { log, .. } => ("logs", log.0, "finished"),
            Self::WorkerConnected { worker } => ("workers", worker.0, "connected"),
            Self::WorkerDisconnected { worker } => ("workers", worker.0, "disconnected"),
            Self::WorkerStateUpdated { worker } => ("workers", worker.0, "state_updated"),
            Self::WorkerMissing { worker } => ("workers", worker.0, "missing"),
            Self::SchedulerUpdated { scheduler } => ("schedulers", scheduler.0, "updated"),
            Self::BuilderStarted { builder } => ("builders", builder.0, "started"),
            Self::BuilderStopped { builder } => ("builders", builder.0, "stopped"),
            Self::BuilderUpdated { builder } => ("builders", builder.0, "update"),
            Self::ProjectUpdated { project } => ("projects", project.0, "update"),
            Self::CodebaseUpdated { codebase } => ("codebases", codebase.0, "update"),
            Self::CommitAdded { commit, .. } => ("commits", commit.0, "new"),
            Self::BranchUpdated { branch } => ("branches", branch.0, "update"),
        }
    }
}
