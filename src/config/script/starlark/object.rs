//! Objects of a configuration inside Starlark: what a constructor of the table makes.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::eval::Evaluator;
use starlark::values::dict::AllocDict;
use starlark::values::list::AllocList;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_module};

use super::constructor::{self, fail};
use super::db_config;
use super::instance::inner_object;
use super::natives;
use super::recorder::Recorder;
use super::renderables;
use super::times;
use super::with_secrets::WithSecrets;
use crate::config::source::Span;
use crate::config::table::{Argument, Class, Default, RENDERABLES};

/// One argument.
#[derive(Debug, Clone, Trace, Allocative)]
pub struct Given<V> {
    pub name: String,
    pub value: V,
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    pub span: Span,
}

#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct ScriptObject<'v> {
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    pub class: &'static Class,
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    pub span: Span,
    pub arguments: RefCell<Vec<Given<Value<'v>>>>,
    /// Positional arguments that the table does not name.
    pub rest: RefCell<Vec<Value<'v>>>,
    /// Steps of a factory.
    pub steps: RefCell<Vec<Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenScriptObject {
    #[allocative(skip)]
    pub class: &'static Class,
    #[allocative(skip)]
    pub span: Span,
    pub arguments: Vec<Given<FrozenValue>>,
    pub rest: Vec<FrozenValue>,
    pub steps: Vec<FrozenValue>,
}

starlark_complex_values!(ScriptObject);

impl<'v> Freeze for ScriptObject<'v> {
    type Frozen = FrozenScriptObject;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenScriptObject> {
        let given = |given: Given<Value<'v>>| {
            Ok(Given { name: given.name, value: given.value.freeze(freezer)?, span: given.span })
        };
        Ok(FrozenScriptObject {
            class: self.class,
            span: self.span,
            arguments: self.arguments.into_inner().into_iter().map(given).collect::<FreezeResult<_>>()?,
            rest: self.rest.into_inner().freeze(freezer)?,
            steps: self.steps.into_inner().freeze(freezer)?,
        })
    }
}

impl Display for ScriptObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.class.full_name())
    }
}

impl Display for FrozenScriptObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.class.full_name())
    }
}

impl<'v> ScriptObject<'v> {
    /// The same as a value, if it is a renderable: operators are told only what they are about.
    fn copy(&self, heap: Heap<'v>) -> Option<Value<'v>> {
        let is_renderable = RENDERABLES.contains(&self.class.name);
        is_renderable.then(|| {
            let (arguments, rest) = (self.arguments.borrow().clone(), self.rest.borrow().clone());
            heap.alloc(ScriptObject::new(self.class, self.span, arguments, rest))
        })
    }

    pub fn new(class: &'static Class, span: Span, arguments: Vec<Given<Value<'v>>>, rest: Vec<Value<'v>>) -> Self {
        let (arguments, rest) = (RefCell::new(arguments), RefCell::new(rest));
        Self { class, span, arguments, rest, steps: RefCell::default() }
    }
}

impl FrozenScriptObject {
    fn copy<'v>(&self, heap: Heap<'v>) -> Option<Value<'v>> {
        let is_renderable = RENDERABLES.contains(&self.class.name);
        is_renderable.then(|| {
            let thaw = |given: &Given<FrozenValue>| Given {
                name: given.name.clone(),
                value: given.value.to_value(),
                span: given.span,
            };
            let arguments = self.arguments.iter().map(thaw).collect();
            let rest = self.rest.iter().map(|value| value.to_value()).collect();
            heap.alloc(ScriptObject::new(self.class, self.span, arguments, rest))
        })
    }
}

/// An object as it is now, frozen or not.
pub struct Contents<'v> {
    pub class: &'static Class,
    pub span: Span,
    pub arguments: Vec<Given<Value<'v>>>,
    pub rest: Vec<Value<'v>>,
    pub steps: Vec<Value<'v>>,
}

