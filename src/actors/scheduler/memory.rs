//! The memory of a scheduler as the text that its row keeps: JSON, in which what is missing is as in the beginning.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::domain::{BuildId, BuildsetId, ChangeId, Patch, Properties, StampSpec, Timestamp, TriggerOrder};
use crate::json::{self, Value};
use crate::schedulers::facts::{LastRevision, Memory, UpstreamMemory};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    revisions: BTreeMap<String, StoredRevision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_due_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_buildset: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_buildsets: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<StoredOrder>,
}

#[derive(Serialize, Deserialize)]
struct StoredRevision {
    change: i64,
    repository: String,
    branch: Option<String>,
    revision: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredOrder {
    stamps: Vec<StoredStamp>,
    /// Name to value and source.
    properties: BTreeMap<String, (Value, String)>,
    waited_for: bool,
    parent: Option<(i64, String)>,
    priority: Option<i32>,
}

#[derive(Serialize, Deserialize)]
struct StoredStamp {
    codebase: String,
    repository: String,
    project: String,
    branch: Option<String>,
    revision: Option<String>,
    patch: Option<StoredPatch>,
}

#[derive(Serialize, Deserialize)]
struct StoredPatch {
    body_base64: String,
    level: i32,
    subdir: String,
    author: String,
    comment: String,
}

/// Reads what a row keeps; text that is no memory of ours is as no memory.
pub fn read(text: &str) -> Memory {
    let stored: Stored = json::from_str(text).unwrap_or_default();
    Memory {
        revisions: stored.revisions.into_iter().map(|(codebase, revision)| (codebase, revision.into())).collect(),
        last_due: stored.last_due_us.map(Timestamp::from_micros),
        upstream: stored.seen_buildset.map(|seen| UpstreamMemory {
            seen: BuildsetId(seen),
            open: stored.open_buildsets.into_iter().map(BuildsetId).collect(),
        }),
        trigger: stored.trigger.map(TriggerOrder::from),
    }
}

/// What a row is to keep.
pub fn write(memory: &Memory) -> String {
    let revision = |(codebase, revision): (&String, &LastRevision)| {
        let LastRevision { change, repository, branch, revision } = revision.clone();
        (codebase.clone(), StoredRevision { change: change.0, repository, branch, revision })
    };
    json::to_string(&Stored {
        revisions: memory.revisions.iter().map(revision).collect(),
        last_due_us: memory.last_due.map(Timestamp::micros),
        seen_buildset: memory.upstream.as_ref().map(|upstream| upstream.seen.0),
        open_buildsets: memory.upstream.iter().flat_map(|upstream| &upstream.open).map(|id| id.0).collect(),
        trigger: memory.trigger.as_ref().map(StoredOrder::from),
    })
}

impl From<StoredRevision> for LastRevision {
    fn from(stored: StoredRevision) -> Self {
        let StoredRevision { change, repository, branch, revision } = stored;
        Self { change: ChangeId(change), repository, branch, revision }
    }
}

impl From<StoredOrder> for TriggerOrder {
    fn from(stored: StoredOrder) -> Self {
        let mut properties = Properties::new();
        for (name, (value, source)) in stored.properties {
            properties.set(&name, json::to_property(&value), &source);
        }
        Self {
            stamps: stored.stamps.into_iter().map(StampSpec::from).collect(),
            properties,
            waited_for: stored.waited_for,
            parent: stored.parent.map(|(build, relationship)| (BuildId(build), relationship)),
            priority: stored.priority,
        }
    }
}

impl From<&TriggerOrder> for StoredOrder {
    fn from(order: &TriggerOrder) -> Self {
        let properties = order.properties.iter();
        Self {
            stamps: order.stamps.iter().cloned().map(StoredStamp::from).collect(),
            properties: properties
                .map(|(name, property)| {
                    (name.to_owned(), (json::of_property(&property.value), property.source.to_string()))
                })
                .collect(),
            waited_for: order.waited_for,
            parent: order.parent.as_ref().map(|(build, relationship)| (build.0, relationship.clone())),
            priority: order.priority,
        }
    }
}

impl From<StoredStamp> for StampSpec {
    fn from(stored: StoredStamp) -> Self {
        let StoredStamp { codebase, repository, project, branch, revision, patch } = stored;
        Self { codebase, repository, project, branch, revision, patch: patch.map(Patch::from) }
    }
}

impl From<StampSpec> for StoredStamp {
    fn from(stamp: StampSpec) -> Self {
        let StampSpec { codebase, repository, project, branch, revision, patch } = stamp;
        Self { codebase, repository, project, branch, revision, patch: patch.map(StoredPatch::from) }
    }
}

impl From<StoredPatch> for Patch {
    fn from(stored: StoredPatch) -> Self {
        let StoredPatch { body_base64, level, subdir, author, comment } = stored;
        Self { body: STANDARD.decode(body_base64).unwrap_or_default(), level, subdir, author, comment }
    }
}

impl From<Patch> for StoredPatch {
    fn from(patch: Patch) -> Self {
        let Patch { body, level, subdir, author, comment } = patch;
        Self { body_base64: STANDARD.encode(body), level, subdir, author, comment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PropertyValue;

    fn memory() -> Memory {
        let patch = Patch {
            body: vec![0, 255, b'x'],
            level: 1,
            subdir: String::new(),
            author: "ada".to_owned(),
            comment: String::new(),
        };
        let mut properties = Properties::new();
        properties.set("p", PropertyValue::Float(1.5), "Trigger");
        let revision = LastRevision {
            change: ChangeId(7),
            repository: "https://git/x".to_owned(),
            branch: None,
            revision: Some("r7".to_owned()),
        };
        Memory {
            revisions: BTreeMap::from([(String::new(), revision)]),
            last_due: Some(Timestamp::from_micros(12)),
            upstream: Some(UpstreamMemory { seen: BuildsetId(9), open: vec![BuildsetId(4), BuildsetId(8)] }),
            trigger: Some(TriggerOrder {
                stamps: vec![StampSpec { patch: Some(patch), ..StampSpec::default() }],
                properties,
                waited_for: true,
                parent: Some((BuildId(3), "Triggered from".to_owned())),
                priority: Some(-1),
            }),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(read(&write(&memory())), memory());
        assert_eq!(write(&Memory::default()), "{}");
        assert_eq!(read("{}"), Memory::default());
    }

    #[test]
    fn foreign_text_is_no_memory() {
        assert_eq!(read("[1]"), Memory::default());
        assert_eq!(read("{\"last_due_us\": \"soon\"}"), Memory::default());
    }
}
