//! Reads what a file left behind: Starlark values become plain ones, functions become callbacks.

use std::collections::HashMap;
use std::sync::Arc;

use starlark::environment::FrozenModule;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{FrozenValue, Heap, OwnedFrozenValue, UnpackValue, Value, ValueIdentity, ValueLike};

use super::Script;
use super::bound::is_function;
use super::boxes::Variable;
use super::constructor::Constructor;
use super::digest::Digester;
use super::function::StarlarkFunction;
use super::missing::Missing;
use super::object::{Contents, ScriptObject};
use super::pathlib::path_text;
use super::records;
use super::regex::Pattern;
use crate::config::script::{Argument, Object, Raw};
use crate::config::source::Span;
use crate::config::table::find_class;
use crate::domain::Callback;

/// Most values in a configuration; shared values count each time they are reached.
const MAX_VALUES: usize = 2_000_000;
const MAX_DEPTH: usize = 200;

/// What is wrong with a configuration's dictionary, and below which key.
pub type Unreadable = (String, Option<String>);

pub struct Reader<'a, 'v> {
    script: &'a Arc<Script>,
    /// The module of a file that has been loaded; none while one of its functions runs.
    module: Option<&'a FrozenModule>,
    /// Keeps the heap alive for the functions that are made.
    root: &'a OwnedFrozenValue,
    heap: Heap<'v>,
    objects: HashMap<ValueIdentity<'v>, Arc<Object>>,
    functions: HashMap<ValueIdentity<'v>, Callback>,
    n_values: usize,
    /// The argument that cannot be read.
    place: Option<Span>,
}

impl<'a, 'v> Reader<'a, 'v> {
    pub fn new(script: &'a Arc<Script>, module: &'a FrozenModule, root: &'a OwnedFrozenValue, heap: Heap<'v>) -> Self {
        Self {
            script,
            module: Some(module),
            root,
            heap,
            objects: HashMap::new(),
            functions: HashMap::new(),
            n_values: 0,
            place: None,
        }
    }

    /// Reads what a running function made; `root` is any value of its file.
    pub fn of_running(script: &'a Arc<Script>, root: &'a OwnedFrozenValue, heap: Heap<'v>) -> Self {
        let (objects, functions) = Default::default();
        Self { script, module: None, root, heap, objects, functions, n_values: 0, place: None }
    }

    /// One value.
    pub fn read(mut self, value: Value<'v>) -> Result<Raw, String> {
        self.value(value, 0)
    }

    /// The configuration's dictionary; otherwise what is wrong, and where.
    pub fn config(mut self) -> Result<Vec<(String, Raw)>, (String, Span)> {
        self.dictionary().map_err(|(message, key)| {
            let places = &self.script.rewritten.places;
            let place = self.place.unwrap_or_else(|| key.map_or(places.config, |key| places.value(&key)));
            (message, place)
        })
    }

    /// The configuration's dictionary; otherwise what is wrong, and with what key.
    fn dictionary(&mut self) -> Result<Vec<(String, Raw)>, Unreadable> {
        let value = self.heap.access_owned_frozen_value(self.root);
        let value = Variable::content(value).unwrap_or(value);
        let Some(dict) = DictRef::from_value(value) else {
            return Err((format!("'BuildmasterConfig' must be a dictionary, not a {}", value.get_type()), None));
        };
        let mut config = Vec::new();
        for (key, item) in dict.iter() {
            let Some(key) = key.unpack_str() else {
                return Err((format!("keys of the configuration are texts, not {}", key.to_repr()), None));
            };
            let item =
                self.value(item, 0).map_err(|message| (format!("c['{key}']: {message}"), Some(key.to_owned())))?;
            config.push((key.to_owned(), item));
        }
        Ok(config)
    }

