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
use super::exceptions::{ExceptionClass, raise};
use super::instance::{FrozenInstance, Instance, inner_object, instance_class, new_instance};
use super::missing::Missing;
use super::records::{self, Special};

/// Names and what they stand for.
pub type Members<V> = SmallMap<String, V>;

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

starlark_complex_values!(ScriptClass);

pub fn frozen_members<'v>(members: Members<Value<'v>>, freezer: &Freezer) -> FreezeResult<Members<FrozenValue>> {
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

impl<'v> ScriptClass<'v> {
    /// A class as a value.
    pub fn alloc(
        name: &str,
        bases: Vec<Value<'v>>,
        members: impl IntoIterator<Item = (String, Value<'v>)>,
        heap: Heap<'v>,
    ) -> Value<'v> {
        let (members, me) = (RefCell::new(members.into_iter().collect()), RefCell::default());
        let class = heap.alloc(ScriptClass { name: name.to_owned(), bases, members, me });
        if let Some(made) = class.downcast_ref::<ScriptClass>() {
            *made.me.borrow_mut() = Some(class);
        }
        class
    }

    pub fn set_member(&self, name: &str, value: Value<'v>) {
        self.members.borrow_mut().insert(name.to_owned(), value);
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

/// The attribute of a class itself.
fn attribute_of_class<'v>(class: Value<'v>, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
    if attribute == "__name__" {
        return class_view(class).map(|view| heap.alloc(view.name));
    }
    if let ("__members__", Some(members)) = (attribute, records::enum_members(class)) {
        let named = members.into_iter().filter_map(|member| Some((Instance::field(member, "name")?, member)));
        return Some(heap.alloc(starlark::values::dict::AllocDict(named)));
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

pub fn as_method<'v>(member: Value<'v>, this: Value<'v>, class: Value<'v>, heap: Heap<'v>) -> Value<'v> {
    match bound(member) {
        Some(wrapper) if wrapper.kind == BoundKind::Static => wrapper.function,
        Some(wrapper) if wrapper.kind == BoundKind::OfClass => bind(BoundKind::Method, wrapper.function, class, heap),
        None if member.function_name().is_some() => bind(BoundKind::Method, member, this, heap),
        _ => member,
    }
}

/// Whether two values are equal; not if they cannot be compared.
pub fn same<'v>(left: Value<'v>, right: Value<'v>) -> bool {
    left.equals(right).unwrap_or_default()
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

        /// `Color['RED']`.
        fn at(&self, index: Value<'v>, _: Heap<'v>) -> starlark::Result<Value<'v>> {
            let me = self.value();
            let members = me.and_then(records::enum_members);
            let is_named = |member: &Value<'v>| Instance::field(*member, "name").is_some_and(|name| same(name, index));
            match members.map(|members| members.into_iter().find(is_named)) {
                Some(Some(found)) => Ok(found),
                Some(None) => raise("KeyError", index.to_repr()),
                // A type that is indexed, as in an annotation.
                None => me.map_or_else(|| fail("a class is not indexed".to_owned()), Ok),
            }
        }

        fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
            match self.value().and_then(records::enum_members) {
                Some(members) => Ok(members),
                None => raise("TypeError", "a class cannot be iterated"),
            }
        }

        fn length(&self) -> starlark::Result<i32> {
            let members = self.value().and_then(records::enum_members).unwrap_or_default();
            Ok(i32::try_from(members.len()).unwrap_or(i32::MAX))
        }

        fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
            let members = self.value().and_then(records::enum_members).unwrap_or_default();
            Ok(members.into_iter().any(|member| same(member, other)))
        }

        fn write_hash(&self, hasher: &mut starlark::collections::StarlarkHasher) -> starlark::Result<()> {
            std::hash::Hash::hash(&self.name, hasher);
            Ok(())
        }
    };
}

impl<'v> ScriptClass<'v> {
    fn value(&self) -> Option<Value<'v>> {
        *self.me.borrow()
    }
}

impl FrozenScriptClass {
    fn value<'v>(&self) -> Option<Value<'v>> {
        self.me.map(FrozenValue::to_value)
    }
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
    if let Some(found) = records::enum_by_value(class, &given) {
        return found;
    }
    let instance = new_instance(class, [], evaluator.heap());
    match line.iter().find_map(|one| class_member(*one, "__init__")) {
        Some(init) => {
            given.call(init, Some(instance), evaluator)?;
        }
        None if records::fields_of(class).is_some() => records::init(instance, class, given, evaluator)?,
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
        let specials: Vec<Special> = bases.iter().filter_map(|base| Special::of(*base)).collect();
        let is_enum = specials.contains(&Special::Enum);
        // `class Color(str, Enum)`.
        let is_mixed = |base: &Value<'v>| is_enum && matches!(base.function_name(), Some("str" | "int" | "float"));
        let of_enum = bases.iter().any(is_mixed).then_some(Special::PlainEnum);
        let is_left_out = |base: &Value<'v>| is_object(base) || is_mixed(base) || Special::of(*base).is_some();
        let bases: Vec<Value<'v>> = bases.into_iter().filter(|base| !is_left_out(base)).collect();
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
        for (member, kind) in specials.into_iter().chain(of_enum).filter_map(Special::member) {
            found.insert(member.to_owned(), heap.alloc(kind));
        }
        let class = ScriptClass::alloc(name, bases.collect(), found, heap);
        records::finish_class(class, heap)?;
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
