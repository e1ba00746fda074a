//! `dataclass`, `namedtuple` and `Enum`: classes whose instances are made, compared and shown in a way of their own.
//!
//! What a class is stands in members of it: `__record_fields__`, with `_fields` if its instances are tuples, too;
//! `__enum__`, with the names of its members.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::AllocDict;
use starlark::values::structs::AllocStruct;
use starlark::values::tuple::{AllocTuple, TupleRef};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::base::Given;
use super::classes::{ScriptClass, class_member, class_view, line};
use super::constructor::fail;
use super::exceptions::raise;
use super::instance::{Instance, instance_class, new_instance, own_method};
use super::natives::items_of;

/// Members of a class that say what it is.
pub const FIELDS: &str = "__record_fields__";
const SEQUENCE: &str = "_fields";
const ENUM: &str = "__enum__";
const NAMED_TUPLE: &str = "__named_tuple__";
/// Names that the front end gives: those with an annotation, in their order.
const ANNOTATED: &str = "__annotated__";
/// Names of all members, in their order.
const ORDER: &str = "__order__";
/// Most fields of one class.
const MAX_FIELDS: usize = 255;

/// A member of a class or of what it is made of.
fn member<'v>(class: Value<'v>, name: &str) -> Option<Value<'v>> {
    line(class).into_iter().find_map(|one| class_member(one, name))
}

fn names<'v>(value: Value<'v>, heap: Heap<'v>) -> Vec<String> {
    let items = items_of(value, heap).unwrap_or_default();
    items.into_iter().filter_map(|item| item.unpack_str().map(str::to_owned)).collect()
}

/// The names of a record's fields, in their order.
pub fn fields_of<'v>(class: Value<'v>) -> Option<Vec<String>> {
    let fields = member(class, FIELDS)?;
    let tuple = TupleRef::from_value(fields)?;
    Some(tuple.content().iter().filter_map(|name| name.unpack_str().map(str::to_owned)).collect())
}

/// The values of an instance that is a tuple, too.
pub fn tuple_of<'v>(instance: Value<'v>) -> Option<Vec<Value<'v>>> {
    let class = instance_class(instance)?;
    member(class, SEQUENCE)?;
    values_of(instance, class)
}

/// The values of a record.
pub fn values_of<'v>(instance: Value<'v>, class: Value<'v>) -> Option<Vec<Value<'v>>> {
    fields_of(class)?.iter().map(|name| Instance::field(instance, name)).collect()
}

/// The value of a member of an `Enum`.
pub fn enum_value<'v>(instance: Value<'v>) -> Option<Value<'v>> {
    member(instance_class(instance)?, ENUM)?;
    Instance::field(instance, "value")
}

/// Whether members of an `Enum` are as good as their values.
pub fn is_plain_enum<'v>(instance: Value<'v>) -> bool {
    instance_class(instance).and_then(|class| member(class, ENUM)).and_then(|kind| kind.unpack_str()) != Some("Enum")
}

/// The members of an `Enum` in their order.
pub fn enum_members<'v>(class: Value<'v>) -> Option<Vec<Value<'v>>> {
    member(class, ENUM)?;
    let order = TupleRef::from_value(class_member(class, ORDER)?)?;
    let is_member = |value: &Value<'v>| instance_class(*value).is_some_and(|made_by| made_by.ptr_eq(class));
    let found = order.content().iter().filter_map(|name| class_member(class, name.unpack_str()?)).filter(is_member);
    Some(found.collect())
}

/// `Color('red')`: the member with a value.
pub fn enum_by_value<'v>(class: Value<'v>, given: &Given<'v>) -> Option<starlark::Result<Value<'v>>> {
    let members = enum_members(class)?;
    let [wanted] = given.positional[..] else { return Some(raise("TypeError", "an Enum is called with one value")) };
    let found = members.into_iter().find(|member| {
        let value = Instance::field(*member, "value");
        member.ptr_eq(wanted) || value.is_some_and(|value| value.equals(wanted).unwrap_or_default())
    });
    Some(match found {
        Some(found) => Ok(found),
        None => raise("ValueError", format!("{} is not a valid {}", wanted.to_repr(), class.to_str())),
    })
}

