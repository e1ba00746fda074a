//! Modules and functions of Buildbot that are neither classes nor constants.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue, Value, ValueLike,
    starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::{Constructor, fail};
use super::exceptions::raise;
use super::missing::Missing;
use super::natives;
use crate::config::script::front_end::buildbot::{self, Found};
use crate::config::table::RESULTS;

/// A module of Buildbot by its path.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct BuildbotModule {
    path: String,
}

starlark_simple_value!(BuildbotModule);

impl Display for BuildbotModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<module '{}'>", self.path)
    }
}

#[starlark_value(type = "module")]
impl<'v> StarlarkValue<'v> for BuildbotModule {
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        Some(match buildbot::find(&self.path, attribute).ok()? {
            Found::Namespace(namespace) => heap.alloc(Self { path: format!("buildbot.{namespace}") }),
            Found::Module(path) => heap.alloc(Self { path }),
            Found::Result(number) => heap.alloc(number),
            Found::Function(name) => heap.alloc(BuildbotFunction { name }),
            Found::Class(class) => heap.alloc(Constructor { class }),
            Found::Missing(name) => heap.alloc(Missing::new(&name)),
        })
    }
}

/// A function of Buildbot.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct BuildbotFunction {
    name: &'static str,
}

starlark_simple_value!(BuildbotFunction);

impl Display for BuildbotFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for BuildbotFunction {
    /// `Results[build.results]`.
    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match i64::unpack_value(index).ok().flatten() {
            Some(result) if self.name == "Results" => Ok(heap.alloc(name_of(result))),
            _ => fail(format!("{} has no items", self.name)),
        }
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        let given: Vec<Value<'v>> = arguments.positions(heap)?.collect();
        let Some(first) = given.first().copied() else { return fail(format!("{}() needs an argument", self.name)) };
        let number = |value: Value<'v>| i64::unpack_value(value).ok().flatten().unwrap_or(0);
        match self.name {
            "error" => raise("ConfigErrors", first.to_str()),
            "statusToString" => Ok(heap.alloc(name_of(number(first)))),
            "worst_status" => {
                // From good to bad, as Buildbot weighs them.
                const ORDER: [i64; 7] = [0, 3, 1, 2, 4, 5, 6];
                let rank = |value: Value<'v>| ORDER.iter().position(|known| *known == number(value));
                Ok(given.iter().copied().max_by_key(|value| rank(*value)).unwrap_or(first))
            }
            // `s(Step, argument=...)` of old factories makes the step.
            "s" => {
                let named = arguments.names_map()?;
                if given.len() == 1 && first.downcast_ref::<Constructor>().is_some() {
                    let named = named.iter().map(|(name, value)| (name.as_str().to_owned(), *value)).collect();
                    return natives::step_of_class(first, &named, evaluator);
                }
                let named: Vec<(&str, Value<'v>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                evaluator.eval_function(first, &given[1..], &named)
            }
            // Bytes are text here.
            _ => Ok(first),
        }
    }
}

fn name_of(result: i64) -> String {
    let found = RESULTS.iter().find(|(_, number)| i64::from(*number) == result);
    found.map_or_else(|| "not finished".to_owned(), |(name, _)| name.to_lowercase())
}

#[starlark_module]
pub fn buildbot_names(builder: &mut GlobalsBuilder) {
    /// A module of Buildbot.
    fn _bb_buildbot<'v>(#[starlark(require = pos)] path: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(BuildbotModule { path: path.to_owned() }))
    }

    fn _bb_buildbot_function<'v>(#[starlark(require = pos)] name: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match buildbot::function(name) {
            Some(name) => Ok(heap.alloc(BuildbotFunction { name })),
            None => fail(format!("there is no function '{name}'")),
        }
    }
}
