//! Names that a worker gives: which of them may become files of the master.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::error::TransferError;

/// Directories within directories, at most.
const MAX_DEPTH: usize = 128;

/// The longest name of one file or directory, in bytes; more than file systems take.
const MAX_PART: usize = 255;

/// The path of an archive's entry, relative to the directory it is unpacked to; `None` for that directory itself.
///
/// Only plain names pass: what leads out of the directory is an error, not mended.
pub(super) fn entry_path(name: &[u8]) -> Result<Option<PathBuf>, TransferError> {
    let refused = |why: &str| Err(TransferError::entry(name, why));
    // The directory itself is called "/", "./" or nothing, depending on the worker.
    if matches!(name, b"" | b"/" | b"." | b"./") {
        return Ok(None);
    }
    if name.starts_with(b"/") {
        return refused("its name is absolute");
    }
    if name.contains(&0) {
        return refused("its name has a zero byte");
    }
    let mut path = PathBuf::new();
    let mut depth = 0_usize;
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return refused("its name leads out of the directory"),
            part if MAX_PART < part.len() => return refused("its name is too long"),
            part => path.push(OsString::from_vec(part.to_vec())),
        }
        depth += 1;
    }
    if MAX_DEPTH < depth {
        return refused("it lies too deep");
    }
    Ok((depth != 0).then_some(path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn plain_names_pass() {
        for (name, expected) in [("a", "a"), ("./a/b/", "a/b"), ("a//b", "a/b"), ("a/..b/c..", "a/..b/c..")] {
            assert_eq!(entry_path(name.as_bytes()).unwrap().as_deref(), Some(Path::new(expected)), "{name}");
        }
        for root in ["", "/", ".", "./", "./."] {
            assert_eq!(entry_path(root.as_bytes()).unwrap(), None, "{root:?}");
        }
        assert!(entry_path(b"caf\xe9").unwrap().is_some(), "names need not be UTF-8");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let deep = "d/".repeat(MAX_DEPTH + 1);
        let long = "x".repeat(MAX_PART + 1);
        for name in ["..", "../a", "a/../../b", "a/..", "/etc/passwd", "//a", "a\0b", &deep, &long] {
            let error = entry_path(name.as_bytes());
            assert!(matches!(error, Err(TransferError::Entry { .. })), "{name:?} passed: {error:?}");
        }
    }
}
