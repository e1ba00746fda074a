//! What Buildbot has and this master has not yet, counted from the table.

use super::table::keys::{KEYS, Key, KeySupport, WWW_KEYS};
use super::table::{Class, NAMESPACES, STATUS, Support, classes};

/// A text for people: by kind, each with its count.
pub fn missing() -> String {
    let not_yet = |class: &Class| matches!(class.support, Support::NotYet(_));
    let idle = |class: &Class| class.support == Support::Inactive;
    let mut text = "Known, not available yet; a master does not start with them\n".to_owned();
    text += &by_namespace(not_yet);
    text += &group("arguments", &arguments());
    text += &group("keys", &keys(KeySupport::NotYet));
    text += "\nKnown, without effect for now; the pages of a master that uses them say so\n";
    text += &by_namespace(idle);
    text += &group("keys", &keys(KeySupport::Inactive));
    text.trim_end().to_owned()
}

fn by_namespace(wanted: impl Fn(&Class) -> bool) -> String {
    let namespaces = NAMESPACES.iter().chain([&STATUS]);
    let groups = namespaces.map(|namespace| {
        let of_namespace = classes().filter(|class| class.namespace == *namespace && wanted(class));
        group(namespace, &of_namespace.map(|class| class.name.to_owned()).collect::<Vec<_>>())
    });
    groups.collect()
}

/// Arguments of classes that work.
fn arguments() -> Vec<String> {
    let working = classes().filter(|class| class.support == Support::Works);
    let named = working.flat_map(|class| {
        let unbuilt = class.all_arguments().filter(|argument| !argument.available);
        unbuilt.map(|argument| format!("{}({}=)", class.full_name(), argument.name))
    });
    named.collect()
}

fn keys(support: KeySupport) -> Vec<String> {
    let of = |table: &'static [Key], dictionary: &'static str| {
        let wanted = table.iter().filter(move |key| key.support == support);
        wanted.map(move |key| format!("{dictionary}['{}']", key.name))
    };
    of(KEYS, "c").chain(of(WWW_KEYS, "c['www']")).collect()
}

/// A line for each group that holds anything.
fn group(kind: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("  {kind} ({}): {}\n", names.len(), names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_listed_by_kind_with_its_count() {
        let text = missing();
        let workers = classes().filter(|class| class.namespace == "worker" && class.support != Support::Works).count();
        assert!(text.contains(&format!("  worker ({workers}): LocalWorker, DockerLatentWorker")), "{text}");
        assert!(text.contains("steps.MasterShellCommand(usePTY=)"), "{text}");
        assert!(text.contains("c['www']['authz']"), "{text}");
        let (refused, idle) = text.split_once("\n\n").unwrap();
        assert!(refused.contains("MaildirSource") && idle.contains("PasswordManhole"), "{text}");
        assert!(!text.contains("GitPoller,") && !text.contains("util.Interpolate"), "{text}");
    }
}
