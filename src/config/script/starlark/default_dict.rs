//! `collections.defaultdict`: a dictionary that makes what it does not have.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::AllocList;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_module};

use super::exceptions::raise;

/// What is made for a key that is not there.
#[derive(Clone, Copy, Debug, Allocative)]
enum Makes {
    List,
    Dict,
    Set,
    Number,
    Text,
    Nothing,
}

#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct DefaultDict<'v> {
    #[trace(unsafe_ignore)]
    makes: Makes,
    items: RefCell<SmallMap<Value<'v>, Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenDefaultDict {
    makes: Makes,
    items: SmallMap<FrozenValue, FrozenValue>,
}

starlark_complex_values!(DefaultDict);

impl<'v> Freeze for DefaultDict<'v> {
    type Frozen = FrozenDefaultDict;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenDefaultDict> {
        Ok(FrozenDefaultDict { makes: self.makes, items: self.items.into_inner().freeze(freezer)? })
    }
}

impl Display for DefaultDict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<defaultdict>")
    }
}

impl Display for FrozenDefaultDict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<defaultdict>")
    }
}

impl Makes {
    fn make<'v>(self, heap: Heap<'v>) -> Option<Value<'v>> {
        Some(match self {
            Self::List => heap.alloc(AllocList(Vec::<Value<'v>>::new())),
            Self::Dict => heap.alloc(AllocDict(Vec::<(Value<'v>, Value<'v>)>::new())),
            Self::Number => heap.alloc(0),
            Self::Text => heap.alloc(""),
            Self::Set | Self::Nothing => return None,
        })
    }
}

/// The entries of a dictionary with defaults; nothing of any other value.
pub fn entries<'v>(value: Value<'v>) -> Option<Vec<(Value<'v>, Value<'v>)>> {
    if let Some(frozen) = value.downcast_ref::<FrozenDefaultDict>() {
        return Some(frozen.items.iter().map(|(key, item)| (key.to_value(), item.to_value())).collect());
    }
    let dict = value.downcast_ref::<DefaultDict>()?;
    Some(dict.items.borrow().iter().map(|(key, item)| (*key, *item)).collect())
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "defaultdict")]
impl<'v> StarlarkValue<'v> for DefaultDict<'v> {
    type Canonical = FrozenDefaultDict;

    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let key = index.get_hashed()?;
        if let Some(found) = self.items.borrow().get_hashed(key.as_ref()) {
            return Ok(*found);
        }
        match self.makes.make(heap) {
            Some(made) => {
                self.items.borrow_mut().insert_hashed(key, made);
                Ok(made)
            }
            None => raise("KeyError", index.to_repr()),
        }
    }

    fn set_at(&self, index: Value<'v>, new_value: Value<'v>) -> starlark::Result<()> {
        self.items.borrow_mut().insert_hashed(index.get_hashed()?, new_value);
        Ok(())
    }

    fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(self.items.borrow().contains_key_hashed(other.get_hashed()?.as_ref()))
    }

    fn length(&self) -> starlark::Result<i32> {
        Ok(i32::try_from(self.items.borrow().len()).unwrap_or(i32::MAX))
    }

    fn to_bool(&self) -> bool {
        !self.items.borrow().is_empty()
    }

    fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        Ok(self.items.borrow().keys().copied().collect())
    }
}

#[starlark_value(type = "defaultdict")]
impl<'v> StarlarkValue<'v> for FrozenDefaultDict {
    type Canonical = FrozenDefaultDict;

    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let key = index.get_hashed()?;
        let found = self.items.iter().find(|(known, _)| known.to_value().equals(*key.key()).unwrap_or(false));
        match found.map(|(_, value)| value.to_value()).or_else(|| self.makes.make(heap)) {
            Some(found) => Ok(found),
            None => raise("KeyError", index.to_repr()),
        }
    }

    fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(self.items.keys().any(|known| known.to_value().equals(other).unwrap_or(false)))
    }

    fn length(&self) -> starlark::Result<i32> {
        Ok(i32::try_from(self.items.len()).unwrap_or(i32::MAX))
    }

    fn to_bool(&self) -> bool {
        !self.items.is_empty()
    }

    fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        Ok(self.items.keys().map(|key| key.to_value()).collect())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn items<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(AllocList(entries(this).unwrap_or_default())))
    }

    fn keys<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(AllocList(entries(this).unwrap_or_default().into_iter().map(|(key, _)| key))))
    }

    fn values<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(AllocList(entries(this).unwrap_or_default().into_iter().map(|(_, value)| value))))
    }

    fn get<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] key: Value<'v>,
        #[starlark(require = pos)] default: Option<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        for (known, value) in entries(this).unwrap_or_default() {
            if known.equals(key)? {
                return Ok(value);
            }
        }
        Ok(default.unwrap_or(Value::new_none()))
    }

    fn update<'v>(this: Value<'v>, #[starlark(require = pos)] other: Value<'v>) -> starlark::Result<Value<'v>> {
        let others = entries(other).or_else(|| DictRef::from_value(other).map(|dict| dict.iter().collect()));
        for (key, value) in others.unwrap_or_default() {
            this.set_at(key, value)?;
        }
        Ok(Value::new_none())
    }

    fn setdefault<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] key: Value<'v>,
        #[starlark(require = pos)] value: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if !this.is_in(key)? {
            this.set_at(key, value)?;
        }
        this.at(key, heap)
    }
}

#[starlark_module]
pub fn default_dict(builder: &mut GlobalsBuilder) {
    fn defaultdict<'v>(
        #[starlark(require = pos)] factory: Option<Value<'v>>,
        #[starlark(require = pos)] items: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let makes = match factory.and_then(|factory| factory.function_name()) {
            Some("list") => Makes::List,
            Some("dict") => Makes::Dict,
            Some("set") => Makes::Set,
            Some("int" | "float") => Makes::Number,
            Some("str") => Makes::Text,
            None => Makes::Nothing,
            Some(other) => {
                return raise("TypeError", format!("defaultdict() makes list, dict, int or str, not {other}"));
            }
        };
        let made = heap.alloc(DefaultDict { makes, items: RefCell::default() });
        if let Some(dict) = items.and_then(DictRef::from_value) {
            for (key, value) in dict.iter() {
                made.set_at(key, value)?;
            }
        }
        Ok(made)
    }
}
