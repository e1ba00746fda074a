//! Paths on the master, as a configuration writes them.

use std::path::{Path, PathBuf};

use nix::unistd::User;

/// The file of a configured path: `~` and `~user` are homes, and what is not absolute lies below the base directory.
pub(super) fn place(base_dir: &Path, configured: &str) -> PathBuf {
    let expanded = expand(configured, std::env::home_dir(), home_of);
    base_dir.join(expanded)
}

/// A home that is not known leaves the path as it is.
fn expand(configured: &str, own: Option<PathBuf>, home_of: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let Some(rest) = configured.strip_prefix('~') else { return PathBuf::from(configured) };
    let (user, below) = rest.split_once('/').unwrap_or((rest, ""));
    let home = if user.is_empty() { own } else { home_of(user) };
    match home {
        Some(home) if below.is_empty() => home,
        Some(home) => home.join(below.trim_start_matches('/')),
        None => PathBuf::from(configured),
    }
}

fn home_of(user: &str) -> Option<PathBuf> {
    User::from_name(user).ok().flatten().map(|user| user.dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lie_below_the_base_directory_unless_they_say_otherwise() {
        let base = Path::new("/m");
        assert_eq!(place(base, "public/a.tgz"), Path::new("/m/public/a.tgz"));
        assert_eq!(place(base, "/srv/a.tgz"), Path::new("/srv/a.tgz"));
    }

    #[test]
    fn a_tilde_is_a_home() {
        let homes = |user: &str| (user == "ann").then(|| PathBuf::from("/home/ann"));
        let expanded = |path: &str| expand(path, Some(PathBuf::from("/home/bb")), homes);
        assert_eq!(expanded("~/public/a"), Path::new("/home/bb/public/a"));
        assert_eq!(expanded("~"), Path::new("/home/bb"));
        assert_eq!(expanded("~ann//a"), Path::new("/home/ann/a"));
        assert_eq!(expanded("~nobody-here/a"), Path::new("~nobody-here/a"));
        assert_eq!(expanded("a~"), Path::new("a~"));
    }
}
