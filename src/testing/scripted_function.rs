//! Functions of a configuration, written in Rust.

use std::sync::Arc;

use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{Callback, PropertyValue, ScriptError, ScriptValue};

/// A function of the configuration, written in Rust. Its name is its digest.
pub fn scripted_function(
    name: &'static str,
    body: impl Fn(&[ScriptValue]) -> Result<PropertyValue, String> + Send + Sync + 'static,
) -> Callback {
    Callback(Arc::new(ScriptedFunction { name, body: Box::new(body) }))
}

type Body = Box<dyn Fn(&[ScriptValue]) -> Result<PropertyValue, String> + Send + Sync>;

struct ScriptedFunction {
    name: &'static str,
    body: Body,
}

impl ScriptFunction for ScriptedFunction {
    fn call(&self, arguments: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        (self.body)(arguments).map_err(|message| ScriptError {
            function: self.name.to_owned(),
            location: self.location().to_owned(),
            message,
        })
    }

    fn name(&self) -> &str {
        self.name
    }

    fn location(&self) -> &str {
        "master.cfg:1"
    }

    fn digest(&self) -> &str {
        self.name
    }
}
