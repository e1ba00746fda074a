//! Loading: a file becomes a [`MasterConfig`], or a list of everything that is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build;
use super::precheck::Precheck;
use super::script::{ConfigEngine, Files, Now, Pulse, StarlarkEngine, Surroundings};
use super::source::SourceText;
use super::{ConfigError, ConfigErrors, ConfigFile, MasterConfig, StoredValues};
use crate::domain::Timestamp;

/// The configuration of a master, in its base directory.
pub const MASTER_CFG: &str = "master.cfg";

/// Loads configurations of one master. Blocks, for seconds at worst: never call it on the core thread.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    surroundings: Surroundings,
    precheck: Option<Precheck>,
}

impl Loader {
    /// `base_dir` is the master's directory: `basedir` in the file.
    pub fn new(base_dir: impl Into<PathBuf>) -> Self {
        let surroundings = Surroundings { files: Files::new(base_dir.into()), ..Surroundings::default() };
        Self { surroundings, precheck: None }
    }

    /// What the file sees as `os.environ`; nothing if this is not called.
    pub fn with_environ(mut self, environ: BTreeMap<String, String>) -> Self {
        self.surroundings.environ = environ;
        self
    }

    /// Files and directories outside of the base directory that the file may read.
    pub fn with_readable(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.surroundings.files.allow(paths);
        self
    }

    /// What time it is in the file, and whenever one of its functions asks.
    pub fn with_now(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.surroundings.now = Now::new(now);
        self
    }

    /// Signs of life of files while they run.
    pub fn pulse(&self) -> Pulse {
        self.surroundings.pulse.clone()
    }

    /// Where `util.DbConfig` reads; the database files if this is not called.
    pub fn with_stored(mut self, stored: StoredValues) -> Self {
        self.surroundings.stored = stored;
        self
    }

    /// Has a child process read every file first.
    pub fn with_precheck(mut self, precheck: Precheck) -> Self {
        self.precheck = Some(precheck);
        self
    }

    /// Texts that are taken instead of files of that name: a configuration as it was.
    pub fn with_kept(mut self, files: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, text) in files {
            self.surroundings.files.keep(name, text);
        }
        self
    }

    /// Loads the master's own file.
    pub fn master_cfg(&self) -> Result<MasterConfig, ConfigErrors> {
        self.file(&self.surroundings.files.base_dir().join(MASTER_CFG))
    }

    /// Loads a file; errors name it by the last part of its path.
    pub fn file(&self, path: &Path) -> Result<MasterConfig, ConfigErrors> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let problem = |message: String| ConfigErrors::new(vec![ConfigError::whole_file(&name, message)]);
        let bytes = fs::read(path).map_err(|error| problem(format!("cannot read {}: {error}", path.display())))?;
        let text = String::from_utf8(bytes).map_err(|_| problem("the file is not UTF-8".to_owned()))?;
        if let Some(precheck) = &self.precheck {
            precheck.run(path)?;
        }
        self.text(&name, &text)
    }

    /// Loads a text; errors name it `name`.
    pub fn text(&self, name: &str, text: &str) -> Result<MasterConfig, ConfigErrors> {
        let source = SourceText::new(name, text);
        let outcome = StarlarkEngine.run(&source, &self.surroundings).map_err(ConfigErrors::new)?;
        let (source, others) = (outcome.source.clone(), outcome.others.clone());
        let config = build::build(&source, outcome, self.surroundings.files.base_dir())?;
        let main = ConfigFile { name: name.to_owned(), text: text.to_owned() };
        // Files elsewhere are somebody else's: no version of the configuration puts them back.
        let is_ours = |name: &str| !Path::new(name).is_absolute();
        let others = others.into_iter().filter(|(name, text)| is_ours(name) && !text.is_empty());
        let others = others.map(|(name, text)| ConfigFile { name, text });
        Ok(MasterConfig { files: std::iter::once(main).chain(others).collect(), ..config })
    }
}

/// Loads a file without an environment; see [`Loader`].
pub fn load(path: &Path, base_dir: &Path) -> Result<MasterConfig, ConfigErrors> {
    Loader::new(base_dir).file(path)
}
