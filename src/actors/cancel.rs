//! Cancels requests wherever they are: those that wait, and those that are being built.

use std::error::Error;

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
        let running = match self.db.read(move |conn| cancelling::builds_only_for(conn, &requests)).await {
            Ok(running) => running,
            Err(error) => return warn!(error = &error as &dyn Error, "cannot find the builds to be stopped"),
        };
        for build in running {
            let stop = StopBuild { build, reason: reason.to_owned(), results: Results::Cancelled };
            if let Err(error) = self.build.ask(stop).await {
                warn!(error = &error as &dyn Error, build.id = build.0, "cannot stop a build");
            }
        }
    }
}
