//! `os`, as far as it asks nothing of the machine: the environment it was given, and the arithmetic of paths.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::AllocDict;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;

pub fn fill(builder: &mut GlobalsBuilder, environ: &BTreeMap<String, String>) {
    let variables = environ.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let dictionary = builder.alloc(AllocDict(variables));
    builder.set("environ", dictionary);
    builder.set("getenv", GetEnv { variables: environ.clone() });
    builder.set("sep", "/");
    builder.namespace("path", paths);
}

/// `os.getenv(name, default=None)`.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct GetEnv {
    variables: BTreeMap<String, String>,
}

starlark_simple_value!(GetEnv);

impl Display for GetEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("os.getenv")
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for GetEnv {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let positions: Vec<Value<'v>> = arguments.positions(evaluator.heap())?.collect();
        let named = arguments.names_map()?;
        let default = positions.get(1).or_else(|| named.values().next()).copied();
        let Some(name) = positions.first().and_then(|name| name.unpack_str()) else {
            return fail("os.getenv() needs the name of a variable".to_owned());
        };
        Ok(match self.variables.get(name) {
            Some(value) => evaluator.heap().alloc(value.as_str()),
            None => default.unwrap_or(Value::new_none()),
        })
    }
}

#[starlark_module]
fn paths(builder: &mut GlobalsBuilder) {
    fn join<'v>(#[starlark(args)] parts: UnpackTuple<&'v str>) -> starlark::Result<String> {
        let mut path = String::new();
        for part in parts.items {
            if part.starts_with('/') {
                path.clear();
            } else if !path.is_empty() && !path.ends_with('/') {
                path.push('/');
            }
            path.push_str(part);
        }
        Ok(path)
    }

    fn basename<'v>(#[starlark(require = pos)] path: &'v str) -> starlark::Result<&'v str> {
        Ok(path.rsplit('/').next().unwrap_or_default())
    }

    fn dirname<'v>(#[starlark(require = pos)] path: &'v str) -> starlark::Result<&'v str> {
        Ok(directory(path))
    }

    fn splitext<'v>(#[starlark(require = pos)] path: &'v str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let dot = name.rfind('.').filter(|dot| name[..*dot].contains(|letter| letter != '.'));
        let split = dot.map_or(path.len(), |dot| path.len() - name.len() + dot);
        Ok(heap.alloc((&path[..split], &path[split..])))
    }

    fn isabs(#[starlark(require = pos)] path: &str) -> starlark::Result<bool> {
        Ok(path.starts_with('/'))
    }
}

fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(0) => "/",
        Some(at) => path[..at].trim_end_matches('/'),
    }
}
