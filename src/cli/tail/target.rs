//! Which build is meant: `BUILDER`, `BUILDER/BUILD` or `BUILDER/BUILD/STEP`.

use anyhow::{anyhow, bail};

use crate::cli::rest::Rest;
use crate::config;
use crate::json::Value;

/// A build, and perhaps one step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    builder: String,
    number: i64,
    /// Name or number.
    pub(super) step: Option<String>,
    pub(super) build_id: i64,
}

/// What a text can mean, given the names of the builders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Meaning<'text> {
    builder: &'text str,
    number: Option<i64>,
    step: Option<&'text str>,
}

impl Target {
    /// Finds what `text` names. `None` is a build that may still come: no build of this number has been begun.
    pub(super) async fn find(rest: &Rest, text: &str) -> anyhow::Result<Option<Self>> {
        let builders = rest.list("builders?field=name&field=builderid", "builders").await?;
        let names: Vec<&str> = builders.iter().filter_map(|builder| builder["name"].as_str()).collect();
        let Some(meaning) = meaning(text, &names) else { return Err(unknown(text, &names)) };
        let id = builders.iter().find(|builder| builder["name"] == meaning.builder).map(|it| &it["builderid"]);
        let id = id.and_then(Value::as_i64).ok_or_else(|| anyhow!("builder '{}' has no id", meaning.builder))?;
        let newest = format!("builders/{id}/builds?order=-number&limit=1");
        let path = meaning.number.map_or(newest.clone(), |number| format!("builders/{id}/builds/{number}"));
        let build = rest.first(&path, "builds").await?.unwrap_or_default();
        let (Some(build_id), Some(number)) = (build["buildid"].as_i64(), build["number"].as_i64()) else {
            let newest = rest.first(&newest, "builds").await?.and_then(|build| build["number"].as_i64()).unwrap_or(0);
            return match meaning.number {
                Some(number) if number <= newest => bail!("builder '{}' has no build {number}", meaning.builder),
                _ => Ok(None),
            };
        };
        let step = meaning.step.map(str::to_owned);
        Ok(Some(Self { builder: meaning.builder.to_owned(), number, step, build_id }))
    }

    /// `builder/number`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.builder, self.number)
    }
}

/// The longest name of a builder decides; what follows it is a number, and then a step.
fn meaning<'text>(text: &'text str, builders: &[&str]) -> Option<Meaning<'text>> {
    let ends = text.match_indices('/').map(|(at, _)| at).chain([text.len()]);
    let mut ends: Vec<usize> = ends.collect();
    ends.reverse();
    for end in ends {
        let (builder, rest) = text.split_at(end);
        if !builders.contains(&builder) {
            continue;
        }
        let rest = rest.strip_prefix('/').filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { return Some(Meaning { builder, number: None, step: None }) };
        let (number, step) = rest.split_once('/').map_or((rest, None), |(number, step)| (number, Some(step)));
        let number = if number == "last" { None } else { Some(number.parse().ok()?) };
        return Some(Meaning { builder, number, step: step.filter(|step| !step.is_empty()) });
    }
    None
}

fn unknown(text: &str, builders: &[&str]) -> anyhow::Error {
    let first = text.split('/').next().unwrap_or_default();
    if let Some(builder) = builders.iter().find(|builder| text.starts_with(&format!("{builder}/"))) {
        return anyhow!("'{text}' names no build of builder '{builder}': a number comes next, or 'last', then a step");
    }
    match config::nearest(first, builders.iter().copied()) {
        Some(nearest) => anyhow!("there is no builder '{first}'; did you mean '{nearest}'?"),
        None if builders.is_empty() => anyhow!("there is no builder '{first}', nor any other"),
        None => anyhow!("there is no builder '{first}'; the builders are {}", some_of(builders)),
    }
}

fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let n_more = names.len().saturating_sub(12);
    if n_more == 0 { shown } else { format!("{shown} and {n_more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_of_a_builder_decides() {
        let builders = ["a", "a/b", "7"];
        let of = |text: &'static str| meaning(text, &builders);
        let some = |builder, number, step| Some(Meaning { builder, number, step });
        assert_eq!(of("a"), some("a", None, None));
        assert_eq!(of("a/3"), some("a", Some(3), None));
        assert_eq!(of("a/b/3/compile"), some("a/b", Some(3), Some("compile")));
        assert_eq!(of("a/last/sub/step"), some("a", None, Some("sub/step")));
        assert_eq!(of("7/"), some("7", None, None));
        assert_eq!(of("a/x"), None);
        assert_eq!(of("c/1"), None);
    }

    #[test]
    fn a_wrong_name_is_answered_with_what_there_is() {
        assert!(unknown("unit-test", &["unit-tests"]).to_string().ends_with("did you mean 'unit-tests'?"));
        assert!(unknown("zzz", &["a", "b"]).to_string().ends_with("the builders are a, b"));
        assert!(unknown("a/x", &["a"]).to_string().contains("names no build of builder 'a'"));
    }
}
