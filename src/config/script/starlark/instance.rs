//! What classes of the file make: instances, with the behaviour of records and members of an `Enum`.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::sync::{Mutex, PoisonError};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_complex_values;
use starlark::values::tuple::{AllocTuple, TupleRef};
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};

use super::base::Given;
use super::bound::{BoundKind, bind, bound};
use super::classes::{Members, as_method, class_member, class_view, frozen_members, line, same};
use super::exceptions::raise;
use super::literal;
use super::object::ScriptObject;
use super::records::{self, Special};

/// What an instance said it is as text: `str` and, if it has its own, `repr`.
#[derive(Clone, Debug, Default)]
struct Said(Option<(String, Option<String>)>);

/// What a class makes.
#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Instance<'v> {
    pub class: Value<'v>,
    pub fields: RefCell<Members<Value<'v>>>,
    /// The object of Buildbot's class, once its `__init__` was called.
    pub inner: RefCell<Option<Value<'v>>>,
    me: RefCell<Option<Value<'v>>>,
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    said: Mutex<Said>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenInstance {
    class: FrozenValue,
    pub fields: Members<FrozenValue>,
    inner: Option<FrozenValue>,
    me: Option<FrozenValue>,
    #[allocative(skip)]
    said: Mutex<Said>,
}

starlark_complex_values!(Instance);

impl<'v> Freeze for Instance<'v> {
    type Frozen = FrozenInstance;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenInstance> {
        let fields = frozen_members(self.fields.into_inner(), freezer)?;
        let inner = self.inner.into_inner().map(|inner| inner.freeze(freezer)).transpose()?;
        let me = self.me.into_inner().map(|me| me.freeze(freezer)).transpose()?;
        Ok(FrozenInstance { class: self.class.freeze(freezer)?, fields, inner, me, said: self.said })
    }
}

/// An instance as it is before its `__init__`.
pub fn new_instance<'v, 'f>(
    class: Value<'v>,
    fields: impl IntoIterator<Item = (&'f str, Value<'v>)>,
    heap: Heap<'v>,
) -> Value<'v> {
    let fields = RefCell::new(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let (inner, me, said) = Default::default();
    let instance = heap.alloc(Instance { class, fields, inner, me, said });
    if let Some(made) = instance.downcast_ref::<Instance>() {
        *made.me.borrow_mut() = Some(instance);
    }
    instance
}

/// A method of an instance's class that the file defines, with the instance.
pub fn own_method<'v>(this: Value<'v>, name: &str, heap: Heap<'v>) -> Option<Value<'v>> {
    let class = instance_class(this)?;
    let member = line(class).into_iter().find_map(|one| class_member(one, name))?;
    Some(as_method(member, this, class, heap))
}

impl Instance<'_> {
    /// A field of an instance, frozen or not.
    pub fn field<'v>(value: Value<'v>, name: &str) -> Option<Value<'v>> {
        if let Some(instance) = value.downcast_ref::<FrozenInstance>() {
            return instance.fields.get(name).map(|value| value.to_value());
        }
        value.downcast_ref::<Instance>()?.fields.borrow().get(name).copied()
    }

    pub fn set_field<'v>(value: Value<'v>, name: &str, content: Value<'v>) {
        if let Some(instance) = value.downcast_ref::<Instance>() {
            instance.fields.borrow_mut().insert(name.to_owned(), content);
        }
    }

    fn said<'v>(value: Value<'v>) -> Option<&'v Mutex<Said>> {
        match value.downcast_ref::<FrozenInstance>() {
            Some(instance) => Some(&instance.said),
            None => value.downcast_ref::<Instance>().map(|instance| &instance.said),
        }
    }

    /// Keeps what an instance is as text.
    pub fn say(value: Value<'_>, text: String, repr: Option<String>) {
        if let Some(said) = Self::said(value) {
            *said.lock().unwrap_or_else(PoisonError::into_inner) = Said(Some((text, repr)));
        }
    }

    /// What an instance has said of itself.
    pub fn shown(value: Value<'_>, literal: bool) -> Option<String> {
        let said = Self::said(value)?.lock().unwrap_or_else(PoisonError::into_inner).clone().0;
        let (text, repr) = said?;
        if literal { repr } else { Some(text) }
    }

    /// The name of its class and the fields of a record that has no text of its own.
    pub fn record<'v>(value: Value<'v>) -> Option<(String, Vec<(String, Value<'v>)>)> {
        let class = instance_class(value)?;
        if Self::shown(value, true).is_some() {
            return None;
        }
        let fields = records::fields_of(class)?.into_iter().zip(records::values_of(value, class)?).collect();
        Some((class_view(class)?.name.to_owned(), fields))
    }
}

/// The text of an instance.
fn write_instance(this: Option<Value<'_>>, class: Value<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(text) = this.and_then(|this| Instance::shown(this, false)) {
        return f.write_str(&text);
    }
    if let Some(this) = this.filter(|this| Instance::record(*this).is_some()) {
        return f.write_str(&literal::literal(this).unwrap_or_default());
    }
    write!(f, "<{} object>", class_view(class).map_or("?", |class| class.name))
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

impl Display for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_instance(*self.me.borrow(), self.class, f)
    }
}

