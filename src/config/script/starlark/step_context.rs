//! The argument of functions that are steps: what they can ask of the build.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Debug, Display};
use std::sync::{Arc, Mutex, PoisonError};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::eval::Evaluator;
use starlark::values::float::UnpackFloat;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};
use starlark::{PrintHandler, starlark_module, starlark_simple_value};

use super::bound::is_function;
use super::constructor::{construct, fail};
use super::function::StarlarkFunction;
use super::reader::Reader;
use super::step_log::{StepLog, lines};
use super::subject;
use crate::config::build::running;
use crate::config::script::Raw;
use crate::config::table::RUN;
use crate::domain::{LogId, LogKind, Properties, PropertyValue, Results, ScriptValue, Stream};
use crate::steps::StepsPlace;
use crate::steps::function::{Answer, Facts, FunctionSide, Ran, Say, Wish};

/// The log of what a function prints.
const PRINTED: &str = "print";
/// Longest value that a function may leave with its build, in bytes.
const MAX_DATUM: usize = 4 << 20;

/// What one running function has of its build.
pub struct Host {
    side: Arc<FunctionSide>,
    facts: Facts,
    properties: Mutex<Arc<Properties>>,
    function: StarlarkFunction,
}

impl Host {
    pub fn new(side: Arc<FunctionSide>, facts: Facts, function: StarlarkFunction) -> Self {
        Self { side, properties: Mutex::new(Arc::clone(&facts.properties)), facts, function }
    }

    /// Wishes for something that needs no function to look on.
    pub fn ask(&self, wish: Wish) -> starlark::Result<Answer> {
        self.side.wish(wish).or_else(gone)?;
        match self.side.hear().or_else(gone)? {
            Say::Answer(answer) => answer.or_else(fail),
            Say::Begin(_) | Say::Lines(_) => fail("the build has lost the thread".to_owned()),
        }
    }

    /// Wishes for something, and has `observer` look at the lines it prints.
    fn ask_observed<'v>(
        &self,
        wish: Wish,
        observer: Value<'v>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Answer> {
        self.side.wish(wish).or_else(gone)?;
        loop {
            match self.side.hear().or_else(gone)? {
                Say::Answer(answer) => return answer.or_else(fail),
                Say::Lines(lines) => {
                    let heap = evaluator.heap();
                    let names = STREAMS.map(|stream| (stream, heap.alloc(stream_name(stream))));
                    for (stream, line) in lines {
                        let name = names.iter().find(|(named, _)| *named == stream);
                        let name = name.map_or(Value::new_none(), |(_, name)| *name);
                        evaluator.eval_function(observer, &[name, heap.alloc(line.as_str())], &[])?;
                    }
                    self.side.wish(Wish::LinesSeen).or_else(gone)?;
                }
                Say::Begin(_) => return fail("the build has lost the thread".to_owned()),
            }
        }
    }

    pub fn log(&self, name: &str, kind: LogKind) -> starlark::Result<LogId> {
        match self.ask(Wish::Log { name: name.to_owned(), kind })? {
            Answer::Log(log) => Ok(log),
            _ => fail("there is no log".to_owned()),
        }
    }

    fn properties(&self) -> Arc<Properties> {
        Arc::clone(&self.properties.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A value of the running function as the configuration has it.
    fn raw<'v>(&self, value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Raw> {
        Reader::of_running(&self.function.script, &self.function.function, heap).read(value).or_else(fail)
    }

    fn add_steps<'v>(&self, steps: Value<'v>, place: StepsPlace, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let raw = self.raw(steps, heap)?;
        let steps = running::added_steps(&self.function.script.source, &raw).or_else(fail)?;
        self.ask(Wish::AddSteps { steps, place })?;
        Ok(Value::new_none())
    }
}

fn gone<T>(gone: impl Display) -> starlark::Result<T> {
    fail(gone.to_string())
}

const STREAMS: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::Header];

fn stream_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
        Stream::Header => "header",
    }
}

/// `print` of a function writes to a log of its step.
pub struct Printer(pub Arc<Host>);

