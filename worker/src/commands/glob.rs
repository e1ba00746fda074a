//! `glob`: finds files by a pattern.

use std::collections::BTreeSet;

use buildbot_protocol::Update;
use glob::{MatchOptions, Pattern, PatternError};

use super::files::blocking;
use super::{Arguments, CommandContext, CommandError, arguments};

pub async fn glob(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let pattern = arguments::text(&args, "path")?;
    let wanted = pattern.clone();
    match blocking(&context, move || find(&wanted)).await? {
        Ok(mut files) => {
            // A pattern may climb out where its beginning does not.
            files.retain(|file| context.session.confined(file).is_ok());
            context.say(Update::Files(files)).await?;
            Ok(context.rc(0).await?)
        }
        Err(error) => {
            context.header(&format!("glob: {error}: {pattern}")).await?;
            Ok(context.rc(1).await?)
        }
    }
}

/// As Python finds them: hidden names only where the pattern has the dot, and `**` at the end means files too.
fn find(pattern: &str) -> Result<Vec<String>, PatternError> {
    let options =
        MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
    let dotted: Result<Vec<Pattern>, PatternError> =
        pattern.split('/').filter(|part| part.starts_with('.')).map(Pattern::new).collect();
    let dotted = dotted?;
    let is_wanted = |name: &str| !name.starts_with('.') || dotted.iter().any(|pattern| pattern.matches(name));
    let mut found = BTreeSet::new();
    let below = pattern.ends_with("/**").then(|| format!("{pattern}/*"));
    for pattern in [Some(pattern), below.as_deref()].into_iter().flatten() {
        let paths = glob::glob_with(pattern, options)?;
        // Directories that cannot be read hold nothing that could be found.
        let paths = paths.flatten().map(|path| path.to_string_lossy().into_owned());
        found.extend(paths.filter(|path| path.split('/').all(is_wanted)));
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_what_they_find_in_python() {
        let base = tempfile::tempdir().unwrap();
        for name in ["a.c", "b.h", ".hidden.c", "sub/deep/c.c"] {
            let path = base.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let prefix = format!("{}/", base.path().display());
        let names = |pattern: &str| -> Vec<String> {
            let found = find(&format!("{prefix}{pattern}")).unwrap();
            found.iter().map(|path| path.trim_start_matches(&prefix).to_owned()).collect()
        };
        assert_eq!(names("*.c"), ["a.c"]);
        assert_eq!(names(".*.c"), [".hidden.c"]);
        assert_eq!(names("**/*.c"), ["a.c", "sub/deep/c.c"]);
        assert_eq!(names("sub/**")[..2], ["sub/deep", "sub/deep/c.c"]);
        assert_eq!(names("[ab].?"), ["a.c", "b.h"]);
        assert!(names("nothing*").is_empty());
        assert!(find("a/***").is_err());
    }
}
