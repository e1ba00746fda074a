//! Rendering: a renderable becomes a value, once a build runs (manual section "Renderables").

mod operate;
mod scope;
mod via;
pub mod with_properties;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;

use self::operate::operate;
use self::scope::{BuildScope, OutsideScope, PropertyScope, Scope, Secrets};
use self::via::Via;
use super::context::{Fault, StepContext};
use super::interpolate::{Lookup, Segment, Selector, Substitution, Template};
use crate::domain::{Callback, FunctionCall, Properties, PropertyValue, Renderable, ScriptValue, SourceStamp};

/// The value of an argument, as the build is now.
pub async fn render(renderable: &Renderable, context: &dyn StepContext) -> Result<PropertyValue, Fault> {
    let scope = BuildScope { context, properties: context.properties(), secrets: Secrets::Reveal };
    Renderer::new(&scope).value(renderable).await
}

/// What a function returns when it is called with these arguments, rendered if it is a renderable.
pub async fn call(
    function: &Callback,
    arguments: Vec<ScriptValue>,
    context: &dyn StepContext,
) -> Result<PropertyValue, Fault> {
    let returned = context.call(function, arguments).await?;
    let scope = BuildScope { context, properties: context.properties(), secrets: Secrets::Reveal };
    Renderer::new(&scope).returned(function, returned).await
}

/// The value of an argument with every secret shown as `<name>`, for texts that people read.
pub async fn render_for_display(renderable: &Renderable, context: &dyn StepContext) -> Result<PropertyValue, Fault> {
    let scope = BuildScope { context, properties: context.properties(), secrets: Secrets::Mask };
    Renderer::new(&scope).value(renderable).await
}

/// The value of an argument that depends on properties alone, as those of schedulers do; needs no build and never
/// waits. Functions, secrets, source stamps and the worker are a [`Fault::Config`].
pub async fn render_properties(renderable: &Renderable, properties: &Properties) -> Result<PropertyValue, Fault> {
    Renderer::new(&PropertyScope { properties }).value(renderable).await
}

/// The value of an argument outside of any build, where `secret` gives secrets and there are no properties. Functions
/// are called on this thread, so it must not be that of the actors.
pub fn render_outside(
    renderable: &Renderable,
    secret: &dyn Fn(&str) -> Result<String, Fault>,
) -> Result<PropertyValue, Fault> {
    let scope = OutsideScope { properties: Properties::new(), secret };
    let rendering = Renderer::new(&scope).value(renderable).now_or_never();
    rendering.expect("nothing in this scope waits")
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

type Rendering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + 'a>>;

/// Renderables nest, so every future is boxed.
#[derive(Clone, Copy)]
struct Renderer<'a> {
    scope: &'a dyn Scope,
    /// The functions that returned what is being rendered.
    via: Option<&'a Via<'a>>,
}

impl<'a> Renderer<'a> {
    fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, via: None }
    }

    /// What a function returned may be a renderable again.
    async fn returned(self, function: &Callback, returned: Renderable) -> Result<PropertyValue, Fault> {
        if let Renderable::Value(value) = returned {
            return Ok(value);
        }
        let via = Via::new(function, self.via)?;
        Renderer { scope: self.scope, via: Some(&via) }.value(&returned).await
    }

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
                Renderable::Function(function) => self.returned(function, self.scope.call(function).await?).await,
                Renderable::Call(call) => self.call(call).await,
                Renderable::WithProperties { format, names, functions } => {
                    self.with_properties(format, names, functions).await.map(PropertyValue::Str)
                }
                Renderable::Flatten(list) => Ok(flat(self.value(list).await?)),
                Renderable::Operation { operator, left, right } => {
                    let (left, right) = (self.value(left).await?, self.value(right).await?);
                    operate(*operator, &left, &right).map_err(Fault::Config)
                }
                Renderable::Secret(name) => self.scope.secret(name).await.map(PropertyValue::Str),
            }
        })
    }

    async fn call(self, call: &'a FunctionCall) -> Result<PropertyValue, Fault> {
        let (mut arguments, mut named) = (Vec::new(), Vec::new());
        for argument in &call.args {
            arguments.push(ScriptValue::Data(self.value(argument).await?));
        }
        for (name, argument) in &call.kwargs {
            named.push((name.clone(), ScriptValue::Data(self.value(argument).await?)));
        }
        let function = call.function.with_arguments(arguments, named);
        let scope = self.scope;
        let returned = if call.with_properties { scope.call(&function).await } else { scope.apply(&function).await };
        self.returned(&function, returned?).await
    }

    async fn with_properties(
        self,
        format: &str,
        names: &[String],
        functions: &BTreeMap<String, Callback>,
    ) -> Result<String, Fault> {
        let mut own = BTreeMap::new();
        for (name, function) in functions {
            let returned = self.scope.call(function).await?;
            own.insert(name.clone(), self.returned(function, returned).await?);
        }
        with_properties::fill(format, names, &own, self.scope.properties()).map_err(Fault::Config)
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

/// The items of all lists within lists, one after the other; anything else stays as it is.
fn flat(value: PropertyValue) -> PropertyValue {
    fn add(value: PropertyValue, items: &mut Vec<PropertyValue>) {
        match value {
            PropertyValue::List(inner) => inner.into_iter().for_each(|item| add(item, items)),
            other => items.push(other),
        }
    }
    match value {
        PropertyValue::List(_) => {
            let mut items = Vec::new();
            add(value, &mut items);
            PropertyValue::List(items)
        }
        other => other,
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
