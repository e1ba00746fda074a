//! Functions of the configuration, called as the master calls them; and values that only a build knows.

use std::sync::Arc;

use buildbot::domain::script::ScriptLimits;
use buildbot::domain::{Callback, Properties, PropertyValue, Renderable, ScriptValue};
use buildbot::schedulers::Answers;
use buildbot::schedulers::config::ChangeFilter;
use buildbot::schedulers::filter::{Filter, Verdict};
use buildbot::steps;

use crate::given;
use crate::sheet::Question;
use crate::values::Answer;

pub fn call(function: &Callback, arguments: &[ScriptValue]) -> Answer {
    function.0.call(arguments, ScriptLimits::default()).map_err(|error| error.to_string())
}

/// With the plain arguments of the question.
pub fn call_plain(function: &Callback, question: &Question) -> Answer {
    let arguments: Vec<ScriptValue> = question.plain.iter().cloned().map(ScriptValue::Data).collect();
    call(function, &arguments)
}

/// Waits for something that waits for nothing but scripted answers.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What a value is in the build of the question.
pub fn rendered(value: &Renderable, question: &Question) -> Answer {
    let context = given::build(&question.named);
    now(steps::render(value, &context)).map_err(|fault| fault.to_string())
}

pub fn rendered_option(value: Option<&Renderable>, question: &Question) -> Answer {
    value.map_or(Ok(PropertyValue::Null), |value| rendered(value, question))
}

/// Whether a filter lets the change of the question pass; a function that fails is told.
pub fn takes(filter: &ChangeFilter, question: &Question) -> Answer {
    let change = given::change(&question.named);
    let filter = Filter::new(filter).map_err(|error| error.to_string())?;
    let mut answers = Answers::default();
    loop {
        match filter.judge(&change, &answers) {
            Verdict::Passes => return Ok(true.into()),
            Verdict::Fails => return Ok(false.into()),
            Verdict::Ask(questions) => {
                for asked in questions {
                    let answer = call(&asked.function, &asked.arguments())?;
                    answers.add(asked, Some(answer));
                }
            }
        }
    }
}

/// What a function of properties says.
pub fn with_properties(function: &Callback, question: &Question) -> Answer {
    let properties: Arc<Properties> = Arc::new(given::properties(&question.named));
    call(function, &[ScriptValue::Properties(properties)])
}
