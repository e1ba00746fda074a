//! Classes that a file defines: plain ones, and ones that fill in arguments of Buildbot's.
//!
//! A class of Buildbot's is a row of the table here, not code; so what a subclass overrides of it cannot run. Such a
//! class may be defined, but not used, and the error says what to use instead.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_module};

use super::base::{Given, base_init, refuse_overrides};
use super::bound::{BaseInit, BoundKind, bind, bound};
use super::boxes::Variable;
use super::constructor::{Constructor, fail};
use super::exceptions::ExceptionClass;
use super::missing::Missing;
use super::object::ScriptObject;

type Members<V> = SmallMap<String, V>;

/// A class.
#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct ScriptClass<'v> {
    name: String,
    bases: Vec<Value<'v>>,
    members: RefCell<Members<Value<'v>>>,
    /// The class itself as a value: attributes are asked of what is behind a value.
    me: RefCell<Option<Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenScriptClass {
    name: String,
    bases: Vec<FrozenValue>,
    members: Members<FrozenValue>,
    me: Option<FrozenValue>,
}

/// What a class makes.
#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Instance<'v> {
    pub class: Value<'v>,
    pub fields: RefCell<Members<Value<'v>>>,
    /// The object of Buildbot's class, once its `__init__` was called.
    pub inner: RefCell<Option<Value<'v>>>,
    me: RefCell<Option<Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenInstance {
    class: FrozenValue,
    fields: Members<FrozenValue>,
    inner: Option<FrozenValue>,
    me: Option<FrozenValue>,
}

starlark_complex_values!(ScriptClass);
starlark_complex_values!(Instance);

fn frozen_members<'v>(members: Members<Value<'v>>, freezer: &Freezer) -> FreezeResult<Members<FrozenValue>> {
    members.into_iter().map(|(name, value)| Ok((name, value.freeze(freezer)?))).collect()
}

impl<'v> Freeze for ScriptClass<'v> {
    type Frozen = FrozenScriptClass;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenScriptClass> {
        let members = frozen_members(self.members.into_inner(), freezer)?;
        let me = self.me.into_inner().map(|me| me.freeze(freezer)).transpose()?;
        Ok(FrozenScriptClass { name: self.name, bases: self.bases.freeze(freezer)?, members, me })
    }
}

impl<'v> Freeze for Instance<'v> {
    type Frozen = FrozenInstance;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenInstance> {
        let fields = frozen_members(self.fields.into_inner(), freezer)?;
        let inner = self.inner.into_inner().map(|inner| inner.freeze(freezer)).transpose()?;
        let me = self.me.into_inner().map(|me| me.freeze(freezer)).transpose()?;
        Ok(FrozenInstance { class: self.class.freeze(freezer)?, fields, inner, me })
    }
}

/// A class, frozen or not.
pub struct ClassView<'v> {
    pub name: &'v str,
    bases: Vec<Value<'v>>,
}

pub fn class_view<'v>(value: Value<'v>) -> Option<ClassView<'v>> {
    if let Some(class) = value.downcast_ref::<FrozenScriptClass>() {
        return Some(ClassView { name: &class.name, bases: class.bases.iter().map(|base| base.to_value()).collect() });
    }
    let class = value.downcast_ref::<ScriptClass>()?;
    Some(ClassView { name: &class.name, bases: class.bases.clone() })
}

pub fn class_members<'v>(value: Value<'v>) -> Vec<(String, Value<'v>)> {
    if let Some(class) = value.downcast_ref::<FrozenScriptClass>() {
        return class.members.iter().map(|(name, value)| (name.clone(), value.to_value())).collect();
    }
    let class = value.downcast_ref::<ScriptClass>();
    class
        .map(|class| class.members.borrow().iter().map(|(name, value)| (name.clone(), *value)).collect())
        .unwrap_or_default()
}

pub fn class_member<'v>(value: Value<'v>, name: &str) -> Option<Value<'v>> {
    if let Some(class) = value.downcast_ref::<FrozenScriptClass>() {
        return class.members.get(name).map(|value| value.to_value());
    }
    value.downcast_ref::<ScriptClass>()?.members.borrow().get(name).copied()
}

