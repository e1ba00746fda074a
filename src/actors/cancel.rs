//! Cancels requests wherever they are: those that wait, and those that are being built.

use std::error::Error;
use std::time::Duration;

use tracing::warn;

use super::builders::StopBuild;
use super::buildset_keeper::CancelBuildRequest;
use super::supervisor::Ask;
use crate::db::Db;
use crate::db::views::cancelling;
use crate::domain::{BuildRequestId, Results};

#[derive(Clone)]
pub struct Cancel {
    pub db: Db,
    pub request: Ask<CancelBuildRequest>,
    pub build: Ask<StopBuild>,
}

/// A build that has just begun is asked again to stop so many times, with this pause: its row is there before its actor.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(500);

impl Cancel {
    /// Cancels what waits, and stops builds that serve none but these requests; what cannot be cancelled is logged.
    pub async fn all(&self, requests: Vec<BuildRequestId>, reason: &str) {
        for request in requests.iter().copied() {
            let cancel = CancelBuildRequest { request, reason: reason.to_owned() };
            match self.request.ask(cancel).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    warn!(error = &error as &dyn Error, request.id = request.0, "cannot cancel a request")
                }
                Err(error) => warn!(error = &error as &dyn Error, request.id = request.0, "cannot cancel a request"),
            }
        }
        for _ in 0..TRIES {
            if self.stop_builds(&requests, reason).await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether all that runs was told to stop.
    async fn stop_builds(&self, requests: &[BuildRequestId], reason: &str) -> bool {
        let requests = requests.to_vec();
        let running = match self.db.read(move |conn| cancelling::builds_only_for(conn, &requests)).await {
            Ok(running) => running,
            Err(error) => {
                warn!(error = &error as &dyn Error, "cannot find the builds to be stopped");
                return false;
            }
        };
        let mut all_heard = true;
        for build in running {
            let stop = StopBuild { build, reason: reason.to_owned(), results: Results::Cancelled };
            match self.build.ask(stop).await {
                Ok(heard) => all_heard &= heard,
                Err(error) => {
                    warn!(error = &error as &dyn Error, build.id = build.0, "cannot stop a build");
                    all_heard = false;
                }
            }
        }
        all_heard
    }
}
