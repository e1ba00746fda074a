//! `SecretInAFile`: each secret is a file of a directory.
//!
//! A file is read whenever its secret is wanted, so a new text in it needs no reload of the configuration. It must not
//! be accessible to others, and it must be a plain file: a pipe would block whoever reads it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use nix::fcntl::OFlag;

use super::store::{MAX_BYTES, Provider};
use super::{Secret, SecretFilesConfig};

/// The bits of a mode that are about others.
const OTHERS: u32 = 0o007;

pub(super) struct SecretFiles {
    config: SecretFilesConfig,
}

impl SecretFiles {
    pub(super) fn new(config: SecretFilesConfig) -> Self {
        Self { config }
    }
}

impl Provider for SecretFiles {
    fn find(&self, name: &str) -> Result<Option<Secret>, String> {
        if !is_file_name(name) {
            return Ok(None);
        }
        for suffix in &self.config.suffixes {
            let path = self.config.directory.join(format!("{name}{suffix}"));
            match open(&path) {
                Ok(file) => return read(file, &path, self.config.strip).map(Some),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("cannot open {}: {error}", path.display())),
            }
        }
        Ok(None)
    }
}

/// Names of secrets are names of files, and never lead out of the directory.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// Opens without waiting for the other end of a pipe.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

fn read(file: File, path: &Path, strip: bool) -> Result<Secret, String> {
    let shown = path.display();
    let facts = file.metadata().map_err(|error| format!("cannot look at {shown}: {error}"))?;
    if !facts.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    if let Some(problem) = too_open(path, facts.mode()) {
        return Err(problem);
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| format!("cannot read {shown}: {error}"))?;
    if MAX_BYTES < bytes.len() {
        return Err(format!("{shown} is larger than {} KiB", MAX_BYTES >> 10));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8"))?;
    Ok(Secret::new(if strip { text.trim_end_matches(['\r', '\n']) } else { &text }))
}

fn too_open(path: &Path, mode: u32) -> Option<String> {
    let mode = mode & 0o7777;
    (mode & OTHERS != 0).then(|| format!("{} is accessible to others (mode {mode:o}); chmod o= it", path.display()))
}

/// What is wrong with the directory and the files that may be secrets.
pub fn check_directory(config: &SecretFilesConfig) -> Vec<String> {
    let entries = match fs::read_dir(&config.directory) {
        Ok(entries) => entries,
        Err(error) => return vec![format!("cannot read the directory {}: {error}", config.directory.display())],
    };
    let is_secret = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        config.suffixes.iter().any(|suffix| name.ends_with(suffix.as_str()))
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_secret).collect();
    paths.sort();
    let problem = |path: &PathBuf| {
        let facts = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        too_open(path, facts.mode())
    };
    paths.iter().filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;

    use super::*;

    fn put(directory: &TempDir, name: &str, text: impl AsRef<[u8]>, mode: u32) {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn config(directory: &TempDir, suffixes: &[&str]) -> SecretFilesConfig {
        let suffixes = suffixes.iter().map(|suffix| (*suffix).to_owned()).collect();
        SecretFilesConfig { directory: directory.path().to_owned(), suffixes, strip: true }
    }

    fn find(config: SecretFilesConfig, name: &str) -> Result<Option<String>, String> {
        SecretFiles::new(config).find(name).map(|found| found.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn line_ends_at_the_end_are_stripped_unless_wanted() {
        let directory = TempDir::new().unwrap();
        put(&directory, "token", " a\nb \r\n\n", 0o600);
        assert_eq!(find(config(&directory, &[""]), "token"), Ok(Some(" a\nb ".to_owned())));
        let as_it_is = SecretFilesConfig { strip: false, ..config(&directory, &[""]) };
        assert_eq!(find(as_it_is, "token"), Ok(Some(" a\nb \r\n\n".to_owned())));
    }

    #[test]
    fn suffixes_complete_the_name() {
        let directory = TempDir::new().unwrap();
        put(&directory, "a.key", "one", 0o640);
        put(&directory, "b.pw", "two", 0o600);
        let config = config(&directory, &[".pw", ".key"]);
        assert_eq!(find(config.clone(), "a"), Ok(Some("one".to_owned())));
        assert_eq!(find(config.clone(), "b"), Ok(Some("two".to_owned())));
        assert_eq!(find(config, "a.key"), Ok(None));
    }

    #[test]
    fn a_file_that_others_may_touch_is_refused() {
        let directory = TempDir::new().unwrap();
        put(&directory, "token", "hunter2", 0o604);
        put(&directory, "fine", "hunter2", 0o660);
        let error = find(config(&directory, &[""]), "token").unwrap_err();
        assert!(error.ends_with("token is accessible to others (mode 604); chmod o= it"), "{error}");
        assert_eq!(check_directory(&config(&directory, &[""])), [error]);
        assert_eq!(check_directory(&config(&directory, &[".key"])), Vec::<String>::new());
    }

    #[test]
    fn names_do_not_lead_out_of_the_directory() {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("secrets")).unwrap();
        put(&directory, "outside", "hunter2", 0o600);
        let inside = SecretFilesConfig { directory: directory.path().join("secrets"), ..config(&directory, &[""]) };
        let absolute = directory.path().join("outside").display().to_string();
        for name in ["../outside", "secrets/../../outside", &absolute, "", ".", "..", "a/b", "outside/"] {
            assert_eq!(find(inside.clone(), name), Ok(None), "{name}");
        }
    }

    #[test]
    fn what_is_no_text_file_of_bearable_size_is_refused() {
        let directory = TempDir::new().unwrap();
        put(&directory, "large", vec![b'x'; MAX_BYTES + 1], 0o600);
        put(&directory, "bytes", [0xff, 0xfe], 0o600);
        fs::create_dir(directory.path().join("directory")).unwrap();
        mkfifo(&directory.path().join("pipe"), Mode::from_bits_truncate(0o600)).unwrap();
        for (name, problem) in [
            ("large", "is larger than 64 KiB"),
            ("bytes", "is not UTF-8"),
            ("directory", "is not a file"),
            ("pipe", "is not a file"),
        ] {
            let error = find(config(&directory, &[""]), name).unwrap_err();
            assert!(error.ends_with(problem), "{error}");
        }
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let directory = TempDir::new().unwrap();
        let missing = SecretFilesConfig { directory: directory.path().join("no"), ..config(&directory, &[""]) };
        let problems = check_directory(&missing);
        assert!(problems[0].starts_with("cannot read the directory"), "{problems:?}");
        assert_eq!(find(missing, "token"), Ok(None));
    }
}
