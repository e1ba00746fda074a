//! What functions of a configuration receive and return: changes, builds, requests, properties as Starlark sees them.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::sync::Arc;

use allocative::Allocative;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::TupleRef;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue, Value, ValueLike,
    starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::object::ScriptObject;
use super::{locks, reader};
use crate::domain::{Build, BuildRequest, PropertyValue, ScriptValue, StampSpec};

const MAX_DEPTH: usize = 100;
/// Most values that a function may return.
const MAX_VALUES: usize = 100_000;

/// Something that a function can ask for attributes.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Subject {
    #[allocative(skip)]
    value: ScriptValue,
}

starlark_simple_value!(Subject);

impl Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            ScriptValue::Change(change) => write!(f, "Change({})", change.id.0),
            ScriptValue::Build(build) => write!(f, "Build({})", build.id.0),
            ScriptValue::BuildRequest(request) => write!(f, "BuildRequest({})", request.id.0),
            ScriptValue::Properties(_) => f.write_str("Properties()"),
            _ => f.write_str("object"),
        }
    }
}

/// A value for a function.
pub fn alloc<'v>(value: &ScriptValue, heap: Heap<'v>) -> Value<'v> {
    match value {
        ScriptValue::Data(data) => plain(data, heap),
        ScriptValue::List(items) => heap.alloc(AllocList(items.iter().map(|item| alloc(item, heap)))),
        ScriptValue::Map(items) => {
            heap.alloc(AllocDict(items.iter().map(|(key, item)| (key.as_str(), alloc(item, heap)))))
        }
        other => heap.alloc(Subject { value: other.clone() }),
    }
}

pub fn plain<'v>(value: &PropertyValue, heap: Heap<'v>) -> Value<'v> {
    match value {
        PropertyValue::Null => Value::new_none(),
        PropertyValue::Bool(flag) => Value::new_bool(*flag),
        PropertyValue::Int(number) => heap.alloc(*number),
        PropertyValue::Float(number) => heap.alloc(*number),
        PropertyValue::Str(text) => heap.alloc(text.as_str()),
        PropertyValue::List(items) => heap.alloc(AllocList(items.iter().map(|item| plain(item, heap)))),
        PropertyValue::Map(items) => {
            heap.alloc(AllocDict(items.iter().map(|(key, item)| (key.as_str(), plain(item, heap)))))
        }
    }
}

/// What a function returned. Changes, builds and requests become their ids, commands of a sequence dictionaries of
/// their arguments, other objects their `name`.
pub fn read(value: Value<'_>) -> Result<PropertyValue, String> {
    let mut n_values = 0;
    read_at(value, 0, &mut n_values)
}

fn read_at(value: Value<'_>, depth: usize, n_values: &mut usize) -> Result<PropertyValue, String> {
    *n_values += 1;
    if MAX_DEPTH < depth || MAX_VALUES < *n_values {
        return Err("it returned a value that is too large or nested too deeply".to_owned());
    }
    if value.is_none() {
        return Ok(PropertyValue::Null);
    }
    if let Some(flag) = value.unpack_bool() {
        return Ok(PropertyValue::Bool(flag));
    }
    if let Some(number) = i64::unpack_value(value).ok().flatten() {
        return Ok(PropertyValue::Int(number));
    }
    if let Some(text) = value.unpack_str() {
        return Ok(PropertyValue::Str(text.to_owned()));
    }
    if let Some(number) = reader::float(value) {
        return Ok(PropertyValue::Float(number));
    }
    let items = ListRef::from_value(value).map(|list| list.content());
    if let Some(items) = items.or_else(|| TupleRef::from_value(value).map(|tuple| tuple.content())) {
        let items = items.iter().map(|item| read_at(*item, depth + 1, n_values));
        return items.collect::<Result<_, String>>().map(PropertyValue::List);
    }
    if let Some(dict) = DictRef::from_value(value) {
        let entries = dict.iter().map(|(key, item)| {
            let key = key.unpack_str().map_or_else(|| key.to_repr(), str::to_owned);
            Ok((key, read_at(item, depth + 1, n_values)?))
        });
        return entries.collect::<Result<_, String>>().map(PropertyValue::Map);
    }
    if let Some(subject) = value.downcast_ref::<Subject>() {
        return subject.identity();
    }
    if let Some(contents) = ScriptObject::contents(value).filter(|contents| contents.class.name == "ShellArg") {
        let given = contents.arguments.into_iter();
        let given = given.map(|given| Ok((given.name, read_at(given.value, depth + 1, n_values)?)));
        return given.collect::<Result<_, String>>().map(PropertyValue::Map);
    }
    if let Some(lock) = locks::read(value) {
        return lock;
    }
    if value.get_type() == "match" {
        // A function that filters may return what it found.
        return Ok(PropertyValue::Bool(true));
    }
    match ScriptObject::class_of(value) {
        Some(class) => Err(format!("it returned a {}; return a plain value", class.full_name())),
        None => Err(format!("it returned a {}; return a plain value", value.get_type())),
    }
}

