//! `SetPropertyFromCommand`: what a command prints becomes properties.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::command::{Ended, Place, decode_rc};
use super::config::{PropertyCommandConfig, PropertyTarget};
use super::context::{Fault, StepContext};
use super::output::Output;
use super::registry::Work;
use super::render::{call, render_text};
use super::summary::own_words;
use crate::domain::log::LineObserver;
use crate::domain::{Callback, LogKind, PropertyValue, Results, ScriptValue, Stream};

/// Where the properties say they came from.
const SOURCE: &str = "SetPropertyFromCommand Step";

pub struct SetPropertyFromCommand {
    pub place: Place,
    pub config: PropertyCommandConfig,
}

#[async_trait(?Send)]
impl Work for SetPropertyFromCommand {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let output = Arc::new(Mutex::new(Output::default()));
        let observer: Arc<Mutex<dyn LineObserver>> = Arc::clone(&output) as _;
        let (outcome, _) = self.place.run_shell(&self.config.shell, Some(observer), context).await?;
        let results = decode_rc(self.config.shell.decode_rc.as_ref(), outcome.rc);
        let ended = Ended { failure_reason: outcome.failure_reason, ..Ended::with(results) };
        let (stdout, stderr) = Output::take(&output);
        let properties = match &self.config.target {
            // What a command prints before it fails is no value.
            PropertyTarget::Property(_) if results == Results::Failure => return Ok(ended),
            PropertyTarget::Property(name) => {
                let name = render_text(name, context).await?;
                vec![(name, self.value(stdout, &stderr).into())]
            }
            PropertyTarget::Extract(function) => {
                let stdout = if self.config.include_stdout { stdout } else { String::new() };
                extract(function, outcome.rc, [stdout, stderr], context).await?
            }
        };
        set(&properties, context).await?;
        let description = match properties.as_slice() {
            [] => None,
            [(name, _)] => own_words(&self.place.common, format!("property '{name}' set"), context).await,
            several => own_words(&self.place.common, format!("{} properties set", several.len()), context).await,
        };
        Ok(Ended { description, ..ended })
    }
}

impl SetPropertyFromCommand {
    fn value(&self, stdout: String, stderr: &str) -> String {
        let mut value = if self.config.include_stdout { stdout } else { String::new() };
        if self.config.include_stderr {
            value.push_str(stderr);
        }
        if self.config.strip { value.trim().to_owned() } else { value }
    }
}

async fn extract(
    function: &Callback,
    rc: i64,
    texts: [String; 2],
    context: &dyn StepContext,
) -> Result<Vec<(String, PropertyValue)>, Fault> {
    let texts = texts.into_iter().map(PropertyValue::from);
    let arguments = [rc.into()].into_iter().chain(texts).map(ScriptValue::Data).collect();
    match call(function, arguments, context).await? {
        PropertyValue::Null => Ok(Vec::new()),
        PropertyValue::Map(entries) => Ok(entries.into_iter().collect()),
        other => {
            let (name, location) = (function.0.name(), function.0.location());
            Err(Fault::Config(format!("extract_fn {name} ({location}) must return a dictionary, not {other}")))
        }
    }
}

async fn set(properties: &[(String, PropertyValue)], context: &dyn StepContext) -> Result<(), Fault> {
    let mut text = String::new();
    for (name, value) in properties {
        context.set_property(name, value.clone(), SOURCE);
        text.push_str(&format!("{name}: {}\n", value.literal()));
    }
    let log = context.add_log("property changes", LogKind::Text).await?;
    if text.is_empty() {
        return Ok(());
    }
    context.write_log(log, Stream::Stdout, &text).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::{StepConfig, StepKind};
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::{plain_common, plain_shell_config};
    use crate::testing::scripted_context::{Answer, ScriptedContext, scripted_function};

    fn to_property(name: &str) -> PropertyCommandConfig {
        PropertyCommandConfig {
            shell: plain_shell_config("uname"),
            target: PropertyTarget::Property(name.into()),
            strip: true,
            include_stdout: true,
            include_stderr: false,
        }
    }

    async fn run(config: PropertyCommandConfig, context: &ScriptedContext) -> Result<Results, Fault> {
        let config = StepConfig { common: plain_common("p"), kind: StepKind::SetPropertyFromCommand(config) };
        make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
    }

    fn printing(rc: i64) -> Answer {
        let mut answer = Answer::stdout(" Linux \n more\n");
        answer.lines.push((Stream::Stderr, "a warning".to_owned()));
        answer.outcome.rc = rc;
        answer
    }

    #[tokio::test]
    async fn the_output_without_white_space_around_it_becomes_the_property() {
        let context = ScriptedContext::new().answer("uname", printing(0));
        assert_eq!(run(to_property("os"), &context).await.unwrap(), Results::Success);
        assert_eq!(context.properties().get("os"), Some(&"Linux \n more".into()));
        assert_eq!(context.logs()[1].text, "os: 'Linux \\n more'\n");
        assert_eq!(context.states().last().map(String::as_str), Some("property 'os' set"));
    }

    #[tokio::test]
    async fn both_streams_are_taken_as_they_are_if_that_is_wanted() {
        let context = ScriptedContext::new().answer("uname", printing(0));
        let config = PropertyCommandConfig { strip: false, include_stderr: true, ..to_property("os") };
        run(config, &context).await.unwrap();
        assert_eq!(context.properties().get("os"), Some(&" Linux \n more\na warning\n".into()));
    }

    #[tokio::test]
    async fn a_failing_command_sets_nothing() {
        let context = ScriptedContext::new().answer("uname", printing(1));
        assert_eq!(run(to_property("os"), &context).await.unwrap(), Results::Failure);
        assert!(context.properties().is_empty());
    }

    #[tokio::test]
    async fn a_function_gets_code_and_streams_and_gives_properties_even_of_a_failure() {
        let context = ScriptedContext::new().answer("uname", printing(3));
        let function = scripted_function("extract", |arguments| {
            let data = |n: usize| match &arguments[n] {
                ScriptValue::Data(data) => data.clone(),
                other => panic!("{other:?}"),
            };
            Ok(PropertyValue::Map([("rc".to_owned(), data(0)), ("err".to_owned(), data(2))].into()))
        });
        let config = PropertyCommandConfig { target: PropertyTarget::Extract(function), ..to_property("") };
        assert_eq!(run(config, &context).await.unwrap(), Results::Failure);
        assert_eq!(context.properties().get("rc"), Some(&3.into()));
        assert_eq!(context.properties().get("err"), Some(&"a warning\n".into()));
        assert_eq!(context.states().last().map(String::as_str), Some("2 properties set (failure)"));
    }

    #[tokio::test]
    async fn a_function_that_gives_no_dictionary_is_named() {
        let context = ScriptedContext::new();
        let function = scripted_function("extract", |_| Ok("text".into()));
        let config = PropertyCommandConfig { target: PropertyTarget::Extract(function), ..to_property("") };
        let Err(Fault::Config(text)) = run(config, &context).await else { panic!("no fault") };
        assert_eq!(text, "extract_fn extract (master.cfg:1) must return a dictionary, not text");
    }
}
