//! The files that a configuration may read: below the master's directory, and where the operator allowed it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Larger files are refused.
const MAX_BYTES: u64 = 8 << 20;

/// What may be read.
#[derive(Clone, Debug, Default)]
pub struct Files {
    base_dir: PathBuf,
    /// Files and directories outside of it.
    allowed: Vec<PathBuf>,
    /// Modules as they were when the configuration was kept, by name below the base directory.
    kept: BTreeMap<String, String>,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Missing(String),
    Forbidden(String),
    Other(String),
}

impl Refusal {
    pub fn text(&self) -> &str {
        match self {
            Self::Missing(text) | Self::Forbidden(text) | Self::Other(text) => text,
        }
    }
}

impl Files {
    pub fn new(base_dir: PathBuf) -> Self {
        Self { base_dir, ..Self::default() }
    }

    pub fn base_dir(&self) -> &Path {
        &self.base_dir
    }

    pub fn allow(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.allowed.extend(paths);
    }

    pub fn keep(&mut self, name: String, text: String) {
        self.kept.insert(name, text);
    }

    /// A path as the file means it: relative ones are below the base directory.
    pub fn absolute(&self, path: &str) -> PathBuf {
        normal(&self.base_dir.join(path))
    }

    /// Where a file really is, if it may be read.
    pub fn locate(&self, path: &str) -> Result<PathBuf, Refusal> {
        let wanted = self.absolute(path);
        let is_allowed = |path: &Path| {
            let resolved = |root: &Path| root.canonicalize().unwrap_or_else(|_| normal(root));
            path.starts_with(resolved(&self.base_dir))
                || self.allowed.iter().any(|root| path.starts_with(resolved(root)))
        };
        let forbidden = || {
            let text =
                format!("'{path}' lies outside of the master's directory (--allow-read lets a configuration read it)");
            Refusal::Forbidden(text)
        };
        match wanted.canonicalize() {
            Ok(real) if is_allowed(&real) => Ok(real),
            Ok(_) => Err(forbidden()),
            // Whether something exists elsewhere is not told either.
            Err(_) if !wanted.starts_with(&self.base_dir) && !is_allowed(&wanted) => Err(forbidden()),
            Err(_) => Err(Refusal::Missing(format!("there is no file '{path}'"))),
        }
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        let real = self.locate(path)?;
        let other = |text: String| Refusal::Other(format!("cannot read '{path}': {text}"));
        let found = fs::metadata(&real).map_err(|error| other(error.to_string()))?;
        if !found.is_file() {
            return Err(other("it is no file".to_owned()));
        }
        if MAX_BYTES < found.len() {
            return Err(other("it is larger than 8 MiB".to_owned()));
        }
        fs::read(&real).map_err(|error| other(error.to_string()))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Result<String, Refusal> {
        let not_text = |_| Refusal::Other(format!("cannot read '{path}': it is not UTF-8"));
        String::from_utf8(self.bytes(path)?).map_err(not_text)
    }

    /// The text of a module; nothing if there is no such file.
    pub fn module(&self, path: &Path) -> Option<Result<String, String>> {
        if let Some(text) = self.kept.get(&self.display_name(path)) {
            return Some(Ok(text.clone()));
        }
        if !path.is_file() {
            return None;
        }
        Some(self.text(&path.to_string_lossy()).map_err(|refusal| refusal.text().to_owned()))
    }

    /// Whether a directory holds Python files; only then it is a package.
    pub fn has_modules(&self, directory: &Path) -> bool {
        let Ok(entries) = fs::read_dir(directory) else { return false };
        entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "py"))
    }

    /// How errors call a file.
    pub fn display_name(&self, path: &Path) -> String {
        path.strip_prefix(&self.base_dir).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// Without `.` and `..`, as far as the text tells.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_are_refused_even_through_a_link() {
        let base = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(base.path().join("a.txt"), "inside").unwrap();
        fs::write(outside.path().join("b.txt"), "outside").unwrap();
        std::os::unix::fs::symlink(outside.path(), base.path().join("link")).unwrap();
        let mut files = Files::new(base.path().to_owned());
        assert_eq!(files.text("a.txt").unwrap(), "inside");
        assert!(matches!(files.text("link/b.txt"), Err(Refusal::Forbidden(_))));
        assert!(matches!(files.text("/etc/passwd"), Err(Refusal::Forbidden(_))));
        assert!(matches!(files.text("../x"), Err(Refusal::Forbidden(_))));
        assert!(matches!(files.text("none"), Err(Refusal::Missing(_))));
        files.allow([outside.path().to_owned()]);
        assert_eq!(files.text("link/b.txt").unwrap(), "outside");
    }
}
