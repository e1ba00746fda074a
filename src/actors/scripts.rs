//! Scripts: runs functions of the configuration away from the core thread.
//!
//! - Hears: [`CallFunction`], [`CallToRender`].
//! - Tells: nothing.
//! - Writes: nothing.
//! - Restart: permanent. Holds no state; a call that was running is answered with an error.

use std::sync::Arc;

use actix::Message;
use tokio::sync::Semaphore;

use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{Callback, PropertyValue, Renderable, ScriptError, ScriptValue};

/// Runs one function with these arguments.
#[derive(Message)]
#[rtype(result = "Result<PropertyValue, ScriptError>")]
pub struct CallFunction {
    pub function: Callback,
    pub arguments: Vec<ScriptValue>,
}

/// The same for a function whose value is rendered.
#[derive(Message)]
#[rtype(result = "Result<Renderable, ScriptError>")]
pub struct CallToRender {
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

    /// Calls a function when a thread is free.
    fn run<T: Send + 'static>(
        &self,
        function: Callback,
        call: impl FnOnce(&dyn ScriptFunction, ScriptLimits) -> Result<T, ScriptError> + Send + 'static,
    ) -> Reply<Result<T, ScriptError>> {
        let permits = Arc::clone(&self.permits);
        let limits = self.limits;
        Reply::Later(Box::pin(async move {
            let failed = {
                let function = function.clone();
                move |message: String| ScriptError {
                    function: function.0.name().to_owned(),
                    location: function.0.location().to_owned(),
                    message,
                }
            };
            let _permit = permits.acquire_owned().await.map_err(|_| failed("the script pool is closed".to_owned()))?;
            tokio::task::spawn_blocking(move || call(&*function.0, limits))
                .await
                .unwrap_or_else(|error| Err(failed(format!("the call died: {error}"))))
        }))
    }
}

impl Child for Scripts {}

impl Handle<CallFunction> for Scripts {
    fn handle(
        &mut self,
        message: CallFunction,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<PropertyValue, ScriptError>> {
        let CallFunction { function, arguments } = message;
        self.run(function, move |function, limits| function.call(&arguments, limits))
    }
}

impl Handle<CallToRender> for Scripts {
    fn handle(
        &mut self,
        message: CallToRender,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Renderable, ScriptError>> {
        let CallToRender { function, arguments } = message;
        self.run(function, move |function, limits| function.call_to_render(&arguments, &[], limits))
    }
}