impl<'v> ScriptObject<'v> {
    /// The contents of a value, if it is an object.
    pub fn contents(value: Value<'v>) -> Option<Contents<'v>> {
        let value = inner_object(value).unwrap_or(value);
        if let Some(object) = value.downcast_ref::<FrozenScriptObject>() {
            let thaw = |given: &Given<FrozenValue>| Given {
                name: given.name.clone(),
                value: given.value.to_value(),
                span: given.span,
            };
            return Some(Contents {
                class: object.class,
                span: object.span,
                arguments: object.arguments.iter().map(thaw).collect(),
                rest: object.rest.iter().map(|value| value.to_value()).collect(),
                steps: object.steps.iter().map(|value| value.to_value()).collect(),
            });
        }
        let object = value.downcast_ref::<ScriptObject>()?;
        Some(Contents {
            class: object.class,
            span: object.span,
            arguments: object.arguments.borrow().clone(),
            rest: object.rest.borrow().clone(),
            steps: object.steps.borrow().clone(),
        })
    }

    pub fn values_of(value: Value<'v>) -> Vec<Value<'v>> {
        Self::contents(value).map_or_else(Vec::new, |contents| {
            let given = contents.arguments.into_iter().map(|given| given.value);
            given.chain(contents.rest).chain(contents.steps).collect()
        })
    }

    pub fn class_of(value: Value<'v>) -> Option<&'static Class> {
        let value = inner_object(value).unwrap_or(value);
        let frozen = value.downcast_ref::<FrozenScriptObject>().map(|object| object.class);
        frozen.or_else(|| value.downcast_ref::<ScriptObject>().map(|object| object.class))
    }
}

/// What both forms of an object do with operators: those of a renderable make another one.
macro_rules! operators {
    () => {
        fn add(&self, rhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
            renderables::add(self.copy(heap)?, rhs, heap)
        }

        fn sub(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            renderables::operate("-", self.copy(heap), other, heap)
        }

        fn mul(&self, rhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
            Some(Ok(renderables::operation("*", self.copy(heap)?, rhs, heap)?))
        }

        fn div(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            renderables::operate("/", self.copy(heap), other, heap)
        }

        fn floor_div(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            renderables::operate("//", self.copy(heap), other, heap)
        }

        fn percent(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            renderables::operate("%", self.copy(heap), other, heap)
        }

        fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            renderables::operate("[]", self.copy(heap), index, heap)
        }
    };
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "object")]
impl<'v> StarlarkValue<'v> for ScriptObject<'v> {
    type Canonical = FrozenScriptObject;

    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        if attribute == "steps" && self.class.name == "BuildFactory" {
            return Some(heap.alloc(self.steps.borrow().clone()));
        }
        let argument = self.class.attribute(attribute)?;
        let given = self.arguments.borrow().iter().find(|given| given.name == argument.name).map(|given| given.value);
        given.or_else(|| absent(argument, heap))
    }

    /// Comparing a renderable is a renderable, which `_bb_compare` makes. Here somebody looks for one in a list, where
    /// only yes or no will do.
    fn equals(&self, _: Value<'v>) -> starlark::Result<bool> {
        if RENDERABLES.contains(&self.class.name) {
            let name = self.class.full_name();
            return fail(format!("a {name} cannot be looked for: its value is known only when a build runs"));
        }
        Ok(false)
    }

    operators!();

    /// Attributes are the arguments of the constructor.
    fn set_attr(&self, attribute: &str, new_value: Value<'v>) -> starlark::Result<()> {
        let Some(argument) = self.class.argument(attribute) else {
            return fail(format!("{} has no attribute '{attribute}'", self.class.full_name()));
        };
        let mut arguments = self.arguments.borrow_mut();
        arguments.retain(|given| given.name != argument.name);
        arguments.push(Given { name: argument.name.to_owned(), value: new_value, span: self.span });
        Ok(())
    }
}

/// An argument that was not given, read as an attribute: what it is then. One without a default has no such attribute.
fn absent<'v>(argument: &Argument, heap: Heap<'v>) -> Option<Value<'v>> {
    match argument.default {
        Default::Required | Default::Words(_) => None,
        Default::Nothing if argument.kind.is_list() => Some(heap.alloc(AllocList::EMPTY)),
        Default::Nothing if argument.kind.is_dictionary() => Some(heap.alloc(AllocDict::EMPTY)),
        Default::Nothing => Some(Value::new_none()),
        Default::Bool(flag) => Some(Value::new_bool(flag)),
        Default::Int(number) => Some(heap.alloc(number)),
        Default::Text(text) => Some(heap.alloc(text)),
    }
}

