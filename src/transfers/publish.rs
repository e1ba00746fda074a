//! A new tree takes its place: as a whole where nothing is, else file by file over what is there.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// Moves `tree` to `destination`. Files of the same name are replaced, others stay.
pub(super) fn publish(tree: &Path, destination: &Path) -> io::Result<()> {
    match Dir::open_ambient_dir(destination, ambient_authority()) {
        Ok(to) => merge(&Dir::open_ambient_dir(tree, ambient_authority())?, &to),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(tree, destination),
        Err(error) => Err(error),
    }
}

/// As deep as names of archives may be.
fn merge(from: &Dir, to: &Dir) -> io::Result<()> {
    for entry in from.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if !entry.file_type()?.is_dir() {
            from.rename(&name, to, &name)?;
            continue;
        }
        match to.open_dir(&name) {
            Ok(inner) => merge(&from.open_dir(&name)?, &inner)?,
            Err(error) if error.kind() == ErrorKind::NotFound => from.rename(&name, to, &name)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn tree(dir: &TempDir) -> std::path::PathBuf {
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("sub/new")).unwrap();
        fs::write(tree.join("a"), "new a").unwrap();
        fs::write(tree.join("sub/b"), "new b").unwrap();
        fs::write(tree.join("sub/new/c"), "new c").unwrap();
        tree
    }

    #[test]
    fn a_tree_becomes_a_directory_that_was_not_there() {
        let dir = TempDir::new().unwrap();
        publish(&tree(&dir), &dir.path().join("public")).unwrap();
        assert_eq!(fs::read(dir.path().join("public/sub/new/c")).unwrap(), b"new c");
        assert!(!dir.path().join("tree").exists());
    }

    #[test]
    fn a_tree_is_laid_over_what_is_there() {
        let dir = TempDir::new().unwrap();
        let public = dir.path().join("public");
        fs::create_dir_all(public.join("sub")).unwrap();
        for (name, text) in [("a", "old a"), ("sub/b", "old b"), ("sub/kept", "kept")] {
            fs::write(public.join(name), text).unwrap();
        }
        publish(&tree(&dir), &public).unwrap();
        for (name, text) in [("a", "new a"), ("sub/b", "new b"), ("sub/kept", "kept"), ("sub/new/c", "new c")] {
            assert_eq!(fs::read_to_string(public.join(name)).unwrap(), text);
        }
    }

    #[test]
    fn links_at_the_destination_do_not_lead_out_of_it() {
        let dir = TempDir::new().unwrap();
        let (public, outside) = (dir.path().join("public"), dir.path().join("outside"));
        fs::create_dir(&public).unwrap();
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, public.join("sub")).unwrap();
        std::os::unix::fs::symlink(outside.join("a"), public.join("a")).unwrap();
        publish(&tree(&dir), &public).unwrap_err();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_place_of_a_directory_is_an_error() {
        let dir = TempDir::new().unwrap();
        let public = dir.path().join("public");
        fs::write(&public, "a file").unwrap();
        publish(&tree(&dir), &public).unwrap_err();
        assert_eq!(fs::read(&public).unwrap(), b"a file");
    }
}