/// Makes a class an `Enum`, if it is made of one.
pub fn finish_class<'v>(class: Value<'v>, heap: Heap<'v>) -> starlark::Result<()> {
    let Some(made) = class.downcast_ref::<ScriptClass>() else { return Ok(()) };
    if member(class, SEQUENCE).is_none() && member(class, NAMED_TUPLE).is_some() {
        make_record(class, heap)?;
        if let Some(fields) = class_member(class, FIELDS) {
            made.set_member(SEQUENCE, fields);
        }
    }
    if member(class, ENUM).is_none() {
        return Ok(());
    }
    let order = class_member(class, ORDER).map(|order| names(order, heap)).unwrap_or_default();
    let mut last = 0;
    for name in order {
        let Some(value) = class_member(class, &name) else { continue };
        let is_value = !name.starts_with('_') && value.function_name().is_none() && value.get_type() != "method";
        if !is_value {
            continue;
        }
        let value = if value.get_type() == "auto" { heap.alloc(last + 1) } else { value };
        last = value.unpack_i32().unwrap_or(last);
        let shown = heap.alloc(name.as_str());
        let fields = [("name", shown), ("value", value), ("_name_", shown), ("_value_", value)];
        let instance = new_instance(class, fields, heap);
        let text = if is_plain_enum(instance) { value.to_str() } else { format!("{}.{name}", class_name(class)) };
        let repr = format!("<{}.{name}: {}>", class_name(class), value.to_repr());
        Instance::say(instance, text, Some(repr));
        made.set_member(&name, instance);
    }
    Ok(())
}

fn class_name(class: Value<'_>) -> String {
    class_view(class).map_or_else(String::new, |view| view.name.to_owned())
}

/// The fields of a class: those of what it is made of, then those with annotations of its own.
fn make_record<'v>(class: Value<'v>, heap: Heap<'v>) -> starlark::Result<()> {
    let Some(made) = class.downcast_ref::<ScriptClass>() else {
        return fail("dataclass() is for classes of the configuration".to_owned());
    };
    let mut fields: Vec<String> = Vec::new();
    for one in line(class).into_iter().rev() {
        let annotated = class_member(one, ANNOTATED).map(|annotated| names(annotated, heap)).unwrap_or_default();
        for name in annotated {
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
    }
    if MAX_FIELDS < fields.len() {
        return fail("the class has too many fields".to_owned());
    }
    set_fields(made, &fields, heap);
    Ok(())
}

fn set_fields<'v>(class: &ScriptClass<'v>, fields: &[String], heap: Heap<'v>) {
    let names = heap.alloc(AllocTuple(fields.iter().map(String::as_str)));
    class.set_member(FIELDS, names);
    class.set_member("__match_args__", names);
}

/// `__init__` of a record.
pub fn init<'v>(
    instance: Value<'v>,
    class: Value<'v>,
    given: Given<'v>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<()> {
    let fields = fields_of(class).unwrap_or_default();
    let name = class_name(class);
    if fields.len() < given.positional.len() {
        return raise("TypeError", format!("{name}() takes {} values", fields.len()));
    }
    if let Some((unknown, _)) = given.named.iter().find(|(known, _)| !fields.contains(known)) {
        return raise("TypeError", format!("{name}() has no field '{unknown}'"));
    }
    for (at, field) in fields.iter().enumerate() {
        let by_name = || given.named.iter().find(|(known, _)| known == field).map(|(_, value)| *value);
        let value = match given.positional.get(at).copied().or_else(by_name) {
            Some(value) => value,
            None => match member(class, field) {
                Some(default) => default_of(default, eval)?,
                None => return raise("TypeError", format!("{name}() needs '{field}'")),
            },
        };
        Instance::set_field(instance, field, value);
    }
    if let Some(after) = own_method(instance, "__post_init__", eval.heap()) {
        eval.eval_function(after, &[], &[])?;
    }
    Ok(())
}

