//! `SetProperty`, `SetProperties` and `SetPropertiesFromEnv`: properties of the build, without a command.

use async_trait::async_trait;

use super::command::Ended;
use super::config::{FromEnvConfig, SetPropertyConfig, StepConfig};
use super::context::{Fault, StepContext};
use super::registry::{Work, step_name};
use super::render::{render, render_text};
use crate::domain::{LogKind, PropertyValue, Renderable, Results, Stream};

pub struct SetProperty {
    /// Its name is where the property says it came from.
    pub step: StepConfig,
    pub config: SetPropertyConfig,
}

#[async_trait(?Send)]
impl Work for SetProperty {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let name = render_text(&self.config.property, context).await?;
        if name.is_empty() {
            return Err(Fault::Config("the name of the property is empty".to_owned()));
        }
        let source = step_name(&self.step, context).await?;
        context.set_property(&name, render(&self.config.value, context).await?, &source);
        Ok(Ended::with(Results::Success))
    }
}

pub struct SetProperties {
    /// Its name is where the properties say they came from.
    pub step: StepConfig,
    pub properties: Renderable,
}

#[async_trait(?Send)]
impl Work for SetProperties {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        match render(&self.properties, context).await? {
            PropertyValue::Null => {}
            PropertyValue::Map(entries) => {
                let source = step_name(&self.step, context).await?;
                for (name, value) in entries {
                    context.set_property(&name, value, &source);
                }
            }
            other => return Err(Fault::Config(format!("properties must be a dictionary, not {other}"))),
        }
        Ok(Ended::with(Results::Success))
    }
}

pub struct SetPropertiesFromEnv {
    pub config: FromEnvConfig,
}

#[async_trait(?Send)]
impl Work for SetPropertiesFromEnv {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let environ = context.worker_environ();
        // Names of variables have no case on Windows, and such a worker tells them in capitals.
        let has_case = context.worker_fact("system") != Some("nt".into());
        let mut text = String::new();
        for name in &self.config.variables {
            let key = if has_case { name.clone() } else { name.to_uppercase() };
            let Some(value) = environ.get(&key).filter(|value| !value.is_empty()) else { continue };
            context.set_property(name, value.as_str().into(), &self.config.source);
            text.push_str(&format!("{name} = {}\n", PropertyValue::from(value.as_str()).literal()));
        }
        let log = context.add_log("properties", LogKind::Text).await?;
        if !text.is_empty() {
            context.write_log(log, Stream::Stdout, &text).await?;
        }
        Ok(Ended::with(Results::Success))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::StepKind;
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::plain_common;
    use crate::testing::scripted_context::ScriptedContext;

    async fn run(kind: StepKind, context: &ScriptedContext) -> Result<Results, Fault> {
        let config = StepConfig { common: plain_common("a name"), kind };
        make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
    }

    fn property(name: &str) -> Renderable {
        Renderable::Property { name: name.to_owned(), default: None, default_when_false: true }
    }

    fn sources(context: &ScriptedContext) -> Vec<(String, PropertyValue, String)> {
        let properties = context.properties();
        let entry = |(name, property): (&str, &crate::domain::Property)| {
            (name.to_owned(), property.value.clone(), property.source.clone())
        };
        properties.iter().map(entry).collect()
    }

    #[tokio::test]
    async fn a_property_gets_a_rendered_value_of_any_type_from_the_step() {
        let context = ScriptedContext::new().with_property("a", 7);
        let config = SetPropertyConfig { property: "b".into(), value: Renderable::List(vec![property("a")]) };
        assert_eq!(run(StepKind::SetProperty(config), &context).await.unwrap(), Results::Success);
        let list = PropertyValue::List(vec![7.into()]);
        assert_eq!(sources(&context)[1], ("b".to_owned(), list, "a name".to_owned()));
        assert_eq!(context.states(), ["Setting", "Set"]);
    }

    #[tokio::test]
    async fn a_property_without_a_name_is_a_fault() {
        let config = SetPropertyConfig { property: property("missing"), value: 1.into() };
        let outcome = run(StepKind::SetProperty(config), &ScriptedContext::new()).await;
        assert!(matches!(outcome, Err(Fault::Config(_))));
    }

    #[tokio::test]
    async fn several_properties_come_from_a_dictionary_or_from_nothing() {
        let context = ScriptedContext::new().with_property("a", "x");
        let map = Renderable::Map([("b".to_owned(), property("a")), ("c".to_owned(), 2.into())].into());
        assert_eq!(run(StepKind::SetProperties(map), &context).await.unwrap(), Results::Success);
        assert_eq!(context.properties().get("b"), Some(&"x".into()));
        assert_eq!(context.properties().get("c"), Some(&2.into()));
        let nothing = Renderable::Value(PropertyValue::Null);
        assert_eq!(run(StepKind::SetProperties(nothing), &context).await.unwrap(), Results::Success);
        let outcome = run(StepKind::SetProperties("text".into()), &context).await;
        assert!(matches!(outcome, Err(Fault::Config(_))));
    }

    #[tokio::test]
    async fn variables_of_the_worker_become_properties_if_they_are_set() {
        let context = ScriptedContext::new().with_worker_environ(&[("HOME", "/home/bb"), ("EMPTY", "")]);
        let config =
            FromEnvConfig { variables: ["HOME", "EMPTY", "NONE"].map(str::to_owned).into(), source: "Env".to_owned() };
        run(StepKind::SetPropertiesFromEnv(config), &context).await.unwrap();
        assert_eq!(sources(&context), [("HOME".to_owned(), "/home/bb".into(), "Env".to_owned())]);
        assert_eq!(context.logs()[0].text, "HOME = '/home/bb'\n");
    }

    #[tokio::test]
    async fn variables_have_no_case_on_windows() {
        let context = ScriptedContext::new().with_worker_environ(&[("PATH", "C:")]).with_worker_fact("system", "nt");
        let config = FromEnvConfig { variables: vec!["Path".to_owned()], source: "Env".to_owned() };
        run(StepKind::SetPropertiesFromEnv(config), &context).await.unwrap();
        assert_eq!(context.properties().get("Path"), Some(&"C:".into()));
    }
}