impl PrintHandler for Printer {
    fn println(&self, text: &str) -> starlark::Result<()> {
        let log = self.0.log(PRINTED, LogKind::Text)?;
        self.0.ask(Wish::Write { log, stream: Stream::Stdout, text: lines(text) }).map(drop)
    }
}

/// The context of a step; its build is another view of the same.
#[derive(ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct StepValue {
    #[allocative(skip)]
    host: Arc<Host>,
}

starlark_simple_value!(StepValue);

impl StepValue {
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }
}

impl Debug for StepValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Display for StepValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<step {}>", self.host.facts.name)
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "step")]
impl<'v> StarlarkValue<'v> for StepValue {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let host = &self.host;
        let property = |name: &str| subject::plain(host.properties().get(name).unwrap_or(&PropertyValue::Null), heap);
        Some(match attribute {
            "name" => heap.alloc(host.facts.name.as_str()),
            "properties" => subject::alloc(&ScriptValue::Properties(host.properties()), heap),
            "build" => heap.alloc(Self::new(Arc::clone(host))),
            "number" => property("buildnumber"),
            "sources" => {
                let stamps = host.facts.source_stamps.iter().map(|stamp| subject::stamp(&stamp.spec));
                subject::alloc(&ScriptValue::List(stamps.collect()), heap)
            }
            "changes" => {
                let changes = host.facts.changes.iter().map(|change| ScriptValue::Change(Arc::clone(change)));
                subject::alloc(&ScriptValue::List(changes.collect()), heap)
            }
            _ => return None,
        })
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    /// Runs a command on the worker to its end.
    fn run<'v>(
        this: &StepValue,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut given: Vec<(Option<String>, Value<'v>)> = args.items.into_iter().map(|value| (None, value)).collect();
        let observer = named.get("observer").copied().filter(|observer| !observer.is_none());
        let named = named.into_iter().filter(|(name, _)| name != "observer");
        given.extend(named.map(|(name, value)| (Some(name), value)));
        let object = construct(&RUN, &given, eval)?;
        let raw = this.host.raw(object, heap)?;
        let Some(object) = raw.object() else { return fail("there is no command".to_owned()) };
        let source = &this.host.function.script.source;
        let order = running::run_order(source, object, observer.is_some()).or_else(fail)?;
        let wish = Wish::Run(Box::new(order));
        let answer = match observer {
            Some(observer) if !is_function(observer) => {
                return fail(format!("ctx.run(observer=) must be a function, not a {}", observer.get_type()));
            }
            Some(observer) => this.host.ask_observed(wish, observer, eval)?,
            None => this.host.ask(wish)?,
        };
        match answer {
            Answer::Ran(ran) => Ok(subject::alloc(&ended(ran), heap)),
            _ => fail("the command did not end".to_owned()),
        }
    }