/// A class and what it is made of, nearest first.
pub fn line<'v>(class: Value<'v>) -> Vec<Value<'v>> {
    let mut all: Vec<Value<'v>> = vec![class];
    if let Some(view) = class_view(class) {
        for base in view.bases {
            for one in line(base) {
                if !all.iter().any(|known| known.ptr_eq(one)) {
                    all.push(one);
                }
            }
        }
    }
    all
}

pub fn instance_class<'v>(value: Value<'v>) -> Option<Value<'v>> {
    if let Some(instance) = value.downcast_ref::<FrozenInstance>() {
        return Some(instance.class.to_value());
    }
    Some(value.downcast_ref::<Instance>()?.class)
}

/// The object of Buildbot's class that an instance stands for.
pub fn inner_object<'v>(value: Value<'v>) -> Option<Value<'v>> {
    if let Some(instance) = value.downcast_ref::<FrozenInstance>() {
        return instance.inner.map(FrozenValue::to_value);
    }
    *value.downcast_ref::<Instance>()?.inner.borrow()
}

/// Everything that an instance, a class or a bound function holds.
pub fn parts<'v>(value: Value<'v>) -> Vec<Value<'v>> {
    if let Some(class) = instance_class(value) {
        let mut parts = vec![class];
        if let Some(frozen) = value.downcast_ref::<FrozenInstance>() {
            parts.extend(frozen.fields.values().map(|value| value.to_value()));
        } else if let Some(instance) = value.downcast_ref::<Instance>() {
            parts.extend(instance.fields.borrow().values().copied());
        }
        parts.extend(inner_object(value));
        return parts;
    }
    if let Some(view) = class_view(value) {
        return view.bases.into_iter().chain(class_members(value).into_iter().map(|(_, member)| member)).collect();
    }
    bound(value).map(|bound| vec![bound.function, bound.this]).unwrap_or_default()
}

/// Whether a value was made by a class, or by one that is made of it.
pub fn is_instance<'v>(value: Value<'v>, class: Value<'v>) -> bool {
    instance_class(value).is_some_and(|made_by| line(made_by).iter().any(|known| known.ptr_eq(class)))
}

/// The kinds of exception that a class of the file, or what it made, is.
pub fn exception_chain(value: Value<'_>) -> Option<Vec<String>> {
    let class = instance_class(value).unwrap_or(value);
    let mut chain = Vec::new();
    for class in line(class) {
        if let Some(view) = class_view(class) {
            chain.push(view.name.to_owned());
        } else if let Some(kind) = class.downcast_ref::<ExceptionClass>() {
            chain.extend(kind.chain.iter().cloned());
            return Some(chain);
        }
    }
    None
}

/// The text of an exception that is an instance.
pub fn exception_text(value: Value<'_>) -> String {
    let Some(instance) = value.downcast_ref::<Instance>() else { return String::new() };
    let fields = instance.fields.borrow();
    match ["args", "message", "msg"].iter().find_map(|name| fields.get(*name)) {
        Some(args) => match starlark::values::tuple::TupleRef::from_value(*args) {
            Some(tuple) => tuple.content().iter().map(|value| value.to_str()).collect::<Vec<_>>().join(", "),
            None => args.to_str(),
        },
        None => String::new(),
    }
}

impl Display for ScriptClass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}

impl Display for FrozenScriptClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}

impl Display for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} object>", class_view(self.class).map_or("?", |class| class.name))
    }
}

impl Display for FrozenInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} object>", class_view(self.class.to_value()).map_or("?", |class| class.name))
    }
}

