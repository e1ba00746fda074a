//! Changes of Gerrit: under which reference the commit is that a build is about.

use crate::domain::Properties;

/// The reference of the change; nothing if the build is about none, or about one of another project than `project`.
pub fn change_ref(properties: &Properties, project: &str) -> Option<String> {
    let text = |name: &str| properties.get(name).and_then(|value| value.as_str());
    if text("event.change.project") != Some(project) {
        return None;
    }
    if let Some(reference) = text("event.patchSet.ref") {
        return Some(reference.to_owned());
    }
    // Set by hand, as `1234/5`: change and patch set.
    let (change, patch_set) = text("gerrit_change")?.split_once('/')?;
    let (change, patch_set): (u64, u64) = (change.trim().parse().ok()?, patch_set.trim().parse().ok()?);
    Some(format!("refs/changes/{:02}/{change}/{patch_set}", change % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&str, &str)]) -> Option<String> {
        let mut properties = Properties::new();
        for (name, value) in pairs {
            properties.set(*name, *value, "Change");
        }
        change_ref(&properties, "engine")
    }

    #[test]
    fn the_reference_comes_from_the_event_or_from_a_number() {
        let ours = ("event.change.project", "engine");
        let event = ("event.patchSet.ref", "refs/changes/34/1234/2");
        assert_eq!(found(&[ours, event]).as_deref(), Some("refs/changes/34/1234/2"));
        assert_eq!(found(&[ours, ("gerrit_change", "1205/7")]).as_deref(), Some("refs/changes/05/1205/7"));
        assert_eq!(found(&[ours, ("gerrit_change", "x/7")]), None);
        assert_eq!(found(&[ours]), None);
        assert_eq!(found(&[("event.change.project", "other"), event]), None);
        assert_eq!(found(&[event]), None);
    }
}
