//! What the operator lets a configuration see: flags of every command that reads one.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::clock::Clock;
use crate::config::{Loader, Precheck};

#[derive(Args, Clone, Debug, Default)]
pub(super) struct ConfigAccess {
    /// A file or directory outside of the base directory that the configuration may read
    #[arg(long, value_name = "PATH")]
    allow_read: Vec<PathBuf>,
    /// A variable that the configuration does not see in os.environ
    #[arg(long, value_name = "NAME")]
    deny_env: Vec<String>,
}

impl ConfigAccess {
    /// Reads configurations in this process.
    pub(super) fn loader(&self, base_dir: &Path) -> Loader {
        let text = |word: std::ffi::OsString| word.to_string_lossy().into_owned();
        let environ: BTreeMap<String, String> = env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .filter(|(name, _)| !self.deny_env.contains(name))
            .collect();
        let readable = self.allow_read.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
        let clock = Clock::system();
        Loader::new(base_dir).with_environ(environ).with_readable(readable).with_now(move || clock.now())
    }

    /// Reads them in a child first.
    pub(super) fn precheck(&self, program: PathBuf) -> Precheck {
        Precheck {
            program,
            arguments: ["checkconfig".to_owned(), "--child".to_owned()].into_iter().chain(self.flags()).collect(),
        }
    }

    /// The flags again, for another process.
    pub(super) fn flags(&self) -> Vec<String> {
        let paths = self.allow_read.iter().map(|path| {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            format!("--allow-read={}", path.display())
        });
        paths.chain(self.deny_env.iter().map(|name| format!("--deny-env={name}"))).collect()
    }
}
