//! The texts of an earlier version take the places of its files, so that the next start finds them there.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use super::ReconfigureError;
use crate::config::ConfigFile;
use crate::db::Db;
use crate::db::views::config_versions;

/// Writes the files below `base_dir`. What stood there and is in no version is kept beside it, as `master.cfg.replaced`.
pub(super) async fn put_back(db: &Db, base_dir: &Path, files: &[ConfigFile]) -> Result<(), ReconfigureError> {
    for file in files {
        let path = base_dir.join(&file.name);
        let failed = |error| ReconfigureError::File { path: path.clone(), error };
        let place = path.clone();
        if !is_below(&file.name) && blocking(move || read(&place)).await.map_err(failed)? != file.text {
            return Err(ReconfigureError::Outside(path));
        }
    }
    for file in files.iter().filter(|file| is_below(&file.name)) {
        let (path, text) = (base_dir.join(&file.name), file.text.clone());
        let failed = |path: PathBuf| move |error| ReconfigureError::File { path, error };
        let place = path.clone();
        let present = blocking(move || read(&place)).await.map_err(failed(path.clone()))?;
        if present == text {
            continue;
        }
        let wanted = present.clone();
        if !present.is_empty() && !db.read(move |conn| config_versions::is_kept(conn, &wanted)).await? {
            let beside = beside(&path, "replaced");
            let place = beside.clone();
            blocking(move || fs::write(place, present)).await.map_err(failed(beside))?;
        }
        let place = path.clone();
        blocking(move || replace(&place, &text)).await.map_err(failed(path))?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|died| Err(io::Error::other(died)))
}

/// Whether a name leads to a file below the directory it is looked for in.
fn is_below(name: &str) -> bool {
    Path::new(name).components().all(|component| matches!(component, Component::Normal(_)))
}

/// What stands in the file; an absent one is empty.
fn read(path: &Path) -> io::Result<String> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Whoever reads the file meanwhile, and a machine that loses its power, sees the old text or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path, "new");
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    if let Ok(present) = fs::metadata(path) {
        file.set_permissions(present.permissions())?;
    }
    file.sync_all()?;
    fs::rename(&new, path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}
