//! Rendering: a renderable becomes a value, once a build runs (manual section "Renderables").

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use super::context::{Fault, StepContext};
use super::interpolate::{Lookup, Segment, Selector, Substitution, Template};
use crate::domain::{Callback, Properties, PropertyValue, Renderable, ScriptValue, SourceStamp};

/// The value of an argument, as the build is now.
pub async fn render(renderable: &Renderable, context: &dyn StepContext) -> Result<PropertyValue, Fault> {
    let scope = BuildScope { context, properties: context.properties(), secrets: Secrets::Reveal };
    Renderer { scope: &scope }.value(renderable).await
}

/// The value of an argument with every secret shown as `<name>`, for texts that people read.
pub async fn render_for_display(renderable: &Renderable, context: &dyn StepContext) -> Result<PropertyValue, Fault> {
    let scope = BuildScope { context, properties: context.properties(), secrets: Secrets::Mask };
    Renderer { scope: &scope }.value(renderable).await
}

/// The value of an argument that depends on properties alone, as those of schedulers do; needs no build and never
/// waits. Functions, secrets, source stamps and the worker are a [`Fault::Config`].
pub async fn render_properties(renderable: &Renderable, properties: &Properties) -> Result<PropertyValue, Fault> {
    Renderer { scope: &PropertyScope { properties } }.value(renderable).await
}

/// Renders text; numbers print as Python prints them, `None` as nothing.
pub async fn render_text(renderable: &Renderable, context: &dyn StepContext) -> Result<String, Fault> {
    Ok(text_of(render(renderable, context).await?))
}

/// As Python's `str()`, but nothing for `None`.
pub fn text_of(value: PropertyValue) -> String {
    match value {
        PropertyValue::Null => String::new(),
        PropertyValue::Str(text) => text,
        other => other.to_string(),
    }
}

/// Where names get their values.
#[async_trait(?Send)]
trait Scope {
    fn properties(&self) -> &Properties;
    fn source_stamps(&self) -> Result<&[SourceStamp], Fault>;
    fn worker_fact(&self, name: &str) -> Result<Option<PropertyValue>, Fault>;
    async fn secret(&self, name: &str) -> Result<String, Fault>;
    async fn call(&self, function: &Callback) -> Result<PropertyValue, Fault>;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Reveal,
    Mask,
}

struct BuildScope<'a> {
    context: &'a dyn StepContext,
    properties: Arc<Properties>,
    secrets: Secrets,
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

    async fn call(&self, function: &Callback) -> Result<PropertyValue, Fault> {
        let properties = ScriptValue::Properties(Arc::clone(&self.properties));
        self.context.call(function, vec![properties]).await
    }
}

struct PropertyScope<'a> {
    properties: &'a Properties,
}

impl PropertyScope<'_> {
    fn refuse<T>(what: &str) -> Result<T, Fault> {
        Err(Fault::Config(format!("{what} is not available before a build runs")))
    }
}

#[async_trait(?Send)]
impl Scope for PropertyScope<'_> {
    fn properties(&self) -> &Properties {
        self.properties
    }

    fn source_stamps(&self) -> Result<&[SourceStamp], Fault> {
        Self::refuse("a source stamp")
    }

    fn worker_fact(&self, _: &str) -> Result<Option<PropertyValue>, Fault> {
        Self::refuse("the worker")
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        Self::refuse(&format!("the secret {name:?}"))
    }

    async fn call(&self, function: &Callback) -> Result<PropertyValue, Fault> {
        Self::refuse(&format!("the function {:?}", function.0.name()))
    }
}

type Rendering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + 'a>>;

/// Renderables nest, so every future is boxed.
#[derive(Clone, Copy)]
struct Renderer<'a> {
    scope: &'a dyn Scope,
}

