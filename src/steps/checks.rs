//! `Assert` and `LogRenderable`: what a value of the build is, judged or shown.

use async_trait::async_trait;

use super::command::{Ended, Place};
use super::context::{Fault, StepContext};
use super::registry::Work;
use super::render::{render, render_for_display};
use super::summary::own_words;
use crate::domain::{LogKind, PropertyValue, Renderable, Results, Stream};

/// A longer line is written item by item.
const LINE: usize = 80;

pub struct Assert {
    pub place: Place,
    pub check: Renderable,
}

#[async_trait(?Send)]
impl Work for Assert {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let is_true = render(&self.check, context).await?.is_truthy();
        let shown = render_for_display(&self.check, context).await?.literal();
        let description = own_words(&self.place.common, format!("checked {shown}"), context).await;
        let results = if is_true { Results::Success } else { Results::Failure };
        Ok(Ended { description, ..Ended::with(results) })
    }
}

pub struct LogRenderable {
    pub content: Renderable,
}

#[async_trait(?Send)]
impl Work for LogRenderable {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        // Somebody wants to look at it, which must not show a secret.
        let content = render_for_display(&self.content, context).await?;
        let log = context.add_log("Output", LogKind::Text).await?;
        context.write_log(log, Stream::Stdout, &format!("{}\n", laid_out(&content))).await?;
        Ok(Ended::with(Results::Success))
    }
}

/// A value as Python writes it, on several lines if it is long.
fn laid_out(value: &PropertyValue) -> String {
    let line = value.literal();
    if line.chars().count() <= LINE {
        return line;
    }
    match value {
        PropertyValue::List(items) => {
            let items: Vec<String> = items.iter().map(PropertyValue::literal).collect();
            format!("[{}]", items.join(",\n "))
        }
        PropertyValue::Map(items) => {
            let item = |(key, value): (&String, &PropertyValue)| {
                format!("{}: {}", PropertyValue::from(key.as_str()).literal(), value.literal())
            };
            format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(",\n "))
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::{StepConfig, StepKind};
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::plain_common;
    use crate::testing::scripted_context::ScriptedContext;

    async fn run(kind: StepKind, context: &ScriptedContext) -> Results {
        let config = StepConfig { common: plain_common("check"), kind };
        make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await.unwrap()
    }

    fn property(name: &str) -> Renderable {
        Renderable::Property { name: name.to_owned(), default: None, default_when_false: true }
    }

    #[tokio::test]
    async fn what_is_false_is_a_failure_and_is_shown() {
        let context = ScriptedContext::new().with_property("good", "yes").with_property("bad", 0);
        assert_eq!(run(StepKind::Assert(property("good")), &context).await, Results::Success);
        assert_eq!(run(StepKind::Assert(property("bad")), &context).await, Results::Failure);
        assert_eq!(context.states(), ["Checking..", "checked 'yes'", "Checking..", "checked None (failure)"]);
    }

    #[tokio::test]
    async fn a_value_is_written_to_a_log_without_its_secrets() {
        let context = ScriptedContext::new().with_property("a", "b'c").with_secret("s", "hidden");
        let content = Renderable::List(vec![property("a"), Renderable::Secret("s".to_owned())]);
        assert_eq!(run(StepKind::LogRenderable(content), &context).await, Results::Success);
        let logs = context.logs();
        assert_eq!((logs[0].name.as_str(), logs[0].text.as_str()), ("Output", "[\"b'c\", '<s>']\n"));
    }

    #[test]
    fn long_values_get_a_line_for_each_item() {
        let long = "x".repeat(60);
        let list = PropertyValue::List(vec![long.as_str().into(), 1.into()]);
        let map = PropertyValue::Map([("a".to_owned(), long.as_str().into()), ("key".to_owned(), list.clone())].into());
        assert_eq!(laid_out(&PropertyValue::List(vec![1.into(), true.into()])), "[1, True]");
        assert_eq!(laid_out(&PropertyValue::List(vec![long.as_str().into(), map.clone()])).lines().count(), 2);
        assert!(laid_out(&map).contains(&format!(",\n 'key': ['{long}', 1]}}")));
    }
}