/// The attribute of a class itself.
fn attribute_of_class<'v>(class: Value<'v>, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
    if attribute == "__name__" {
        return class_view(class).map(|view| heap.alloc(view.name));
    }
    let found = line(class).into_iter().find_map(|one| {
        class_member(one, attribute).or_else(|| one.downcast_ref::<Constructor>()?.get_attr(attribute, heap))
    });
    match found {
        Some(found) => Some(match bound(found) {
            Some(wrapper) if wrapper.kind == BoundKind::Static => wrapper.function,
            Some(wrapper) if wrapper.kind == BoundKind::OfClass => {
                bind(BoundKind::Method, wrapper.function, class, heap)
            }
            _ => found,
        }),
        None if attribute == "__init__" => Some(heap.alloc(BaseInit::plain())),
        None => None,
    }
}

/// The attribute of an instance: its own, its class's with the instance as first argument, the inner object's.
fn attribute_of<'v>(this: Value<'v>, own: Option<Value<'v>>, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
    if own.is_some() {
        return own;
    }
    let class = instance_class(this)?;
    if attribute == "__class__" {
        return Some(class);
    }
    let attribute = attribute.strip_prefix("_bb_").unwrap_or(attribute);
    if let Some(member) = line(class).into_iter().find_map(|one| class_member(one, attribute)) {
        return Some(as_method(member, this, class, heap));
    }
    inner_object(this)?.get_attr(attribute, heap).ok().flatten()
}

pub fn as_method<'v>(member: Value<'v>, this: Value<'v>, class: Value<'v>, heap: Heap<'v>) -> Value<'v> {
    match bound(member) {
        Some(wrapper) if wrapper.kind == BoundKind::Static => wrapper.function,
        Some(wrapper) if wrapper.kind == BoundKind::OfClass => bind(BoundKind::Method, wrapper.function, class, heap),
        None if member.function_name().is_some() => bind(BoundKind::Method, member, this, heap),
        _ => member,
    }
}

macro_rules! class_behaviour {
    () => {
        fn invoke(
            &self,
            me: Value<'v>,
            arguments: &Arguments<'v, '_>,
            evaluator: &mut Evaluator<'v, '_, '_>,
        ) -> starlark::Result<Value<'v>> {
            let given = Given::of(arguments, evaluator)?;
            make(me, given, evaluator)
        }

        fn write_hash(&self, hasher: &mut starlark::collections::StarlarkHasher) -> starlark::Result<()> {
            std::hash::Hash::hash(&self.name, hasher);
            Ok(())
        }
    };
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for ScriptClass<'v> {
    type Canonical = FrozenScriptClass;

    class_behaviour!();

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let me = *self.me.borrow();
        attribute_of_class(me?, attribute, heap)
    }

    fn set_attr(&self, attribute: &str, new_value: Value<'v>) -> starlark::Result<()> {
        self.members.borrow_mut().insert(attribute.to_owned(), new_value);
        Ok(())
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for FrozenScriptClass {
    type Canonical = FrozenScriptClass;

    class_behaviour!();

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        attribute_of_class(self.me?.to_value(), attribute, heap)
    }
}

#[starlark_value(type = "instance")]
impl<'v> StarlarkValue<'v> for Instance<'v> {
    type Canonical = FrozenInstance;

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let own = self.fields.borrow().get(attribute).copied();
        let me = *self.me.borrow();
        attribute_of(me?, own, attribute, heap)
    }

    fn set_attr(&self, attribute: &str, new_value: Value<'v>) -> starlark::Result<()> {
        self.fields.borrow_mut().insert(attribute.to_owned(), new_value);
        // What is an argument of Buildbot's class changes there, too.
        let inner = *self.inner.borrow();
        if let Some(object) = inner.and_then(|inner| inner.downcast_ref::<ScriptObject>())
            && object.class.argument(attribute).is_some()
        {
            object.set_attr(attribute, new_value)?;
        }
        Ok(())
    }
}

#[starlark_value(type = "instance")]
impl<'v> StarlarkValue<'v> for FrozenInstance {
    type Canonical = FrozenInstance;

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let own = self.fields.get(attribute).map(|value| value.to_value());
        attribute_of(self.me?.to_value(), own, attribute, heap)
    }
}

