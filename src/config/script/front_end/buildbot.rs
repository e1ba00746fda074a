//! Buildbot's modules, of 0.8.5 to 4.3: which there are, and where their names live in our table.
//!
//! `buildbot_modules.txt` has a line for each module with the names that configurations can import from it.

use crate::config::nearest;
use crate::config::table::{self, Class};

const MODULES: &str = include_str!("buildbot_modules.txt");

/// Functions that some module of Buildbot has and `starlark::buildbot_names` knows.
const FUNCTIONS: [&str; 7] =
    ["error", "bytes2unicode", "unicode2bytes", "s", "Results", "statusToString", "worst_status"];

/// What a name of a module is here.
#[derive(Debug)]
pub enum Found {
    /// One of `buildbot.plugins`.
    Namespace(&'static str),
    Module(String),
    Result(i32),
    Function(&'static str),
    Class(&'static Class),
    /// Known, and not here.
    Missing(String),
}

impl Found {
    /// The expression for it in the rewritten text.
    pub fn text(&self) -> String {
        match self {
            Self::Namespace(name) => format!("_bb_{name}"),
            Self::Module(path) => format!("_bb_buildbot({path:?})"),
            Self::Result(number) => number.to_string(),
            Self::Function(name) => format!("_bb_buildbot_function({name:?})"),
            Self::Class(class) => format!("_bb_{}.{}", class.namespace, class.name),
            Self::Missing(path) => format!("_bb_missing({path:?})"),
        }
    }
}

pub fn function(name: &str) -> Option<&'static str> {
    FUNCTIONS.into_iter().find(|known| *known == name)
}

fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODULES.lines().filter_map(|line| line.split_once(':'))
}

/// Names of a module; nothing if there is no such module.
pub fn names(module: &str) -> Option<impl Iterator<Item = &'static str>> {
    modules().find(|(name, _)| *name == module).map(|(_, names)| names.split_whitespace())
}

/// Packages of Buildbot's insides, of which nothing is here and not all names are listed.
const INSIDES: [&str; 11] = [
    "buildbot.clients",
    "buildbot.data",
    "buildbot.db",
    "buildbot.mq",
    "buildbot.monkeypatches",
    "buildbot.scripts",
    "buildbot.spread",
    "buildbot.status.web",
    "buildbot.test",
    "buildbot.wamp",
    "buildbot.www",
];

fn is_inside(module: &str) -> bool {
    INSIDES
        .iter()
        .any(|inside| module.strip_prefix(inside).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// What is wrong with the name of a module of Buildbot, if something is. Packages of plugins are not looked at.
pub fn misspelt(module: &str) -> Option<String> {
    if !module.starts_with("buildbot.") || names(module).is_some() || is_inside(module) {
        return None;
    }
    let hint = nearest::hint(module, modules().map(|(name, _)| name));
    Some(format!("Buildbot has no module '{module}'{hint}"))
}

/// What a name of a module is.
pub fn find(module: &str, name: &str) -> Result<Found, String> {
    let inner = format!("{module}.{name}");
    let plugin = module.strip_prefix("buildbot.").filter(|inner| table::NAMESPACES.contains(inner));
    if let (true, Some(namespace)) =
        (["buildbot", "buildbot.plugins"].contains(&module), table::NAMESPACES.into_iter().find(|it| *it == name))
    {
        return Ok(Found::Namespace(namespace));
    }
    if names(&inner).is_some() {
        return Ok(Found::Module(inner));
    }
    if let Some((_, number)) = table::RESULTS.iter().find(|(result, _)| *result == name) {
        return Ok(Found::Result(*number));
    }
    if let Some(function) = function(name) {
        return Ok(Found::Function(function));
    }
    // `steps.source.GitHub` is a step, `www.hooks.github.GitHub` is none: the place tells which class is meant.
    let wanted = plugin.or_else(|| namespace_of(module));
    let classes = || table::classes().filter(|class| class.name == name && !class.name.starts_with('_'));
    let class =
        wanted.and_then(|wanted| classes().find(|class| class.namespace == wanted)).or_else(|| classes().next());
    if let Some(class) = class {
        return Ok(Found::Class(class));
    }
    if is_inside(module) || names(module).is_some_and(|mut names| names.any(|known| known == name)) {
        return Ok(Found::Missing(inner));
    }
    let known = names(module).into_iter().flatten();
    Err(format!("'{name}' of {module} is not available{}", nearest::hint(name, known.chain(table::class_names()))))
}

/// The names of a module that there are here: what `import *` binds.
pub fn available(module: &str) -> impl Iterator<Item = (&'static str, Found)> {
    let names = names(module).into_iter().flatten();
    names.filter_map(move |name| {
        let found = find(module, name).ok()?;
        (!matches!(found, Found::Missing(_))).then_some((name, found))
    })
}

fn namespace_of(module: &str) -> Option<&'static str> {
    Some(match module.split('.').nth(1)? {
        "steps" => "steps",
        "schedulers" | "scheduler" => "schedulers",
        "changes" => "changes",
        "worker" | "buildslave" => "worker",
        "reporters" => "reporters",
        "status" => table::STATUS,
        "secrets" => "secrets",
        "process" | "locks" | "config" | "www" | "util" => "util",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_long_and_short_paths() {
        let value = |module, name| find(module, name).map(|found| found.text());
        assert_eq!(value("buildbot.steps.shell", "ShellCommand").unwrap(), "_bb_steps.ShellCommand");
        assert_eq!(value("buildbot.process.properties", "Interpolate").unwrap(), "_bb_util.Interpolate");
        assert_eq!(value("buildbot.status.results", "SUCCESS").unwrap(), "0");
        assert_eq!(value("buildbot.steps", "shell").unwrap(), "_bb_buildbot(\"buildbot.steps.shell\")");
        assert!(value("buildbot.steps.shell", "ShelCommand").unwrap_err().contains("did you mean 'ShellCommand'?"));
        assert!(misspelt("buildbot.steps.shel").unwrap().contains("did you mean 'buildbot.steps.shell'?"));
    }

    #[test]
    fn every_line_names_a_module() {
        let all: Vec<_> = modules().collect();
        assert!(200 < all.len() && all.iter().all(|(name, _)| name.starts_with("buildbot")));
        for path in ["buildbot.status.html", "buildbot.process.factory", "buildbot.schedulers.forcesched"] {
            assert!(names(path).is_some(), "{path}");
        }
    }
}
