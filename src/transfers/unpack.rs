//! An archive becomes files, below one open directory and nowhere else.

use std::fs::{FileTimes, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_std::fs::{Dir, OpenOptions};

use super::archive::{Archive, EntryKind};
use super::error::TransferError;
use super::file_writer::unix_time;
use super::name::entry_path;

/// Nobody but the master's own user may write what was uploaded.
const MODE: u32 = 0o755;

/// What the owner may do in any case.
const OWNER: u32 = 0o600;

/// Unpacks into `root`, which is new: nobody else has put anything there. Ends early once `given_up` is set.
pub(super) fn unpack<R: Read>(
    archive: &mut Archive<R>,
    root: &Dir,
    given_up: &AtomicBool,
) -> Result<(), TransferError> {
    let go_on = || if given_up.load(Ordering::Relaxed) { Err(TransferError::GivenUp) } else { Ok(()) };
    while let Some(entry) = archive.next()? {
        go_on()?;
        let failed = |error: std::io::Error| TransferError::entry(&entry.name, format!("it cannot be made: {error}"));
        match (entry_path(&entry.name)?, entry.kind) {
            (None, EntryKind::Directory) => {}
            (None, EntryKind::File { .. }) => {
                return Err(TransferError::entry(&entry.name, "it is a file without a name"));
            }
            (Some(path), EntryKind::Directory) => root.create_dir_all(path).map_err(failed)?,
            (Some(path), EntryKind::File { mode, modified }) => {
                if let Some(parent) = path.parent().filter(|parent| *parent != Path::new("")) {
                    root.create_dir_all(parent).map_err(failed)?;
                }
                let mut new = OpenOptions::new();
                let mut file = root.open_with(&path, new.write(true).create_new(true)).map_err(failed)?.into_std();
                archive.copy_content(&mut file, go_on, failed)?;
                file.set_permissions(Permissions::from_mode(mode & MODE | OWNER)).map_err(failed)?;
                if let Some(modified) = modified.and_then(unix_time) {
                    file.set_times(FileTimes::new().set_modified(modified)).map_err(failed)?;
                }
            }
        }
    }
    Ok(())
}
