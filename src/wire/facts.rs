//! What a worker says of itself.

use buildbot_protocol::Value;

use super::texts::Texts;
use crate::domain::worker::WorkerInfo;

/// The answer to `get_worker_info`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkerFacts {
    pub info: WorkerInfo,
    /// Absolute; all paths of commands are computed from it.
    pub basedir: String,
    /// `posix` or `nt`.
    pub system: String,
    /// Command to version.
    pub commands: Texts,
    pub environ: Texts,
    pub numcpus: Option<i64>,
    pub version: String,
    /// Whether directories of builders that are gone shall be removed when it attaches.
    pub delete_leftover_dirs: bool,
    /// Everything else it told, such as `os_name` or the files of its `info` directory.
    pub others: Texts,
}

/// The reason an answer is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    #[error("the worker's description is no map")]
    NotAMap,
    #[error("the worker did not tell its \"{0}\"")]
    Missing(&'static str),
}

impl WorkerFacts {
    pub(super) fn from_answer(answer: Value) -> Result<Self, FactsError> {
        let Value::Map(mut map) = answer else { return Err(FactsError::NotAMap) };
        let mut text = |key: &str| match map.remove(key) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        };
        let basedir = text("basedir").ok_or(FactsError::Missing("basedir"))?;
        let version = text("version").unwrap_or_default();
        let info = WorkerInfo {
            admin: text("admin"),
            host: text("host"),
            access_uri: text("access_uri"),
            version: Some(version.clone()).filter(|version| !version.is_empty()),
        };
        let system = text("system").unwrap_or_else(|| "posix".to_owned());
        Ok(Self {
            info,
            basedir,
            system,
            commands: texts(map.remove("worker_commands")),
            environ: texts(map.remove("environ")),
            numcpus: map.remove("numcpus").and_then(|number| number.as_int()),
            version,
            delete_leftover_dirs: matches!(map.remove("delete_leftover_dirs"), Some(Value::Bool(true) | Value::Int(1))),
            others: texts(Some(Value::Map(map))),
        })
    }

    pub fn is_windows(&self) -> bool {
        self.system == "nt"
    }

    /// A path below the base directory, by the worker's rules.
    pub fn path(&self, relative: &str) -> String {
        let separator = if self.is_windows() { '\\' } else { '/' };
        let base = self.basedir.trim_end_matches(['/', separator]);
        if self.is_windows() {
            return format!("{base}\\{}", relative.replace('/', "\\"));
        }
        format!("{base}/{relative}")
    }
}

/// The entries of a map that are texts.
fn texts(value: Option<Value>) -> Texts {
    let Some(Value::Map(map)) = value else { return Texts::default() };
    map.into_iter()
        .filter_map(|(key, value)| match value {
            Value::Str(text) => Some((key, text)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_worker_that_tells_only_its_directory_is_accepted() {
        let facts = WorkerFacts::from_answer(answer(&[("basedir", "/w/".into())])).unwrap();
        assert_eq!(facts.path("b/build"), "/w/b/build");
        assert!(!facts.delete_leftover_dirs);
    }

    #[test]
    fn a_worker_without_a_directory_is_not() {
        assert_eq!(WorkerFacts::from_answer(answer(&[])), Err(FactsError::Missing("basedir")));
        assert_eq!(WorkerFacts::from_answer(Value::Nil), Err(FactsError::NotAMap));
    }

    #[test]
    fn windows_has_paths_of_its_own() {
        let facts = WorkerFacts::from_answer(answer(&[("basedir", "C:\\w".into()), ("system", "nt".into())])).unwrap();
        assert_eq!(facts.path("b/build"), "C:\\w\\b\\build");
    }

    #[test]
    fn everything_it_tells_is_kept() {
        let facts = WorkerFacts::from_answer(answer(&[
            ("basedir", "/w".into()),
            ("admin", "Ann\n".into()),
            ("version", "4.3.0".into()),
            ("numcpus", 8.into()),
            ("delete_leftover_dirs", 1.into()),
            ("os_name", "Debian".into()),
            ("worker_commands", answer(&[("shell", "3.3".into())])),
        ]))
        .unwrap();
        assert_eq!(facts.info.admin.as_deref(), Some("Ann\n"));
        assert_eq!(facts.info.version.as_deref(), Some("4.3.0"));
        assert_eq!((facts.numcpus, facts.delete_leftover_dirs), (Some(8), true));
        assert_eq!(facts.commands.get("shell").as_deref(), Some("3.3"));
        assert_eq!(facts.others.get("os_name").as_deref(), Some("Debian"));
    }
}
