//! Digests of functions: source text plus the values it takes from around it. Equal digests mean equal behaviour.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use starlark::environment::{FrozenModule, Module};
use starlark::eval::Evaluator;
use starlark::typing::Ty;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Heap, Value, ValueIdentity};

use super::boxes::Variable;
use super::object::ScriptObject;
use super::{Script, classes, limits, module_object, partial};
use crate::domain::script::ScriptLimits;

/// The parameter by which the front end numbers functions.
const MARK: &str = "_bb_fn_";
/// Values that are looked at; beyond, every change of the file counts as a change of the function.
const MAX_VALUES: usize = 20_000;
const MAX_DEPTH: usize = 100;

/// The number of a function of the file, and the function that gives what it captures.
pub fn mark<'v>(function: Value<'v>) -> Option<(usize, Value<'v>)> {
    let parameters = function.parameters_spec()?;
    let last = RefCell::new(Value::new_none());
    let types = vec![Ty::any(); parameters.len()];
    let described = parameters.documentation_with_default_value_formatter(types, HashMap::new(), |default| {
        *last.borrow_mut() = *default;
        String::new()
    });
    let number = described.named_only.iter().find_map(|parameter| parameter.name.strip_prefix(MARK)?.parse().ok())?;
    Some((number, last.into_inner()))
}

pub struct Digester<'a, 'v> {
    script: &'a Script,
    module: &'a FrozenModule,
    heap: Heap<'v>,
    hash: Sha256,
    seen: HashSet<ValueIdentity<'v>>,
    n_values: usize,
}

impl<'a, 'v> Digester<'a, 'v> {
    pub fn new(script: &'a Script, module: &'a FrozenModule, heap: Heap<'v>) -> Self {
        Self { script, module, heap, hash: Sha256::new(), seen: HashSet::new(), n_values: 0 }
    }

    pub fn of(mut self, function: Value<'v>) -> String {
        self.value(function, 0);
        if MAX_VALUES < self.n_values {
            self.add("file", &self.script.source.text);
        }
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn add(&mut self, kind: &str, text: &str) {
        self.hash.update(kind);
        self.hash.update(text.len().to_le_bytes());
        self.hash.update(text);
    }

    fn value(&mut self, value: Value<'v>, depth: usize) {
        self.n_values += 1;
        if MAX_VALUES < self.n_values || MAX_DEPTH < depth {
            self.n_values = MAX_VALUES + 1;
            return;
        }
        if let Some(list) = ListRef::from_value(value) {
            return self.container(value, "list", list.content(), depth);
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return self.container(value, "tuple", tuple.content(), depth);
        }
        if let Some(dict) = DictRef::from_value(value) {
            let parts: Vec<Value<'v>> = dict.iter().flat_map(|(key, item)| [key, item]).collect();
            return self.container(value, "dict", &parts, depth);
        }
        if let Some(contents) = ScriptObject::contents(value) {
            self.add("object", &contents.class.full_name());
            for given in &contents.arguments {
                self.add("argument", &given.name);
            }
            let given = contents.arguments.iter().map(|given| given.value);
            let parts: Vec<Value<'v>> = given.chain(contents.rest).chain(contents.steps).collect();
            return self.container(value, "parts", &parts, depth);
        }
        if let Some(content) = Variable::content(value) {
            return self.container(value, "variable", &[content], depth);
        }
        let parts = [classes::parts(value), module_object::parts(value), partial::parts(value)].concat();
        if !parts.is_empty() {
            return self.container(value, value.get_type(), &parts, depth);
        }
        match mark(value) {
            Some((number, captured)) => self.function(value, number, captured, depth),
            None => {
                self.add(value.get_type(), &value.to_repr());
            }
        }
    }

    fn container(&mut self, value: Value<'v>, kind: &str, parts: &[Value<'v>], depth: usize) {
        self.add(kind, &parts.len().to_string());
        if !parts.is_empty() && self.seen.insert(value.identity()) {
            for part in parts {
                self.value(*part, depth + 1);
            }
        }
    }

    fn function(&mut self, function: Value<'v>, number: usize, captured: Value<'v>, depth: usize) {
        let Some(text) = self.script.rewritten.functions.get(number) else { return };
        self.add("function", self.script.source.slice(text.span));
        if !self.seen.insert(function.identity()) {
            return;
        }
        for name in &text.outside {
            if let Ok((value, _)) = self.module.get_any_visibility(name) {
                self.add("name", name);
                let value = self.heap.access_owned_frozen_value(&value);
                self.value(value, depth + 1);
            }
        }
        if !captured.is_none() {
            self.captured(captured, depth);
        }
    }

    /// Values of functions around this one, which are known only by asking.
    fn captured(&mut self, give: Value<'v>, depth: usize) {
        let values = Module::with_temp_heap(|module| {
            let mut evaluator = Evaluator::new(&module);
            limits::apply(&mut evaluator, ScriptLimits::default()).ok()?;
            let frozen = give.unpack_frozen()?;
            let tuple = evaluator.eval_function(frozen.to_value(), &[], &[]).ok()?;
            // The tuple is new, what is in it was frozen with the file.
            let tuple = TupleRef::from_value(tuple)?;
            tuple.content().iter().map(|value| value.unpack_frozen()).collect::<Option<Vec<_>>>()
        });
        match values {
            Some(values) => values.into_iter().for_each(|value| self.value(value.to_value(), depth + 1)),
            None => self.n_values = MAX_VALUES + 1,
        }
    }
}
