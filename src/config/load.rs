//! Loading: a file becomes a [`MasterConfig`], or a list of everything that is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build;
use super::script::{ConfigEngine, StarlarkEngine, Surroundings};
use super::source::SourceText;
use super::{ConfigError, ConfigErrors, ConfigFile, MasterConfig};

/// The configuration of a master, in its base directory.
pub const MASTER_CFG: &str = "master.cfg";

/// Loads configurations of one master. Blocks, for seconds at worst: never call it on the core thread.
#[derive(Clone, Debug)]
pub struct Loader {
    surroundings: Surroundings,
}

impl Loader {
    /// `base_dir` is the master's directory: `basedir` in the file.
    pub fn new(base_dir: impl Into<PathBuf>) -> Self {
        Self { surroundings: Surroundings { base_dir: base_dir.into(), environ: BTreeMap::new() } }
    }

    /// What the file sees as `os.environ`; nothing if this is not called.
    pub fn with_environ(mut self, environ: BTreeMap<String, String>) -> Self {
        self.surroundings.environ = environ;
        self
    }

    /// Loads a file; errors name it by the last part of its path.
    pub fn file(&self, path: &Path) -> Result<MasterConfig, ConfigErrors> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let problem = |message: String| ConfigErrors::new(vec![ConfigError::whole_file(&name, message)]);
        let bytes = fs::read(path).map_err(|error| problem(format!("cannot read {}: {error}", path.display())))?;
        let text = String::from_utf8(bytes).map_err(|_| problem("the file is not UTF-8".to_owned()))?;
        self.text(&name, &text)
    }

    /// Loads a text; errors name it `name`.
    pub fn text(&self, name: &str, text: &str) -> Result<MasterConfig, ConfigErrors> {
        let source = SourceText::new(name, text);
        let outcome = StarlarkEngine.run(&source, &self.surroundings).map_err(ConfigErrors::new)?;
        let config = build::build(&source, outcome, &self.surroundings.base_dir)?;
        Ok(MasterConfig { files: vec![ConfigFile { name: name.to_owned(), text: text.to_owned() }], ..config })
    }
}

/// Loads a file without an environment; see [`Loader`].
pub fn load(path: &Path, base_dir: &Path) -> Result<MasterConfig, ConfigErrors> {
    Loader::new(base_dir).file(path)
}
