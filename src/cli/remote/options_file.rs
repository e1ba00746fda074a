//! `.buildbot/options`: what a command takes for options that are not given.
//!
//! The file is looked for in the current directory, in those above it, and in the home directory; the first one counts.
//! It is Python, of which assignments of plain values are understood: texts, numbers, booleans, None, lists and tuples.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::unistd::getuid;
use rustpython_ruff_python_ast::{Expr, Number, Stmt, UnaryOp};
use rustpython_ruff_python_parser as parser;

use crate::cli::output::complain;
use crate::domain::PropertyValue;

/// Names to values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct OptionsFile(BTreeMap<String, PropertyValue>);

impl OptionsFile {
    /// Finds and reads the file of whoever runs this; it is empty if there is none.
    pub(in crate::cli) fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("there is no current directory")?;
        let home = std::env::var_os("HOME").map(PathBuf::from);
        match candidates(&here, home.as_deref()).into_iter().find(|directory| is_ours(directory)) {
            None => Ok(Self::default()),
            Some(directory) => {
                let path = directory.join("options");
                let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                Self::parse(&text).with_context(|| format!("cannot understand {}", path.display()))
            }
        }
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let parsed = parser::parse_module(text)?;
        let mut values = BTreeMap::new();
        for statement in &parsed.syntax().body {
            match statement {
                Stmt::Assign(assign) => {
                    let value = value_of(&assign.value, &values)?;
                    for target in &assign.targets {
                        let Expr::Name(name) = target else { bail!("only plain names can be set") };
                        values.insert(name.id.to_string(), value.clone());
                    }
                }
                // A text that stands for itself is a comment.
                Stmt::Expr(alone) if matches!(&*alone.value, Expr::StringLiteral(_)) => {}
                Stmt::Pass(_) => {}
                _ => bail!("only assignments of plain values are understood, such as try_connect = 'pb'"),
            }
        }
        Ok(Self(values))
    }

    /// The first of these names that is set to something.
    pub(in crate::cli) fn text(&self, names: &[&str]) -> Option<String> {
        let set = names.iter().filter_map(|name| self.0.get(*name)).find(|value| !matches!(value, PropertyValue::Null));
        set.map(ToString::to_string)
    }

    pub(in crate::cli) fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(PropertyValue::is_truthy)
    }

    /// A list of texts, or one.
    pub(in crate::cli) fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(PropertyValue::List(items)) => items.iter().map(ToString::to_string).collect(),
            Some(PropertyValue::Null) | None => Vec::new(),
            Some(one) => vec![one.to_string()],
        }
    }
}

/// Directories in which the file may be, the nearest first.
fn candidates(here: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    here.ancestors().chain(home).map(|directory| directory.join(".buildbot")).collect()
}

/// Whether there is a file in it, and nobody else put it there.
fn is_ours(directory: &Path) -> bool {
    let Ok(metadata) = fs::metadata(directory) else { return false };
    if !metadata.is_dir() {
        return false;
    }
    if metadata.uid() != getuid().as_raw() {
        complain(format_args!("skipping {}, which belongs to somebody else", directory.display()));
        return false;
    }
    directory.join("options").exists()
}

fn value_of(value: &Expr, known: &BTreeMap<String, PropertyValue>) -> anyhow::Result<PropertyValue> {
    let list = |items: &[Expr]| {
        let items = items.iter().map(|item| value_of(item, known));
        items.collect::<anyhow::Result<_>>().map(PropertyValue::List)
    };
    match value {
        Expr::StringLiteral(text) => Ok(text.value.to_str().into()),
        Expr::BooleanLiteral(flag) => Ok(flag.value.into()),
        Expr::NoneLiteral(_) => Ok(PropertyValue::Null),
        Expr::List(items) => list(&items.elts),
        Expr::Tuple(items) => list(&items.elts),
        Expr::Name(name) => match known.get(name.id.as_str()) {
            Some(value) => Ok(value.clone()),
            None => bail!("there is no '{}'", name.id),
        },
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(number) => match number.as_i64() {
                Some(number) => Ok(number.into()),
                None => bail!("the number {number} is too large"),
            },
            Number::Float(number) => Ok(PropertyValue::Float(*number)),
            Number::Complex { .. } => bail!("complex numbers have no meaning here"),
        },
        Expr::UnaryOp(negative) if negative.op == UnaryOp::USub => match value_of(&negative.operand, known)? {
            PropertyValue::Int(number) => Ok((-number).into()),
            PropertyValue::Float(number) => Ok(PropertyValue::Float(-number)),
            _ => bail!("only numbers can be negative"),
        },
        _ => bail!("only plain values are understood, such as 'text', 1, True and ['a', 'b']"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\n\"\"\"said\"\"\"\nmasterhost = 'build'\ntry_connect = 'pb'\ntry_master = masterhost\n\
                        try_builders = [\"a\", 'b']\ntry_wait = True\ntry_quiet = 0\ntry_who = None\nn = -3\n";

    #[test]
    fn plain_assignments_are_understood() {
        let options = OptionsFile::parse(TEXT).unwrap();
        assert_eq!(options.text(&["try_connect"]).as_deref(), Some("pb"));
        assert_eq!(options.text(&["try_who", "try_master"]).as_deref(), Some("build"));
        assert_eq!(options.texts("try_builders"), ["a", "b"]);
        assert_eq!((options.flag("try_wait"), options.flag("try_quiet"), options.flag("absent")), (true, false, false));
        assert_eq!((options.texts("try_who").len(), options.text(&["n"]).as_deref()), (0, Some("-3")));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["import os", "a = os.environ['X']", "a.b = 1", "a = f('x')", "a = (", "a = b", "a = 1j", "a = -'x'"]
        {
            assert!(OptionsFile::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_nearest_file_counts_and_the_one_at_home_comes_last() {
        let found = candidates(Path::new("/a/b"), Some(Path::new("/home/joe")));
        let expected = ["/a/b/.buildbot", "/a/.buildbot", "/.buildbot", "/home/joe/.buildbot"];
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