#[starlark_value(type = "object")]
impl<'v> StarlarkValue<'v> for FrozenScriptObject {
    type Canonical = FrozenScriptObject;

    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        if attribute == "steps" && self.class.name == "BuildFactory" {
            let steps: Vec<Value<'v>> = self.steps.iter().map(|step| step.to_value()).collect();
            return Some(heap.alloc(steps));
        }
        let argument = self.class.attribute(attribute)?;
        let given = self.arguments.iter().find(|given| given.name == argument.name);
        given.map(|given| given.value.to_value()).or_else(|| absent(argument, heap))
    }

    operators!();
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    /// `factory.addStep(step)`, or as Buildbot 0.8 had it: `factory.addStep(Step, argument=...)`.
    fn addStep<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] step: Value<'v>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let step = if step.get_type() == "class" { natives::step_of_class(step, &named, eval)? } else { step };
        add_step(this, step, 0, eval)?;
        Ok(Value::new_none())
    }

    /// `factory.addSteps([step, ...], withSecrets=[(path, secret), ...])`.
    fn addSteps<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] steps: Value<'v>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if let Some(other) = named.keys().find(|name| *name != "withSecrets") {
            return fail(format!("addSteps() has no argument '{other}'"));
        }
        if ScriptObject::class_of(steps).is_some() {
            return fail("addSteps() takes a list of steps; addStep() takes one".to_owned());
        }
        let secrets = named.get("withSecrets").copied().filter(|secrets| secrets.to_bool());
        let with_secrets = secrets.map(|secrets| WithSecrets::begin(this, secrets, eval)).transpose()?;
        for step in steps.iterate(eval.heap())? {
            add_step(this, step, 0, eval)?;
        }
        with_secrets.iter().for_each(WithSecrets::end);
        Ok(Value::new_none())
    }

    /// `with factory.withSecrets([(path, secret), ...]) as factory`.
    fn withSecrets<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] secrets: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let with_secrets = WithSecrets::begin(this, secrets, eval)?;
        Ok(eval.heap().alloc(with_secrets))
    }

    /// `lock.access('counting')`.
    fn access<'v>(
        this: Value<'v>,
        mode: Value<'v>,
        count: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut arguments = vec![("lockid", this), ("mode", mode)];
        arguments.extend(count.map(|count| ("count", count)));
        constructor::make("LockAccess", &arguments, eval)
    }

    /// `@util.renderer` functions with further arguments.
    fn withArgs<'v>(
        this: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] kwargs: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        match ScriptObject::contents(this) {
            Some(contents) if contents.class.name == "renderer" => {
                Ok(heap.alloc(renderables::with_arguments(contents, args.items, kwargs)))
            }
            _ => fail("only a util.renderer has withArgs()".to_owned()),
        }
    }

    /// `DbConfig.get(name, default)`.
    fn get<'v>(
        this: Value<'v>,
        name: &str,
        default: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        db_config::get(this, name, default, eval)
    }

    /// `DbConfig.set(name, value)`.
    fn set<'v>(
        this: Value<'v>,
        name: &str,
        value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        db_config::set(this, name, value, eval)?;
        Ok(Value::new_none())
    }

    /// `timedelta.total_seconds()`.
    fn total_seconds<'v>(this: Value<'v>) -> starlark::Result<f64> {
        match times::length_of(this) {
            Some(seconds) => Ok(seconds),
            None => fail("only a timedelta has total_seconds()".to_owned()),
        }
    }

    /// `renderable.in_(list)`.
    fn in_<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] holder: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        renderables::operation("in", this, holder, heap)
            .map_or_else(|| fail("only renderables have in_()".to_owned()), Ok)
    }
}

/// Adds a step to a factory; a value that is none is recorded as a problem of the call.
pub(super) fn add_step<'v>(
    factory: Value<'v>,
    step: Value<'v>,
    position: usize,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<()> {
    let step = constructor::as_step(step, evaluator)?;
    let Some(object) = factory.downcast_ref::<ScriptObject>().filter(|object| object.class.name == "BuildFactory")
    else {
        return fail("only a util.BuildFactory that is being filled takes steps".to_owned());
    };
    let is_step = ScriptObject::class_of(step).is_some_and(|class| class.namespace == "steps");
    match (is_step, Recorder::of(evaluator)) {
        (true, _) => object.steps.borrow_mut().push(step),
        (false, Some(recorder)) => {
            let span = recorder.argument(recorder.call(evaluator), None, position);
            recorder.problem(span, format!("a factory takes steps, not {}", what_is_no_step(step)));
        }
        (false, None) => return fail("a factory takes steps".to_owned()),
    }
    Ok(())
}

/// A value that somebody took for a step, and what may be meant.
fn what_is_no_step(value: Value<'_>) -> String {
    match (ScriptObject::class_of(value), value.get_type()) {
        (Some(class), _) => format!("a {}", class.full_name()),
        (None, "NoneType") => "None: does the function return its step?".to_owned(),
        (None, "list" | "tuple") => "a list: addSteps() takes one".to_owned(),
        (None, other) => format!("a {other}"),
    }
}
