//! Constructors: one type for all classes of the table.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::dict::DictRef;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::TupleRef;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};

use super::bound::{BaseInit, is_function};
use super::natives::step_of_class;
use super::object::{Given, ScriptObject};
use super::recorder::Recorder;
use crate::config::source::Span;
use crate::config::table::{Class, EXTRACT_GROUPS, EXTRACT_WHOLE_LINE, check_call, find_class};

/// Makes objects of one class.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Constructor {
    #[allocative(skip)]
    pub class: &'static Class,
}

starlark_simple_value!(Constructor);

impl Display for Constructor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class.full_name())
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for Constructor {
    /// `WarningCountingShellCommand.warnExtractFromRegexpGroups` and its sister.
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "__init__" => return Some(heap.alloc(BaseInit::plain())),
            "__name__" => return Some(heap.alloc(self.class.name)),
            "addStep" | "addSteps" => return Some(heap.alloc(BaseInit::method(attribute))),
            // Lists that subclasses add to.
            "renderables" | "compare_attrs" | "parms" => return Some(heap.alloc(Vec::<&str>::new())),
            _ => {}
        }
        let is_extractor = [EXTRACT_WHOLE_LINE, EXTRACT_GROUPS].contains(&attribute);
        (is_extractor && self.class.argument("warningExtractor").is_some()).then(|| heap.alloc(attribute))
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut given: Vec<(Option<String>, Value<'v>)> =
            arguments.positions(evaluator.heap())?.map(|value| (None, value)).collect();
        let named = arguments.names_map()?;
        given.extend(named.iter().map(|(name, value)| (Some(name.as_str().to_owned()), *value)));
        construct(self.class, &given, evaluator)
    }
}

/// An object of a class, placed at the call that is running, as `lock.access(...)` makes one.
pub fn make<'v>(
    class: &str,
    arguments: &[(&str, Value<'v>)],
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let Some(class) = find_class(class) else { return fail(format!("{class} is not available")) };
    let given: Vec<_> = arguments.iter().map(|(name, value)| (Some((*name).to_owned()), *value)).collect();
    construct(class, &given, evaluator)
}

/// A function as a step that runs it, a class with its arguments as the step; any other value as it is.
pub fn as_step<'v>(value: Value<'v>, evaluator: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
    if let Some([class, arguments]) = TupleRef::from_value(value).map(|pair| pair.content())
        && let (Some(arguments), true) = (DictRef::from_value(*arguments), class.get_type() == "class")
    {
        let named = arguments.iter().map(|(name, value)| (name.to_str(), value)).collect();
        drop(arguments);
        return step_of_class(*class, &named, evaluator);
    }
    match find_class("FunctionStep") {
        Some(class) if is_function(value) => construct(class, &[(None, value)], evaluator),
        _ => Ok(value),
    }
}

/// The items of a list as steps.
fn as_steps<'v>(list: Value<'v>, evaluator: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Vec<Value<'v>>> {
    let items = ListRef::from_value(list).map(|list| list.content().to_vec()).unwrap_or_default();
    items.into_iter().map(|item| as_step(item, evaluator)).collect()
}

pub fn construct<'v>(
    class: &'static Class,
    given: &[(Option<String>, Value<'v>)],
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let names: Vec<Option<&str>> = given.iter().map(|(name, _)| name.as_deref()).collect();
    let checked = check_call(class, &names);
    let recorder = Recorder::of(evaluator);
    let call = recorder.map(|recorder| recorder.call(evaluator)).unwrap_or_default();
    let place = |position: usize| -> Span {
        let name = names.get(position).copied().flatten();
        recorder.map(|recorder| recorder.argument(call, name, position)).unwrap_or_default()
    };
    match recorder {
        Some(recorder) => {
            for (message, at) in checked.problems {
                recorder.problem(at.map_or(call, place), message);
            }
            for (message, at) in checked.warnings {
                recorder.warning(at.map_or(call, place), message);
            }
        }
        None => {
            if let Some((message, _)) = checked.problems.into_iter().next() {
                return fail(message);
            }
        }
    }
    let (mut arguments, mut rest, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for (position, (name, (given_name, value))) in checked.names.into_iter().zip(given).enumerate() {
        match name {
            Some(name) if name == "steps" && class.name == "BuildFactory" && ListRef::from_value(*value).is_some() => {
                steps = as_steps(*value, evaluator)?;
            }
            Some(name) if name == "steps" && class.name == "Parallel" && ListRef::from_value(*value).is_some() => {
                let steps = as_steps(*value, evaluator)?;
                let value = evaluator.heap().alloc(AllocList(steps));
                arguments.push(Given { name, value, span: place(position) });
            }
            Some(name) => arguments.push(Given { name, value: *value, span: place(position) }),
            None if given_name.is_none() => rest.push(*value),
            None => {}
        }
    }
    let object = ScriptObject { steps: RefCell::new(steps), ..ScriptObject::new(class, call, arguments, rest) };
    Ok(evaluator.heap().alloc(object))
}

/// An error of a native function.
pub fn fail<T>(message: String) -> starlark::Result<T> {
    Err(starlark::Error::new_other(anyhow::Error::msg(message)))
}
