//! `ShellCommand`: one command on the worker; its exit code is the result.

use async_trait::async_trait;

use super::command::{Ended, Place, decode_rc};
use super::config::ShellConfig;
use super::context::{Fault, StepContext};
use super::registry::Work;

pub struct Shell {
    pub place: Place,
    pub config: ShellConfig,
}

#[async_trait(?Send)]
impl Work for Shell {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let (outcome, _) = self.place.run_shell(&self.config, None, context).await?;
        let results = decode_rc(self.config.decode_rc.as_ref(), outcome.rc);
        Ok(Ended { failure_reason: outcome.failure_reason, ..Ended::with(results) })
    }
}

#[cfg(test)]
mod tests;