impl Subject {
    fn identity(&self) -> Result<PropertyValue, String> {
        Ok(match &self.value {
            ScriptValue::Change(change) => PropertyValue::Int(change.id.0),
            ScriptValue::Build(build) => PropertyValue::Int(build.id.0),
            ScriptValue::BuildRequest(request) => PropertyValue::Int(request.id.0),
            ScriptValue::Properties(properties) => PropertyValue::Map(
                properties.iter().map(|(name, property)| (name.to_owned(), property.value.clone())).collect(),
            ),
            ScriptValue::Object(attributes) => {
                let named = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted);
                match named("name").or_else(|| named("id")) {
                    Some((_, ScriptValue::Data(data))) => data.clone(),
                    _ => return Err("it returned an object; return a plain value".to_owned()),
                }
            }
            ScriptValue::Data(data) => data.clone(),
            ScriptValue::Match(groups) => groups.first().cloned().flatten().into(),
            ScriptValue::List(_) | ScriptValue::Map(_) => PropertyValue::Null,
            ScriptValue::Answer(_) | ScriptValue::UrlOf => {
                return Err("it returned a method; call it, and return a plain value".to_owned());
            }
        })
    }

    /// An attribute, in Buildbot's old and new spelling.
    fn attribute(&self, name: &str) -> Option<ScriptValue> {
        let data = |value: PropertyValue| Some(ScriptValue::Data(value));
        let texts = |items: &[String]| PropertyValue::List(items.iter().map(|item| item.as_str().into()).collect());
        match &self.value {
            ScriptValue::Change(change) => match name {
                "number" | "changeid" => data(change.id.0.into()),
                "who" | "author" => data(change.author.as_str().into()),
                "committer" => data(change.committer.clone().into()),
                "comments" => data(change.comments.as_str().into()),
                "files" => data(texts(&change.files)),
                "revision" => data(change.revision.clone().into()),
                "branch" => data(change.branch.clone().into()),
                "category" => data(change.category.clone().into()),
                "revlink" => data(change.revlink.clone().into()),
                "repository" => data(change.repository.as_str().into()),
                "project" => data(change.project.as_str().into()),
                "codebase" => data(change.codebase.as_str().into()),
                "when" => data(change.when.secs().into()),
                "properties" => Some(ScriptValue::Properties(Arc::new(change.properties.clone()))),
                _ => None,
            },
            ScriptValue::BuildRequest(request) => subject_of_request(request, name),
            ScriptValue::Build(build) => subject_of_build(build, name),
            ScriptValue::Object(attributes) => {
                attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }

    fn property(&self, name: &str) -> Option<PropertyValue> {
        match &self.value {
            ScriptValue::Properties(properties) => properties.get(name).cloned(),
            _ => match self.attribute("properties")? {
                ScriptValue::Properties(properties) => properties.get(name).cloned(),
                _ => None,
            },
        }
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "subject")]
impl<'v> StarlarkValue<'v> for Subject {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    /// Of a method whose answer is known.
    fn invoke(
        &self,
        _me: Value<'v>,
        arguments: &Arguments<'v, '_>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        match &self.value {
            ScriptValue::Answer(answer) => Ok(alloc(answer, eval.heap())),
            ScriptValue::UrlOf => {
                let about = arguments.positional1(eval.heap())?.downcast_ref::<Self>();
                let url = about.and_then(|about| about.attribute("url"));
                Ok(url.map_or(Value::new_none(), |url| alloc(&url, eval.heap())))
            }
            _ => fail("it cannot be called".to_owned()),
        }
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        self.attribute(attribute).map(|value| alloc(&value, heap))
    }

    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let name = index.unpack_str().unwrap_or_default();
        // To `collapseRequests` Buildbot gives requests as dictionaries.
        if let (ScriptValue::BuildRequest(request), true) = (&self.value, name != "properties")
            && let Some(value) = subject_of_request(request, name)
        {
            return Ok(alloc(&value, heap));
        }
        // To functions that say a priority it gives changes that are both.
        if let (ScriptValue::Change(_), Some(value)) = (&self.value, self.attribute(name)) {
            return Ok(alloc(&value, heap));
        }
        match self.property(name) {
            Some(value) => Ok(plain(&value, heap)),
            None => fail(format!("there is no property '{name}'")),
        }
    }

    fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(other.unpack_str().is_some_and(|name| self.property(name).is_some()))
    }

    /// Two views of one thing are equal, so that `workers.index(w)` and `==` work.
    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        let Some(other) = other.downcast_ref::<Self>() else { return Ok(false) };
        Ok(self.identity().is_ok() && self.identity() == other.identity())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn getProperty<'v>(
        this: &Subject,
        #[starlark(require = pos)] name: &str,
        default: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let value = this.property(name).map(|value| plain(&value, heap));
        Ok(value.or(default).unwrap_or(Value::new_none()))
    }

    fn get<'v>(
        this: &Subject,
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] default: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let value = this.property(name).map(|value| plain(&value, heap));
        Ok(value.or(default).unwrap_or(Value::new_none()))
    }

    fn hasProperty(this: &Subject, #[starlark(require = pos)] name: &str) -> starlark::Result<bool> {
        Ok(this.property(name).is_some())
    }

    fn getProperties<'v>(this: &Subject, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let properties = match &this.value {
            ScriptValue::Properties(_) => Some(this.value.clone()),
            _ => this.attribute("properties"),
        };
        Ok(properties.map_or(Value::new_none(), |properties| alloc(&properties, heap)))
    }

    /// What a group of a regular expression matched; the whole match without a number.
    fn group<'v>(
        this: &Subject,
        #[starlark(require = pos)] number: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let ScriptValue::Match(groups) = &this.value else { return fail("only a match has group()".to_owned()) };
        let number = number.unwrap_or_default();
        match usize::try_from(number).ok().and_then(|number| groups.get(number)) {
            Some(group) => Ok(plain(&group.clone().into(), heap)),
            None => fail(format!("the regular expression has no group {number}")),
        }
    }

    fn groups<'v>(this: &Subject, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let ScriptValue::Match(groups) = &this.value else { return fail("only a match has groups()".to_owned()) };
        let groups = groups.iter().skip(1).map(|group| plain(&group.clone().into(), heap));
        Ok(heap.alloc(AllocList(groups)))
    }

    fn asDict<'v>(this: &Subject, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match &this.value {
            ScriptValue::Properties(_) => Ok(plain(&this.identity().or_else(fail)?, heap)),
            ScriptValue::Object(_) => match this.attribute("asDict") {
                Some(ScriptValue::Answer(answer)) => Ok(alloc(&answer, heap)),
                _ => fail("it has no asDict()".to_owned()),
            },
            _ => fail("only properties have asDict()".to_owned()),
        }
    }
}