/// Makes an instance.
fn make<'v>(class: Value<'v>, given: Given<'v>, evaluator: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
    let name = class_view(class).map_or("?", |view| view.name);
    let line = line(class);
    if let Some(missing) = line.iter().find_map(|base| Missing::of(*base)) {
        return fail(format!("'{name}' cannot be made: {}", missing.message()));
    }
    let base = line.iter().find_map(|base| base.downcast_ref::<Constructor>()).map(|base| base.class);
    if let Some(base) = base {
        refuse_overrides(name, base, &line)?;
    }
    let fields = RefCell::default();
    let instance =
        evaluator.heap().alloc(Instance { class, fields, inner: RefCell::default(), me: RefCell::default() });
    if let Some(made) = instance.downcast_ref::<Instance>() {
        *made.me.borrow_mut() = Some(instance);
    }
    match line.iter().find_map(|one| class_member(*one, "__init__")) {
        Some(init) => {
            given.call(init, Some(instance), evaluator)?;
        }
        None => base_init(instance, given, evaluator)?,
    }
    if let Some(base) = base
        && inner_object(instance).is_none()
    {
        return fail(format!("__init__ of '{name}' does not call __init__ of {}", base.full_name()));
    }
    Ok(instance)
}

#[starlark_module]
pub fn classes(builder: &mut GlobalsBuilder) {
    /// `class name(bases): members`.
    fn _bb_class<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] bases: Value<'v>,
        #[starlark(require = pos)] members: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let bases = ListRef::from_value(bases).map(|list| list.content().to_vec()).unwrap_or_default();
        let is_object = |base: &Value<'v>| base.function_name() == Some("object");
        let bases: Vec<Value<'v>> = bases.into_iter().filter(|base| !is_object(base)).collect();
        let is_class = |base: &Value<'v>| {
            class_view(*base).is_some()
                || base.downcast_ref::<Constructor>().is_some()
                || base.downcast_ref::<ExceptionClass>().is_some()
                || Missing::of(*base).is_some()
        };
        // What cannot be a base is missing, so that the class may still be defined.
        let bases = bases
            .into_iter()
            .map(|base| if is_class(&base) { base } else { heap.alloc(Missing::new(base.get_type())) });
        let mut found = Members::new();
        if let Some(members) = DictRef::from_value(members) {
            for (member, value) in members.iter() {
                let value = if Variable::is_box(value) { Variable::content(value) } else { Some(value) };
                if let (Some(member), Some(value)) = (member.unpack_str(), value) {
                    found.insert(member.to_owned(), value);
                }
            }
        }
        let (bases, members, me) = (bases.collect(), RefCell::new(found), RefCell::default());
        let class = heap.alloc(ScriptClass { name: name.to_owned(), bases, members, me });
        if let Some(made) = class.downcast_ref::<ScriptClass>() {
            *made.me.borrow_mut() = Some(class);
        }
        Ok(class)
    }

    fn _bb_super<'v>(
        #[starlark(require = pos)] class: Value<'v>,
        #[starlark(require = pos)] this: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(bind(BoundKind::Super, class, this, heap))
    }

    /// An attribute that some class of the file computes.
    fn _bb_property<'v>(
        #[starlark(require = pos)] this: Value<'v>,
        #[starlark(require = pos)] name: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let member = instance_class(this)
            .and_then(|class| line(class).into_iter().find_map(|one| class_member(one, name)))
            .and_then(bound)
            .filter(|bound| bound.kind == BoundKind::Property);
        match member {
            Some(computed) => eval.eval_function(computed.function, &[this], &[]),
            None => this.get_attr_error(name, eval.heap()),
        }
    }

    fn property<'v>(#[starlark(require = pos)] function: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(bind(BoundKind::Property, function, Value::new_none(), heap))
    }

    fn staticmethod<'v>(#[starlark(require = pos)] function: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(bind(BoundKind::Static, function, Value::new_none(), heap))
    }

    fn classmethod<'v>(#[starlark(require = pos)] function: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(bind(BoundKind::OfClass, function, Value::new_none(), heap))
    }

    fn object<'v>() -> starlark::Result<Value<'v>> {
        fail("object() is of no use in a configuration".to_owned())
    }
}