impl<'a> Renderer<'a> {
    fn value(self, renderable: &'a Renderable) -> Rendering<'a, PropertyValue> {
        Box::pin(async move {
            match renderable {
                Renderable::Value(value) => Ok(value.clone()),
                Renderable::Property { name, default, default_when_false } => {
                    self.property(name, default.as_deref(), *default_when_false).await
                }
                Renderable::Interpolate { format, args, kwargs } => {
                    let template = Template::parse(format).map_err(|error| Fault::Config(error.to_string()))?;
                    if args.len() != template.n_positional() {
                        let wanted = template.n_positional();
                        let text = format!("{format:?} takes {wanted} positional arguments, not {}", args.len());
                        return Err(Fault::Config(text));
                    }
                    self.template(&template, args, kwargs).await.map(PropertyValue::Str)
                }
                Renderable::List(items) => {
                    let mut values = Vec::with_capacity(items.len());
                    for item in items {
                        values.push(self.value(item).await?);
                    }
                    Ok(PropertyValue::List(values))
                }
                Renderable::Map(items) => {
                    let mut values = BTreeMap::new();
                    for (key, item) in items {
                        values.insert(key.clone(), self.value(item).await?);
                    }
                    Ok(PropertyValue::Map(values))
                }
                Renderable::Function(function) => self.scope.call(function).await,
                Renderable::Secret(name) => self.scope.secret(name).await.map(PropertyValue::Str),
            }
        })
    }

    async fn property(
        self,
        name: &str,
        default: Option<&'a Renderable>,
        default_when_false: bool,
    ) -> Result<PropertyValue, Fault> {
        let value = self.scope.properties().get(name);
        match value {
            Some(value) if value.is_truthy() || !default_when_false => Ok(value.clone()),
            _ => match default {
                Some(default) => self.value(default).await,
                None => Ok(PropertyValue::Null),
            },
        }
    }

    fn template<'t>(
        self,
        template: &'t Template,
        args: &'a [Renderable],
        kwargs: &'a BTreeMap<String, Renderable>,
    ) -> Rendering<'t, String>
    where
        'a: 't,
    {
        Box::pin(async move {
            let mut text = String::new();
            let mut args = args.iter();
            for segment in &template.segments {
                let (value, conversion) = match segment {
                    Segment::Text(part) => {
                        text.push_str(part);
                        continue;
                    }
                    Segment::Positional(conversion) => {
                        let Some(argument) = args.next() else { continue };
                        (self.value(argument).await?, conversion)
                    }
                    Segment::Lookup(lookup, conversion) => (self.lookup(lookup, kwargs).await?, conversion),
                };
                text.push_str(&conversion.apply(&value).map_err(Fault::Config)?);
            }
            Ok(text)
        })
    }

    async fn lookup(self, lookup: &Lookup, kwargs: &'a BTreeMap<String, Renderable>) -> Result<PropertyValue, Fault> {
        let value = self.select(&lookup.selector, kwargs).await?;
        let is_true = value.as_ref().is_some_and(PropertyValue::is_truthy);
        let instead = match &lookup.substitution {
            Substitution::Value => None,
            Substitution::UnlessSet(text) => value.is_none().then_some(text),
            Substitution::UnlessTrue(text) => (!is_true).then_some(text),
            Substitution::IfSet(text) => match value {
                Some(_) => Some(text),
                None => return Ok(PropertyValue::Str(String::new())),
            },
            Substitution::Choice { by_truth, yes, no } => {
                let chosen = if *by_truth { is_true } else { value.is_some() };
                Some(if chosen { yes } else { no })
            }
        };
        match instead {
            Some(template) => self.template(template, &[], kwargs).await.map(PropertyValue::Str),
            None => Ok(match value {
                None | Some(PropertyValue::Null) => PropertyValue::Str(String::new()),
                Some(value) => value,
            }),
        }
    }

    async fn select(
        self,
        selector: &Selector,
        kwargs: &'a BTreeMap<String, Renderable>,
    ) -> Result<Option<PropertyValue>, Fault> {
        match selector {
            Selector::Property(name) => Ok(self.scope.properties().get(name).cloned()),
            Selector::Keyword(name) => match kwargs.get(name) {
                Some(renderable) => self.value(renderable).await.map(Some),
                None => Ok(None),
            },
            Selector::Secret(name) => Ok(Some(PropertyValue::Str(self.scope.secret(name).await?))),
            Selector::Worker(name) => self.scope.worker_fact(name),
            Selector::Source { codebase, attribute } => {
                let stamps = self.scope.source_stamps()?;
                let stamp = stamps.iter().find(|stamp| stamp.spec.codebase == *codebase);
                Ok(stamp.and_then(|stamp| source_attribute(stamp, attribute)))
            }
        }
    }
}

fn source_attribute(stamp: &SourceStamp, attribute: &str) -> Option<PropertyValue> {
    let spec = &stamp.spec;
    match attribute {
        "branch" => Some(spec.branch.clone().into()),
        "revision" => Some(spec.revision.clone().into()),
        "repository" => Some(spec.repository.as_str().into()),
        "project" => Some(spec.project.as_str().into()),
        "codebase" => Some(spec.codebase.as_str().into()),
        "ssid" => Some(stamp.id.0.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
