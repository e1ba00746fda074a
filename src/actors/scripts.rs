//! Scripts: runs functions of the configuration away from the core thread.
//!
//! - Hears: [`CallFunction`].
//! - Tells: nothing.
//! - Writes: nothing.
//! - Restart: permanent. Holds no state; a call that was running is answered with an error.

use std::sync::Arc;

use actix::Message;
use tokio::sync::Semaphore;

use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::domain::script::ScriptLimits;
use crate::domain::{Callback, PropertyValue, ScriptError, ScriptValue};

/// Runs one function with these arguments.
#[derive(Message)]
#[rtype(result = "Result<PropertyValue, ScriptError>")]
pub struct CallFunction {
    pub function: Callback,
    pub arguments: Vec<ScriptValue>,
}

#[derive(Clone, Copy, Debug)]
pub struct ScriptsConfig {
    /// Calls that may run at the same time.
    pub n_threads: usize,
    pub limits: ScriptLimits,
}

pub struct Scripts {
    limits: ScriptLimits,
    permits: Arc<Semaphore>,
}

impl Scripts {
    pub fn new(config: ScriptsConfig) -> Self {
        Self { limits: config.limits, permits: Arc::new(Semaphore::new(config.n_threads)) }
    }
}

impl Child for Scripts {}

impl Handle<CallFunction> for Scripts {
    fn handle(
        &mut self,
        message: CallFunction,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<PropertyValue, ScriptError>> {
        let permits = Arc::clone(&self.permits);
        let limits = self.limits;
        Reply::Later(Box::pin(async move {
            let CallFunction { function, arguments } = message;
            let failed = {
                let function = function.clone();
                move |message: String| ScriptError {
                    function: function.0.name().to_owned(),
                    location: function.0.location().to_owned(),
                    message,
                }
            };
            let _permit = permits.acquire_owned().await.map_err(|_| failed("the script pool is closed".to_owned()))?;
            tokio::task::spawn_blocking(move || function.0.call(&arguments, limits))
                .await
                .unwrap_or_else(|error| Err(failed(format!("the call died: {error}"))))
        }))
    }
}
