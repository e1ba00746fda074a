//! Steps that move files between worker and master.
//!
//! What the master does with a file is decided and done elsewhere; a step says which file, and what its end means.

mod download;
mod file_upload;
mod link;
mod multiple;
mod version;

#[cfg(test)]
mod tests;

use buildbot_protocol::Value;

pub use self::download::Download;
pub use self::file_upload::{DirectoryUpload, FileUpload};
pub use self::multiple::MultipleFileUpload;

use super::command::Place;
use super::config::TransferSize;
use super::context::{Fault, RemoteCommand, StepContext, WorkerPlace};
use super::filesystem::silent;
use crate::domain::{LogId, MasterFile, Results, Stream};

/// Larger blocks than this do not fit in a message of old workers, in bytes.
const MAX_BLOCK: u64 = 512 << 10;

/// One file or directory on its way.
pub(super) struct Trip<'a> {
    pub context: &'a dyn StepContext,
    pub stdio: LogId,
    pub size: TransferSize,
}

impl Trip<'_> {
    /// Runs a command that sends or fetches; what the master objects to is added to the log.
    pub async fn run(
        &self,
        name: &'static str,
        own: Vec<(&'static str, Value)>,
        file: MasterFile,
    ) -> Result<Results, Fault> {
        let sizes = [
            ("maxsize", self.size.max.map_or(Value::Nil, number)),
            ("blocksize", number(self.size.block.clamp(1, MAX_BLOCK))),
        ];
        let command = silent(name, own.into_iter().chain(sizes));
        let ended = self.context.transfer(RemoteCommand { stdio: Some(self.stdio), ..command }, file).await?;
        if let Some(problem) = ended.problem {
            self.complain(&problem).await?;
            return Ok(Results::Failure);
        }
        Ok(if ended.outcome.rc == 0 { Results::Success } else { Results::Failure })
    }

    async fn complain(&self, text: &str) -> Result<(), Fault> {
        self.context.write_log(self.stdio, Stream::Stderr, &format!("{text}\n")).await
    }
}

/// An absolute path on the worker, from one below the working directory.
pub(super) async fn worker_path(place: &Place, path: &str, context: &dyn StepContext) -> Result<String, Fault> {
    let workdir = place.workdir(context).await?;
    Ok(context.worker_path(WorkerPlace::InDirectory { directory: &workdir, path }))
}

/// The last part of a path, in the syntax of either system.
fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

pub(super) fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