    /// The log of this name, which is added if there is none.
    fn log<'v>(
        this: &StepValue,
        #[starlark(require = pos)] name: &str,
        r#type: Option<&str>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        add_log(this, name, r#type, heap)
    }

    /// Buildbot's name of `log`.
    fn addLog<'v>(
        this: &StepValue,
        #[starlark(require = pos)] name: &str,
        r#type: Option<&str>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        add_log(this, name, r#type, heap)
    }

    fn addURL<'v>(this: &StepValue, name: &str, url: &str) -> starlark::Result<Value<'v>> {
        this.host.ask(Wish::AddUrl { name: name.to_owned(), url: url.to_owned() })?;
        Ok(Value::new_none())
    }

    /// Leaves something with the build; REST gives it to those who ask for it by name.
    fn setBuildData<'v>(
        this: &StepValue,
        name: &str,
        value: &str,
        source: Option<&str>,
    ) -> starlark::Result<Value<'v>> {
        if MAX_DATUM < value.len() {
            return fail(format!("build data is limited to {} MiB", MAX_DATUM >> 20));
        }
        let source = source.unwrap_or(&this.host.facts.name).to_owned();
        this.host.ask(Wish::SetBuildData { name: name.to_owned(), value: value.to_owned(), source })?;
        Ok(Value::new_none())
    }

    fn set_state<'v>(this: &StepValue, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        this.host.ask(Wish::SetState(text.to_owned()))?;
        Ok(Value::new_none())
    }

    fn setProgress<'v>(this: &StepValue, metric: &str, value: Value<'v>) -> starlark::Result<Value<'v>> {
        let value = subject::read(value).or_else(fail)?;
        this.host.ask(Wish::SetProgress { metric: metric.to_owned(), value })?;
        Ok(Value::new_none())
    }

    fn sleep<'v>(this: &StepValue, #[starlark(require = pos)] seconds: UnpackFloat) -> starlark::Result<Value<'v>> {
        match std::time::Duration::try_from_secs_f64(seconds.0) {
            Ok(duration) => this.host.ask(Wish::Sleep(duration)).map(|_| Value::new_none()),
            Err(_) => fail(format!("{} is no number of seconds to wait", seconds.0)),
        }
    }

    /// The value of something that is rendered in the build.
    fn render<'v>(
        this: &StepValue,
        #[starlark(require = pos)] value: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let raw = this.host.raw(value, heap)?;
        let renderable = running::renderable(&this.host.function.script.source, &raw).or_else(fail)?;
        match this.host.ask(Wish::Render(Box::new(renderable)))? {
            Answer::Value(value) => Ok(subject::plain(&value, heap)),
            _ => fail("it has no value".to_owned()),
        }
    }

    fn add_steps<'v>(
        this: &StepValue,
        #[starlark(require = pos)] steps: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        this.host.add_steps(steps, StepsPlace::AfterCurrent, heap)
    }

    fn addStepsAfterCurrentStep<'v>(
        this: &StepValue,
        #[starlark(require = pos)] steps: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        this.host.add_steps(steps, StepsPlace::AfterCurrent, heap)
    }

    fn addStepsAfterLastStep<'v>(
        this: &StepValue,
        #[starlark(require = pos)] steps: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        this.host.add_steps(steps, StepsPlace::AfterLast, heap)
    }

    fn getProperty<'v>(
        this: &StepValue,
        #[starlark(require = pos)] name: &str,
        default: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let value = this.host.properties().get(name).map(|value| subject::plain(value, heap));
        Ok(value.or(default).unwrap_or(Value::new_none()))
    }

    fn hasProperty(this: &StepValue, #[starlark(require = pos)] name: &str) -> starlark::Result<bool> {
        Ok(this.host.properties().has(name))
    }

    fn setProperty<'v>(
        this: &StepValue,
        name: &str,
        value: Value<'v>,
        source: Option<&str>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        let source = source.unwrap_or(&this.host.facts.name).to_owned();
        let value = subject::read(value).or_else(fail)?;
        let answer = this.host.ask(Wish::SetProperty { name: name.to_owned(), value, source })?;
        if let Answer::Properties(properties) = answer {
            *this.host.properties.lock().unwrap_or_else(PoisonError::into_inner) = properties;
        }
        Ok(Value::new_none())
    }
}

fn add_log<'v>(step: &StepValue, name: &str, kind: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let kind = match LogKind::from_letter(kind.unwrap_or("s")) {
        Some(kind) if kind != LogKind::Deleted => kind,
        _ => return fail("the type of a log is 's' for streams, 't' for text or 'h' for HTML".to_owned()),
    };
    let log = step.host.log(name, kind)?;
    Ok(heap.alloc(StepLog::new(Arc::clone(&step.host), log)))
}

/// The end of a command as a function sees it.
fn ended(ran: Ran) -> ScriptValue {
    let results = i64::from(ran.results.code());
    let good = matches!(ran.results, Results::Success | Results::Warnings);
    let attributes = [
        ("rc", PropertyValue::Int(ran.rc)),
        ("results", results.into()),
        ("ok", good.into()),
        ("stdout", ran.stdout.into()),
        ("stderr", ran.stderr.into()),
    ];
    ScriptValue::Object(
        attributes.into_iter().map(|(name, value)| (name.to_owned(), ScriptValue::Data(value))).collect(),
    )
}
