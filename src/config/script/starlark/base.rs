//! What a class of a file takes from a class of Buildbot's: its arguments, and no behaviour.

use starlark::eval::{Arguments, Evaluator};
use starlark::values::tuple::AllocTuple;
use starlark::values::{Value, ValueLike};

use super::bound::bound;
use super::classes::{class_members, exception_chain, line};
use super::constructor::{Constructor, construct, fail};
use super::instance::Instance;
use super::missing::Missing;
use crate::config::table::Class;

/// Methods that Buildbot calls, a line for each namespace.
const OVERRIDABLE: &str = include_str!("overridable.txt");

/// Arguments of a call, as they are passed on.
pub struct Given<'v> {
    pub positional: Vec<Value<'v>>,
    pub named: Vec<(String, Value<'v>)>,
}

impl<'v> Given<'v> {
    pub fn of(arguments: &Arguments<'v, '_>, evaluator: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Self> {
        let positional = arguments.positions(evaluator.heap())?.collect();
        let named = arguments.names_map()?;
        let named = named.iter().map(|(name, value)| (name.as_str().to_owned(), *value)).collect();
        Ok(Self { positional, named })
    }

    pub fn call(
        &self,
        function: Value<'v>,
        first: Option<Value<'v>>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let positional: Vec<Value<'v>> = first.into_iter().chain(self.positional.iter().copied()).collect();
        let named: Vec<(&str, Value<'v>)> = self.named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        evaluator.eval_function(function, &positional, &named)
    }
}

/// `__init__` of what is no class of the file: Buildbot's class, an exception, or nothing.
pub fn base_init<'v>(this: Value<'v>, given: Given<'v>, evaluator: &mut Evaluator<'v, '_, '_>) -> starlark::Result<()> {
    let Some(instance) = this.downcast_ref::<Instance>() else { return Ok(()) };
    let line = line(instance.class);
    let Some(base) = line.iter().find_map(|base| base.downcast_ref::<Constructor>()) else {
        if exception_chain(this).is_some() {
            let args = evaluator.heap().alloc(AllocTuple(given.positional));
            instance.fields.borrow_mut().insert("args".to_owned(), args);
        }
        return Ok(());
    };
    let mut arguments: Vec<(Option<String>, Value<'v>)> =
        given.positional.into_iter().map(|value| (None, value)).collect();
    arguments.extend(given.named.into_iter().map(|(name, value)| (Some(name), value)));
    let n_positional = arguments.iter().filter(|(name, _)| name.is_none()).count();
    let by_position: Vec<&str> = base.class.positional.iter().take(n_positional).copied().collect();
    // Attributes of the class are defaults of the arguments.
    for (name, value) in line.iter().flat_map(|class| class_members(*class)) {
        let is_given =
            by_position.contains(&name.as_str()) || arguments.iter().any(|(it, _)| it.as_ref() == Some(&name));
        let is_value = value.function_name().is_none() && bound(value).is_none() && Missing::of(value).is_none();
        if !is_given && is_value && base.class.argument(&name).is_some() {
            arguments.push((Some(name), value));
        }
    }
    let object = construct(base.class, &arguments, evaluator)?;
    *instance.inner.borrow_mut() = Some(object);
    Ok(())
}

/// Refuses methods that would have to run inside of Buildbot's class.
pub fn refuse_overrides(name: &str, base: &Class, line: &[Value<'_>]) -> starlark::Result<()> {
    let methods = OVERRIDABLE.lines().find_map(|text| text.strip_prefix(base.namespace)?.strip_prefix(": "));
    let methods: Vec<&str> = methods.unwrap_or_default().split(' ').collect();
    if base.name == "BuildFactory" {
        return Ok(());
    }
    for class in line {
        for (method, value) in class_members(*class) {
            let is_function = value.function_name().is_some() || bound(value).is_some() || Missing::of(value).is_some();
            if is_function && methods.contains(&method.as_str()) {
                let instead = instead(base.namespace, &method);
                let base = base.full_name();
                return fail(format!("'{name}' overrides '{method}' of {base}, which cannot run here; {instead}"));
            }
        }
    }
    Ok(())
}

/// What to write instead of an override.
fn instead(namespace: &str, method: &str) -> &'static str {
    match (namespace, method) {
        ("steps", "describe" | "getText" | "getText2" | "getResultSummary" | "getCurrentSummary") => {
            "use description=, descriptionDone= and descriptionSuffix="
        }
        ("steps", "createSummary" | "outLineReceived" | "errLineReceived" | "evaluateCommand" | "logChunk") => {
            "use decodeRC=, warningPattern=, SetPropertyFromCommand(extract_fn=...), or a function as a step: \
             def step(ctx): ctx.run([...])"
        }
        ("steps", _) => "give the factory a function instead: def step(ctx): ctx.run([...])",
        ("schedulers", _) => "use change_filter=, fileIsImportant= and properties=",
        ("changes", _) => "use the source's arguments, or send changes with 'buildbot sendchange'",
        ("reporters", _) => "use a message formatter with a function, or generators=",
        ("worker", _) => "use the worker's arguments",
        _ => "use its arguments",
    }
}
