//! The version of the worker's git, for what old ones cannot do.

/// Major, minor and patch number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion(u32, u32, u32);

impl GitVersion {
    /// The first that clones with `--filter` reliably.
    pub const WITH_FILTERS: Self = Self(2, 27, 0);

    /// Reads the answer of `git --version`, whose vendors add words and numbers.
    pub fn parse(answer: &str) -> Option<Self> {
        let version = answer.strip_prefix("git version ")?.split_whitespace().next()?;
        let mut numbers = version.split('.').map_while(|part| part.parse().ok());
        Some(Self(numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_vendors_are_read() {
        assert_eq!(GitVersion::parse("git version 2.47.3\n"), Some(GitVersion(2, 47, 3)));
        assert_eq!(GitVersion::parse("git version 2.39.3 (Apple Git-146)\n"), Some(GitVersion(2, 39, 3)));
        assert_eq!(GitVersion::parse("git version 2.40.0.windows.1\n"), Some(GitVersion(2, 40, 0)));
        assert_eq!(GitVersion::parse("git version 2.45.GIT\n"), Some(GitVersion(2, 45, 0)));
        assert_eq!(GitVersion::parse("command not found"), None);
        assert!(GitVersion(2, 9, 5) < GitVersion::WITH_FILTERS);
    }
}