impl Display for FrozenInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_instance(self.me.map(FrozenValue::to_value), self.class.to_value(), f)
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
    let of_record = match attribute {
        "_asdict" => Some(Special::AsDict),
        "_replace" => Some(Special::Replace),
        _ => None,
    };
    if let Some(method) = of_record.filter(|_| records::fields_of(class).is_some()) {
        return Some(bind(BoundKind::Method, heap.alloc(method), this, heap));
    }
    let attribute = attribute.strip_prefix("_bb_").unwrap_or(attribute);
    if let Some(member) = line(class).into_iter().find_map(|one| class_member(one, attribute)) {
        return Some(as_method(member, this, class, heap));
    }
    inner_object(this)?.get_attr(attribute, heap).ok().flatten()
}

impl<'v> Instance<'v> {
    fn value(&self) -> Option<Value<'v>> {
        *self.me.borrow()
    }
}

impl FrozenInstance {
    fn value<'v>(&self) -> Option<Value<'v>> {
        self.me.map(FrozenValue::to_value)
    }
}

/// What instances do: records and members of an `Enum` more than others.
macro_rules! instance_behaviour {
    () => {
        fn invoke(
            &self,
            me: Value<'v>,
            arguments: &Arguments<'v, '_>,
            evaluator: &mut Evaluator<'v, '_, '_>,
        ) -> starlark::Result<Value<'v>> {
            let given = Given::of(arguments, evaluator)?;
            match own_method(me, "__call__", evaluator.heap()) {
                Some(function) => given.call(function, None, evaluator),
                None => raise("TypeError", format!("{} cannot be called: it has no __call__", me.to_str())),
            }
        }

        fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
            let Some(me) = self.value() else { return Ok(false) };
            if let Some(value) = records::enum_value(me) {
                return Ok(records::is_plain_enum(me) && instance_class(other).is_none() && value.equals(other)?);
            }
            match instance_class(other) {
                Some(class) if self.class.to_value().ptr_eq(class) => {
                    let values = records::values_of(me, class).zip(records::values_of(other, class));
                    let Some((mine, others)) = values else { return Ok(me.ptr_eq(other)) };
                    Ok(mine.len() == others.len()
                        && mine.into_iter().zip(others).all(|(left, right)| same(left, right)))
                }
                Some(_) => Ok(false),
                None => match (records::tuple_of(me), TupleRef::from_value(other)) {
                    (Some(mine), Some(tuple)) => Ok(mine.len() == tuple.len()
                        && mine.iter().zip(tuple.content()).all(|(left, right)| same(*left, *right))),
                    _ => Ok(false),
                },
            }
        }

        fn compare(&self, other: Value<'v>) -> starlark::Result<Ordering> {
            let class = self.class.to_value();
            let mine = self
                .value()
                .and_then(|me| records::values_of(me, class).or_else(|| Some(vec![records::enum_value(me)?])));
            let others = records::values_of(other, class).or_else(|| Some(vec![records::enum_value(other)?]));
            let (Some(mine), Some(others)) = (mine, others) else {
                return raise("TypeError", "these objects have no order");
            };
            for (left, right) in mine.into_iter().zip(others) {
                let order = left.compare(right)?;
                if order.is_ne() {
                    return Ok(order);
                }
            }
            Ok(Ordering::Equal)
        }

        fn write_hash(&self, hasher: &mut starlark::collections::StarlarkHasher) -> starlark::Result<()> {
            let class = self.class.to_value();
            let values = self.value().and_then(|me| records::values_of(me, class));
            let Some(values) = values else {
                // Its place in memory changes when it is frozen, so those of a class are told apart by comparing them.
                let name = self.value().and_then(|me| Instance::field(me, "name"));
                let name = name.and_then(|name| name.unpack_str()).filter(|_| records::enum_members(class).is_some());
                std::hash::Hash::hash(&name, hasher);
                std::hash::Hash::hash(&class_view(class).map(|view| view.name), hasher);
                return Ok(());
            };
            values.into_iter().try_for_each(|value| value.write_hash(hasher))
        }

        fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
            match self.value().and_then(records::tuple_of) {
                Some(values) => heap.alloc(AllocTuple(values)).at(index, heap),
                None => raise("TypeError", "this object has no items: its class has no __getitem__"),
            }
        }

        fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
            match self.value().and_then(records::tuple_of) {
                Some(values) => Ok(values),
                None => raise("TypeError", "this object cannot be iterated: its class has no __iter__"),
            }
        }

        fn length(&self) -> starlark::Result<i32> {
            match self.value().and_then(records::tuple_of) {
                Some(values) => Ok(i32::try_from(values.len()).unwrap_or(i32::MAX)),
                None => raise("TypeError", "this object has no length: its class has no __len__"),
            }
        }

        fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
            match self.value().and_then(records::tuple_of) {
                Some(values) => Ok(values.into_iter().any(|value| same(value, other))),
                None => raise("TypeError", "nothing can be in this object: its class has no __contains__"),
            }
        }
    };
}

#[starlark_value(type = "instance")]
impl<'v> StarlarkValue<'v> for Instance<'v> {
    type Canonical = FrozenInstance;

    instance_behaviour!();

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let own = self.fields.borrow().get(attribute).copied();
        let me = *self.me.borrow();
        attribute_of(me?, own, attribute, heap)
    }

    fn set_attr(&self, attribute: &str, new_value: Value<'v>) -> starlark::Result<()> {
        let member = line(self.class).into_iter().find_map(|one| class_member(one, attribute));
        if member.and_then(bound).is_some_and(|bound| bound.kind == BoundKind::Property) {
            return raise(
                "AttributeError",
                format!("'{attribute}' is a property, which cannot be set here; use a method"),
            );
        }
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

    instance_behaviour!();

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let own = self.fields.get(attribute).map(|value| value.to_value());
        attribute_of(self.me?.to_value(), own, attribute, heap)
    }
}