    fn value(&mut self, value: Value<'v>, depth: usize) -> Result<Raw, String> {
        self.n_values += 1;
        if MAX_VALUES < self.n_values {
            return Err("the configuration holds too many values".to_owned());
        }
        if MAX_DEPTH < depth {
            return Err("a value is nested too deeply, or holds itself".to_owned());
        }
        if let Some(plain) = scalar(value) {
            return Ok(plain);
        }
        if let Some(list) = ListRef::from_value(value) {
            return self.values(list.content(), depth).map(Raw::List);
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return self.values(tuple.content(), depth).map(Raw::List);
        }
        if let Some(dict) = DictRef::from_value(value) {
            let entries =
                dict.iter().map(|(key, item)| Ok((self.value(key, depth + 1)?, self.value(item, depth + 1)?)));
            return entries.collect::<Result<_, String>>().map(Raw::Map);
        }
        if matches!(value.get_type(), "set" | "range") {
            let items: Vec<Value<'v>> = value.iterate(self.heap).map_err(|error| error.to_string())?.collect();
            return self.values(&items, depth).map(Raw::List);
        }
        if let Some(path) = path_text(value) {
            return Ok(Raw::Text(path.to_owned()));
        }
        if let Some(values) = records::tuple_of(value) {
            return self.values(&values, depth).map(Raw::List);
        }
        if let Some(plain) = records::enum_value(value).filter(|_| records::is_plain_enum(value)) {
            return self.value(plain, depth + 1);
        }
        if let Some(contents) = ScriptObject::contents(value) {
            return self.object(value, contents, depth).map(Raw::Object);
        }
        if let Some(missing) = Missing::of(value) {
            return Err(missing.message());
        }
        if let Some(constructor) = value.downcast_ref::<Constructor>()
            && constructor.class.all_arguments().next().is_none()
        {
            // What Buildbot has as an object and the table as a class, as `util.GithubRevlink`.
            let (class, span) = (constructor.class, Span::default());
            return Ok(Raw::Object(Arc::new(Object { class, span, arguments: Vec::new(), rest: Vec::new() })));
        }
        if let Some(pattern) = value.downcast_ref::<Pattern>()
            && let Some(class) = find_class("Pattern")
        {
            let span = Span::default();
            let text = Argument { name: "pattern".to_owned(), value: Raw::Text(pattern.whole_text()), span };
            return Ok(Raw::Object(Arc::new(Object { class, span, arguments: vec![text], rest: Vec::new() })));
        }
        if is_function(value) {
            return Ok(Raw::Function(self.function(value)?));
        }
        Ok(Raw::Other(value.get_type().to_owned()))
    }

    fn values(&mut self, values: &[Value<'v>], depth: usize) -> Result<Vec<Raw>, String> {
        values.iter().map(|value| self.value(*value, depth + 1)).collect()
    }

    fn object(&mut self, value: Value<'v>, contents: Contents<'v>, depth: usize) -> Result<Arc<Object>, String> {
        if let Some(object) = self.objects.get(&value.identity()) {
            return Ok(Arc::clone(object));
        }
        let mut arguments = Vec::new();
        for given in contents.arguments {
            let value = self.value(given.value, depth + 1).inspect_err(|_| {
                self.place.get_or_insert(given.span);
            })?;
            arguments.push(Argument { name: given.name, value, span: given.span });
        }
        if contents.class.name == "BuildFactory" && !contents.steps.is_empty() {
            let value = Raw::List(self.values(&contents.steps, depth)?);
            arguments.push(Argument { name: "steps".to_owned(), value, span: contents.span });
        }
        let rest = self.values(&contents.rest, depth)?;
        let object = Arc::new(Object { class: contents.class, span: contents.span, arguments, rest });
        self.objects.insert(value.identity(), Arc::clone(&object));
        Ok(object)
    }

    fn function(&mut self, value: Value<'v>) -> Result<Callback, String> {
        if let Some(callback) = self.functions.get(&value.identity()) {
            return Ok(callback.clone());
        }
        let Some(frozen) = value.unpack_frozen() else {
            return Err("a function that is made while another runs cannot be kept; define it outside".to_owned());
        };
        let digest = match self.module {
            Some(module) => Digester::new(self.script, module, self.heap).of(value),
            // Nothing of a running build is compared with anything.
            None => format!("running {}", value.to_repr()),
        };
        let owned = self.root.map(|_: FrozenValue| frozen);
        let function = StarlarkFunction::new(Arc::clone(self.script), owned, value, digest);
        let callback = Callback(Arc::new(function));
        self.functions.insert(value.identity(), callback.clone());
        Ok(callback)
    }
}

/// A value without parts.
fn scalar(value: Value<'_>) -> Option<Raw> {
    if value.is_none() {
        return Some(Raw::None);
    }
    if let Some(flag) = value.unpack_bool() {
        return Some(Raw::Bool(flag));
    }
    if let Some(number) = i64::unpack_value(value).ok().flatten() {
        return Some(Raw::Int(number));
    }
    if let Some(text) = value.unpack_str() {
        return Some(Raw::Text(text.to_owned()));
    }
    float(value).map(Raw::Float)
}

pub fn float(value: Value<'_>) -> Option<f64> {
    let unpacked = starlark::values::float::UnpackFloat::unpack_value(value).ok().flatten();
    unpacked.filter(|_| value.get_type() == "float").map(|number| number.0)
}