/// What a field holds that was not given: `field(default_factory=...)` makes it.
fn default_of<'v>(default: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
    let heap = eval.heap();
    let is_field = default.get_attr("_bb_is_field", heap)?.is_some();
    if !is_field {
        return Ok(default);
    }
    match (default.get_attr("default", heap)?, default.get_attr("default_factory", heap)?) {
        (_, Some(factory)) if !factory.is_none() => eval.eval_function(factory, &[], &[]),
        (Some(default), _) => Ok(default),
        _ => Ok(Value::new_none()),
    }
}

/// A class with nothing but what is given.
fn class_of<'v>(name: &str, members: Vec<(&str, Value<'v>)>, heap: Heap<'v>) -> Value<'v> {
    ScriptClass::alloc(name, Vec::new(), members.into_iter().map(|(name, value)| (name.to_owned(), value)), heap)
}

#[starlark_module]
pub fn dataclasses(builder: &mut GlobalsBuilder) {
    /// `@dataclass`, or `@dataclass(frozen=True)`.
    fn dataclass<'v>(
        #[starlark(require = pos)] class: Option<Value<'v>>,
        #[starlark(kwargs)] _options: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(class) = class else {
            return Ok(eval.heap().alloc(Special::Dataclass));
        };
        make_record(class, eval.heap())?;
        Ok(class)
    }

    /// `field(default=..., default_factory=...)`.
    fn field<'v>(
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let entries = named.iter().map(|(name, value)| (name.as_str(), *value));
        let marked = std::iter::once(("_bb_is_field", Value::new_bool(true)));
        Ok(heap.alloc(AllocStruct(marked.chain(entries).collect::<Vec<_>>())))
    }

    fn asdict<'v>(#[starlark(require = pos)] instance: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        as_dict(instance, heap)
    }

    fn astuple<'v>(#[starlark(require = pos)] instance: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match instance_class(instance).and_then(|class| values_of(instance, class)) {
            Some(values) => Ok(heap.alloc(AllocTuple(values))),
            None => raise("TypeError", "astuple() needs an object of a dataclass"),
        }
    }

    fn replace<'v>(
        #[starlark(require = pos)] instance: Value<'v>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        replaced(instance, named, eval)
    }

    fn is_dataclass<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<bool> {
        Ok(fields_of(instance_class(value).unwrap_or(value)).is_some())
    }
}

fn as_dict<'v>(instance: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let class = instance_class(instance);
    match class.and_then(|class| fields_of(class).zip(values_of(instance, class))) {
        Some((names, values)) => Ok(heap.alloc(AllocDict(names.into_iter().zip(values)))),
        None => raise("TypeError", "this needs an object with fields"),
    }
}

fn replaced<'v>(
    instance: Value<'v>,
    named: SmallMap<String, Value<'v>>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let Some(class) = instance_class(instance) else {
        return raise("TypeError", "this needs an object with fields");
    };
    let fields = fields_of(class).unwrap_or_default();
    let mut arguments: Vec<(String, Value<'v>)> = named.into_iter().collect();
    for name in fields {
        if !arguments.iter().any(|(known, _)| *known == name)
            && let Some(value) = Instance::field(instance, &name)
        {
            arguments.push((name, value));
        }
    }
    let named: Vec<(&str, Value<'v>)> = arguments.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    eval.eval_function(class, &[], &named)
}

#[starlark_module]
pub fn named_tuples(builder: &mut GlobalsBuilder) {
    /// `collections.namedtuple`.
    fn namedtuple<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] fields: Value<'v>,
        #[starlark(require = named)] defaults: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let fields: Vec<String> = match fields.unpack_str() {
            Some(text) => text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            None => items_of(fields, heap)?.into_iter().map(|field| field.to_str()).collect(),
        };
        if MAX_FIELDS < fields.len() {
            return fail("a namedtuple has too many fields".to_owned());
        }
        let defaults = defaults.map_or_else(|| Ok(Vec::new()), |defaults| items_of(defaults, heap))?;
        let first = fields.len().saturating_sub(defaults.len());
        let given = fields.iter().skip(first).map(String::as_str).zip(defaults).collect();
        let class = class_of(name, given, heap);
        if let Some(made) = class.downcast_ref::<ScriptClass>() {
            set_fields(made, &fields, heap);
            made.set_member(SEQUENCE, heap.alloc(AllocTuple(fields.iter().map(String::as_str))));
        }
        Ok(class)
    }
}

