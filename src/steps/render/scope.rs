//! Where the names in a renderable get their values: in a build, from properties alone, or outside of builds.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::script::ScriptLimits;
use crate::domain::{Callback, Properties, PropertyValue, Renderable, ScriptValue, SourceStamp};
use crate::steps::context::{Fault, StepContext};

/// Where names get their values.
#[async_trait(?Send)]
pub(super) trait Scope {
    fn properties(&self) -> &Properties;
    fn source_stamps(&self) -> Result<&[SourceStamp], Fault>;
    fn worker_fact(&self, name: &str) -> Result<Option<PropertyValue>, Fault>;
    async fn secret(&self, name: &str) -> Result<String, Fault>;
    /// Calls a function with the properties. What it returns is to be rendered.
    async fn call(&self, function: &Callback) -> Result<Renderable, Fault>;
    /// The same without arguments.
    async fn apply(&self, function: &Callback) -> Result<Renderable, Fault>;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    Reveal,
    Mask,
}

pub(super) struct BuildScope<'a> {
    pub context: &'a dyn StepContext,
    pub properties: Arc<Properties>,
    pub secrets: Secrets,
}

#[async_trait(?Send)]
impl Scope for BuildScope<'_> {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn source_stamps(&self) -> Result<&[SourceStamp], Fault> {
        Ok(self.context.source_stamps())
    }

    fn worker_fact(&self, name: &str) -> Result<Option<PropertyValue>, Fault> {
        Ok(self.context.worker_fact(name))
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        match self.secrets {
            Secrets::Reveal => self.context.secret(name).await,
            Secrets::Mask => Ok(format!("<{name}>")),
        }
    }

    async fn call(&self, function: &Callback) -> Result<Renderable, Fault> {
        let properties = ScriptValue::Properties(Arc::clone(&self.properties));
        self.context.call(function, vec![properties]).await
    }

    async fn apply(&self, function: &Callback) -> Result<Renderable, Fault> {
        self.context.call(function, Vec::new()).await
    }
}

pub(super) struct PropertyScope<'a> {
    pub properties: &'a Properties,
}

fn refuse<T>(what: &str) -> Result<T, Fault> {
    Err(Fault::Config(format!("{what} is not available before a build runs")))
}

#[async_trait(?Send)]
impl Scope for PropertyScope<'_> {
    fn properties(&self) -> &Properties {
        self.properties
    }

    fn source_stamps(&self) -> Result<&[SourceStamp], Fault> {
        refuse("a source stamp")
    }

    fn worker_fact(&self, _: &str) -> Result<Option<PropertyValue>, Fault> {
        refuse("the worker")
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        refuse(&format!("the secret {name:?}"))
    }

    async fn call(&self, function: &Callback) -> Result<Renderable, Fault> {
        refuse(&format!("the function {:?}", function.0.name()))
    }

    async fn apply(&self, function: &Callback) -> Result<Renderable, Fault> {
        self.call(function).await
    }
}

/// The configuration itself: there are secrets, and no properties.
pub(super) struct OutsideScope<'a> {
    pub properties: Properties,
    pub secret: &'a dyn Fn(&str) -> Result<String, Fault>,
}

#[async_trait(?Send)]
impl Scope for OutsideScope<'_> {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn source_stamps(&self) -> Result<&[SourceStamp], Fault> {
        refuse("a source stamp")
    }

    fn worker_fact(&self, _: &str) -> Result<Option<PropertyValue>, Fault> {
        refuse("the worker")
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        (self.secret)(name)
    }

    async fn call(&self, function: &Callback) -> Result<Renderable, Fault> {
        let properties = ScriptValue::Properties(Arc::new(self.properties.clone()));
        Ok(function.0.call_to_render(&[properties], &[], ScriptLimits::default())?)
    }

    async fn apply(&self, function: &Callback) -> Result<Renderable, Fault> {
        Ok(function.0.call_to_render(&[], &[], ScriptLimits::default())?)
    }
}
