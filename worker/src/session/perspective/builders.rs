//! The objects by which a master calls its builders on this worker, and their directories.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use buildbot_protocol::pb::LocalId;

/// One builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Builder {
    pub name: String,
    pub dir: PathBuf,
}

/// All builders that the master has set.
#[derive(Default)]
pub(super) struct Builders {
    by_object: HashMap<LocalId, Builder>,
    objects: HashMap<String, LocalId>,
}

impl Builders {
    pub(super) fn get(&self, object: LocalId) -> Option<&Builder> {
        self.by_object.get(&object)
    }

    /// The object of a builder that was there before.
    pub(super) fn object(&self, name: &str) -> Option<LocalId> {
        self.objects.get(name).copied()
    }

    /// Adds a builder, or gives one another directory.
    pub(super) fn set(&mut self, object: LocalId, name: &str, dir: PathBuf) {
        self.objects.insert(name.to_owned(), object);
        self.by_object.insert(object, Builder { name: name.to_owned(), dir });
    }

    /// Removes the builders that are not wanted any more; their objects.
    pub(super) fn keep_only(&mut self, wanted: &[String]) -> Vec<LocalId> {
        let gone: Vec<String> = self.objects.keys().filter(|name| !wanted.contains(name)).cloned().collect();
        let objects: Vec<LocalId> = gone.iter().filter_map(|name| self.objects.remove(name)).collect();
        objects.iter().for_each(|object| drop(self.by_object.remove(object)));
        objects
    }

    /// The master has let go of an object: the next time it wants the builder, it gets another.
    pub(super) fn released(&mut self, object: LocalId) {
        if let Some(builder) = self.by_object.remove(&object) {
            self.objects.remove(&builder.name);
        }
    }
}

/// Names of directories directly below the worker's that belong to no builder.
pub(super) fn leftovers(base_dir: &Path, wanted: &[PathBuf]) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(base_dir) else { return Vec::new() };
    let directories = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let ours = ["info", "running"].map(|name| base_dir.join(name));
    let mut paths: Vec<PathBuf> = directories.map(|entry| entry.path()).collect();
    // A builder may have its directory further down.
    paths.retain(|path| !ours.contains(path) && !wanted.iter().any(|wanted| wanted.starts_with(path)));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_keeps_its_object_until_it_is_gone() {
        let mut builders = Builders::default();
        builders.set(LocalId(1), "a", PathBuf::from("/w/a"));
        builders.set(LocalId(2), "b", PathBuf::from("/w/b"));
        assert_eq!(builders.object("a"), Some(LocalId(1)));
        assert_eq!(builders.keep_only(&["b".to_owned()]), [LocalId(1)]);
        assert_eq!((builders.object("a"), builders.get(LocalId(1))), (None, None));
        builders.released(LocalId(2));
        assert_eq!(builders.object("b"), None);
    }

    #[test]
    fn what_belongs_to_a_builder_or_to_the_worker_is_not_left_over() {
        let base = tempfile::tempdir().unwrap();
        for name in ["info", "running", "old", "deep/er"] {
            std::fs::create_dir_all(base.path().join(name)).unwrap();
        }
        std::fs::write(base.path().join("twistd.log"), "").unwrap();
        let found = leftovers(base.path(), &[base.path().join("deep/er")]);
        assert_eq!(found, [base.path().join("old")]);
    }
}