/// Values that stand for something of `enum`, `typing` and `dataclasses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub enum Special {
    /// Bases of classes.
    Enum,
    /// Its members are as good as their values.
    PlainEnum,
    NamedTuple,
    /// A base that gives nothing: `typing.Generic`, `abc.ABC`.
    Nothing,
    /// `dataclass(...)`, which takes a class.
    Dataclass,
    /// `enum.unique` and the like: what is decorated stays what it is.
    Decorator,
    /// Methods of records.
    AsDict,
    Replace,
}

starlark_simple_value!(Special);

impl Special {
    pub fn of(value: Value<'_>) -> Option<Self> {
        value.downcast_ref::<Self>().copied()
    }

    /// What a class has because this is one of its bases.
    pub fn member(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Enum => Some((ENUM, "Enum")),
            Self::PlainEnum => Some((ENUM, "plain")),
            Self::NamedTuple => Some((NAMED_TUPLE, "")),
            _ => None,
        }
    }
}

impl Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self:?}>")
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for Special {
    /// Types are often indexed: `Generic[T]`.
    fn at(&self, _: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(*self))
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut given = Given::of(arguments, evaluator)?;
        if given.positional.is_empty() {
            return raise("TypeError", "this needs what it is for");
        }
        let first = given.positional.remove(0);
        match self {
            Self::Dataclass => make_record(first, evaluator.heap()).map(|()| first),
            Self::Decorator => Ok(first),
            Self::AsDict => as_dict(first, evaluator.heap()),
            Self::Replace => replaced(first, given.named.into_iter().collect(), evaluator),
            _ => fail("this is a base of classes only".to_owned()),
        }
    }
}

/// `enum.auto()`.
#[derive(Clone, Copy, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct Auto;

starlark_simple_value!(Auto);

impl Display for Auto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("auto()")
    }
}

#[starlark_value(type = "auto")]
impl<'v> StarlarkValue<'v> for Auto {}

/// `enum`.
pub fn enums(builder: &mut GlobalsBuilder) {
    builder.set("Enum", Special::Enum);
    for kind in ["IntEnum", "StrEnum"] {
        builder.set(kind, Special::PlainEnum);
    }
    builder.set("unique", Special::Decorator);
    auto_values(builder);
}

#[starlark_module]
fn auto_values(builder: &mut GlobalsBuilder) {
    fn auto<'v>(heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Auto))
    }
}

/// `typing`: what is more than a name in an annotation. The rest is missing, which nobody minds.
pub fn typing(builder: &mut GlobalsBuilder) {
    builder.set("TYPE_CHECKING", false);
    builder.set("NamedTuple", Special::NamedTuple);
    for base in ["Generic", "Protocol"] {
        builder.set(base, Special::Nothing);
    }
    for decorator in ["final", "overload", "runtime_checkable", "no_type_check"] {
        builder.set(decorator, Special::Decorator);
    }
    casts(builder);
}

/// `abc`.
pub fn abc(builder: &mut GlobalsBuilder) {
    builder.set("ABC", Special::Nothing);
    for decorator in ["abstractmethod", "abstractproperty"] {
        builder.set(decorator, Special::Decorator);
    }
}

#[starlark_module]
fn casts(builder: &mut GlobalsBuilder) {
    fn cast<'v>(
        #[starlark(require = pos)] _kind: Value<'v>,
        #[starlark(require = pos)] value: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(value)
    }

    fn TypeVar<'v>(
        #[starlark(require = pos)] name: Value<'v>,
        #[starlark(args)] _bounds: starlark::values::tuple::UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _options: SmallMap<String, Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        Ok(name)
    }

    fn NewType<'v>(
        #[starlark(require = pos)] _name: Value<'v>,
        #[starlark(require = pos)] _kind: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Special::Decorator))
    }
}
