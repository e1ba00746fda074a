//! Words of Buildbot that templates and subjects use.

use crate::domain::{PropertyValue, Results, SourceStamp};

/// `status_detected`: what kind of end this is, by the modes of its generator.
pub fn status_detected(modes: &[&str], results: Option<Results>, previous: Option<Results>) -> String {
    let has = |mode: &str| modes.contains(&mode);
    let differs = previous.is_some_and(|previous| Some(previous) != results);
    match results {
        Some(Results::Failure) if (has("change") || has("problem")) && differs => "new failure",
        Some(Results::Failure) => "failed build",
        Some(Results::Warnings) => "problem in the build",
        Some(Results::Success) if has("change") && differs => "restored build",
        Some(Results::Success) => "passing build",
        Some(Results::Exception) => "build exception",
        Some(other) => return format!("{other} build"),
        None => "started build",
    }
    .to_owned()
}

/// `summary`: the end and the state of a build in one line.
pub fn summary(results: Option<Results>, state: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!(": {state}") };
    match results {
        None => format!("Build started{state}"),
        Some(Results::Success) => "Build succeeded!".to_owned(),
        Some(Results::Warnings) => format!("Build Had Warnings{state}"),
        Some(Results::Cancelled) => "Build was cancelled".to_owned(),
        Some(_) => format!("BUILD FAILED{state}"),
    }
}

/// `sourcestamps`: what was built, a line for each codebase.
pub fn source_stamps<'a>(stamps: impl Iterator<Item = &'a SourceStamp>) -> String {
    let line = |stamp: &SourceStamp| {
        let spec = &stamp.spec;
        let codebase = if spec.codebase.is_empty() { String::new() } else { format!(" '{}'", spec.codebase) };
        let branch = spec.branch.as_deref().filter(|branch| !branch.is_empty());
        let branch = branch.map(|branch| format!("[branch {branch}] ")).unwrap_or_default();
        let revision = spec.revision.as_deref().filter(|revision| !revision.is_empty()).unwrap_or("HEAD");
        let patch = if spec.patch.is_some() { " (plus patch)" } else { "" };
        format!("Build Source Stamp{codebase}: {branch}{revision}{patch}\n")
    };
    stamps.map(line).collect()
}

/// `projects`: those of the source, each once; the title of the installation if there is none.
pub fn projects<'a>(stamps: impl Iterator<Item = &'a SourceStamp>, title: &str) -> String {
    let mut names: Vec<&str> =
        stamps.map(|stamp| stamp.spec.project.as_str()).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { title.to_owned() } else { names.join(", ") }
}

/// A property as short text; several codebases have a map here, of which the first value is shown.
pub fn short(value: Option<&PropertyValue>) -> Option<String> {
    match value? {
        PropertyValue::Str(text) if !text.is_empty() => Some(text.clone()),
        PropertyValue::Map(items) => items.values().find_map(|item| short(Some(item))),
        _ => None,
    }
}

/// The first line of a text, cut to so many characters. Nothing in it could end a line or hide what follows.
pub fn one_line(text: &str, most: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let visible = |letter: char| if is_unseen(letter) { ' ' } else { letter };
    let mut letters = line.chars().map(visible);
    let mut cut: String = letters.by_ref().take(most).collect();
    if letters.next().is_some() {
        cut.push('…');
    }
    cut
}

/// Control characters, and those that turn the direction of what follows.
pub const fn is_unseen(letter: char) -> bool {
    letter.is_ascii_control()
        || matches!(letter, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SourceStampId, StampSpec, Timestamp};

    #[test]
    fn a_failure_is_new_only_for_modes_that_compare() {
        let failed = Some(Results::Failure);
        assert_eq!(status_detected(&["problem"], failed, Some(Results::Success)), "new failure");
        assert_eq!(status_detected(&["failing"], failed, Some(Results::Success)), "failed build");
        assert_eq!(status_detected(&["change"], Some(Results::Success), failed), "restored build");
        assert_eq!(status_detected(&["all"], Some(Results::Cancelled), None), "cancelled build");
        assert_eq!(status_detected(&[], None, None), "started build");
    }

    #[test]
    fn source_is_named_codebase_by_codebase() {
        let stamp = |codebase: &str, branch: Option<&str>| SourceStamp {
            id: SourceStampId(1),
            spec: StampSpec {
                codebase: codebase.to_owned(),
                branch: branch.map(str::to_owned),
                project: "p".to_owned(),
                ..StampSpec::default()
            },
            created_at: Timestamp::from_secs(0),
        };
        let stamps = [stamp("", Some("main")), stamp("lib", None)];
        assert_eq!(
            source_stamps(stamps.iter()),
            "Build Source Stamp: [branch main] HEAD\nBuild Source Stamp 'lib': HEAD\n"
        );
        assert_eq!(projects(stamps.iter(), "T"), "p");
        assert_eq!(projects(std::iter::empty(), "T"), "T");
    }

    #[test]
    fn one_line_has_nothing_that_could_begin_another() {
        assert_eq!(one_line("fix\r\nBcc: x@y", 50), "fix");
        assert_eq!(one_line("a\u{2028}b\u{0}c\u{202e}d", 50), "a b c d");
        assert_eq!(one_line("äöü", 2), "äö…");
    }
}
