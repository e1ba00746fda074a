//! Modules as values: files beside the configuration, and the standard library's as far as they are here.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::values::dict::DictRef;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_module};

use super::boxes::Variable;
use super::constructor::fail;
use super::exceptions::raise;
use super::missing::Missing;

#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct ModuleObject<'v> {
    name: String,
    file: String,
    /// Whether the file has run.
    is_done: RefCell<bool>,
    members: RefCell<SmallMap<String, Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenModuleObject {
    name: String,
    members: SmallMap<String, FrozenValue>,
}

starlark_complex_values!(ModuleObject);

impl<'v> Freeze for ModuleObject<'v> {
    type Frozen = FrozenModuleObject;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenModuleObject> {
        let members = self.members.into_inner().into_iter();
        let members = members.map(|(name, value)| Ok((name, value.freeze(freezer)?))).collect::<FreezeResult<_>>()?;
        Ok(FrozenModuleObject { name: self.name, members })
    }
}

impl Display for ModuleObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<module '{}'>", self.name)
    }
}

impl Display for FrozenModuleObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<module '{}'>", self.name)
    }
}

/// What a module holds.
pub fn parts<'v>(value: Value<'v>) -> Vec<Value<'v>> {
    if let Some(module) = value.downcast_ref::<FrozenModuleObject>() {
        return module.members.values().map(|value| value.to_value()).collect();
    }
    let module = value.downcast_ref::<ModuleObject>();
    module.map(|module| module.members.borrow().values().copied().collect()).unwrap_or_default()
}

fn content(value: Value<'_>) -> Option<Value<'_>> {
    if Variable::is_box(value) { Variable::content(value) } else { Some(value) }
}

#[starlark_value(type = "module")]
impl<'v> StarlarkValue<'v> for ModuleObject<'v> {
    type Canonical = FrozenModuleObject;

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let attribute = attribute.strip_prefix("_bb_").unwrap_or(attribute);
        let found = self.members.borrow().get(attribute).copied().and_then(content);
        if found.is_some() || *self.is_done.borrow() {
            return found;
        }
        let reason = format!("'{}' is not read yet: files import each other; import inside of a function", self.file);
        Some(heap.alloc(Missing::refused(&format!("{}.{attribute}", self.name), &reason)))
    }

    fn set_attr(&self, attribute: &str, new_value: Value<'v>) -> starlark::Result<()> {
        let known = self.members.borrow().get(attribute).copied();
        match known {
            Some(variable) if Variable::is_box(variable) => variable.set_attr("value", new_value),
            Some(_) => fail(format!(
                "'{attribute}' of module '{}' cannot be changed from outside; let a function of the module do it",
                self.name
            )),
            None => {
                self.members.borrow_mut().insert(attribute.to_owned(), new_value);
                Ok(())
            }
        }
    }
}

#[starlark_value(type = "module")]
impl<'v> StarlarkValue<'v> for FrozenModuleObject {
    type Canonical = FrozenModuleObject;

    fn get_attr(&self, attribute: &str, _: Heap<'v>) -> Option<Value<'v>> {
        let attribute = attribute.strip_prefix("_bb_").unwrap_or(attribute);
        self.members.get(attribute).and_then(|value| content(value.to_value()))
    }
}

#[starlark_module]
pub fn module_objects(builder: &mut GlobalsBuilder) {
    /// A module of a file that has not run.
    fn _bb_module<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] file: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let (name, file) = (name.to_owned(), file.to_owned());
        Ok(heap.alloc(ModuleObject { name, file, is_done: RefCell::new(false), members: RefCell::default() }))
    }

    /// Gives a module what its file has made.
    fn _bb_fill<'v>(
        #[starlark(require = pos)] module: Value<'v>,
        #[starlark(require = pos)] members: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        let Some(module) = module.downcast_ref::<ModuleObject>() else { return Ok(Value::new_none()) };
        if let Some(members) = DictRef::from_value(members) {
            for (name, value) in members.iter() {
                module.members.borrow_mut().insert(name.unpack_str().unwrap_or_default().to_owned(), value);
            }
        }
        *module.is_done.borrow_mut() = true;
        Ok(Value::new_none())
    }

    /// Puts a module into the package around it.
    fn _bb_attach<'v>(
        #[starlark(require = pos)] package: Value<'v>,
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] module: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        if let Some(package) = package.downcast_ref::<ModuleObject>() {
            package.members.borrow_mut().insert(name.to_owned(), module);
        }
        Ok(Value::new_none())
    }

    /// A module or a name that is not here.
    fn _bb_missing<'v>(#[starlark(require = pos)] name: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Missing::new(name)))
    }

    /// A function of the file that cannot be had.
    fn _bb_refused<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] reason: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Missing::refused(name, reason)))
    }

    /// An import inside of a `try`.
    fn _bb_no_module<'v>(#[starlark(require = pos)] name: &str) -> starlark::Result<Value<'v>> {
        raise("ModuleNotFoundError", Missing::new(name).message())
    }

    /// `module.inner` where `inner` may be dotted, and missing.
    fn _bb_submodule<'v>(
        #[starlark(require = pos)] module: Value<'v>,
        #[starlark(require = pos)] inner: &str,
        #[starlark(require = pos)] path: &str,
        #[starlark(require = pos)] caught: bool,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let mut found = Some(module);
        for part in inner.split('.') {
            found = match found {
                Some(outer) => outer.get_attr(part, heap)?,
                None => None,
            };
        }
        match found {
            Some(found) => Ok(found),
            None if caught => raise("ModuleNotFoundError", Missing::new(path).message()),
            None => Ok(heap.alloc(Missing::new(path))),
        }
    }

    /// `from module import name`, of a module that is here in part.
    fn _bb_member<'v>(
        #[starlark(require = pos)] module: Value<'v>,
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] path: &str,
        #[starlark(require = pos)] caught: bool,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if let Some(found) = module.get_attr(name, heap)? {
            return Ok(found);
        }
        let missing = Missing::new(&format!("{path}.{name}"));
        if caught { raise("ImportError", missing.message()) } else { Ok(heap.alloc(missing)) }
    }
}