/// A source stamp as functions see it.
pub fn stamp(stamp: &StampSpec) -> ScriptValue {
    let text = |text: &str| ScriptValue::Data(text.into());
    let optional = |text: &Option<String>| ScriptValue::Data(text.clone().into());
    ScriptValue::Object(vec![
        ("codebase".to_owned(), text(&stamp.codebase)),
        ("repository".to_owned(), text(&stamp.repository)),
        ("project".to_owned(), text(&stamp.project)),
        ("branch".to_owned(), optional(&stamp.branch)),
        ("revision".to_owned(), optional(&stamp.revision)),
    ])
}

fn subject_of_request(request: &BuildRequest, name: &str) -> Option<ScriptValue> {
    let number = |number: i64| Some(ScriptValue::Data(number.into()));
    match name {
        "id" | "buildrequestid" => number(request.id.0),
        "buildsetid" | "bsid" => number(request.buildset_id.0),
        "builderid" => number(request.builder_id.0),
        "priority" => number(request.priority.into()),
        "submittedAt" | "submitted_at" => number(request.submitted_at.secs()),
        "waitedFor" | "waited_for" => Some(ScriptValue::Data(request.waited_for.into())),
        "source" => request.source_stamps.first().map(|(_, spec)| stamp(spec)),
        "sources" => {
            let by_codebase = request.source_stamps.iter().map(|(_, spec)| (spec.codebase.clone(), stamp(spec)));
            Some(ScriptValue::Map(by_codebase.collect()))
        }
        "properties" => Some(ScriptValue::Properties(Arc::clone(&request.properties))),
        _ => None,
    }
}

fn subject_of_build(build: &Build, name: &str) -> Option<ScriptValue> {
    let number = |number: i64| Some(ScriptValue::Data(number.into()));
    match name {
        "id" | "buildid" => number(build.id.0),
        "number" => number(build.number),
        "builderid" => number(build.builder_id.0),
        "workerid" => number(build.worker_id.0),
        "results" => Some(ScriptValue::Data(match build.results {
            Some(results) => PropertyValue::Int(results.code().into()),
            None => PropertyValue::Null,
        })),
        "state_string" => Some(ScriptValue::Data(build.state_string.as_str().into())),
        _ => None,
    }
}
