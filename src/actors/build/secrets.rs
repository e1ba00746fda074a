//! The secrets of one build: each is asked for once, and masked from then on in everything the build says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::super::secret_keeper::FetchSecret;
use super::super::supervisor::Ask;
use crate::domain::{Properties, PropertyValue, StampSpec, TriggerOrder};
use crate::secrets::{Redactor, Secret};
use crate::steps::Fault;

pub struct BuildSecrets {
    fetch: Ask<FetchSecret>,
    known: RefCell<BTreeMap<String, Secret>>,
    redactor: Redactor,
}

impl BuildSecrets {
    pub fn new(fetch: Ask<FetchSecret>) -> Self {
        Self { fetch, known: RefCell::default(), redactor: Redactor::default() }
    }

    /// The value of a secret, for the worker alone.
    pub async fn reveal(&self, name: &str) -> Result<String, Fault> {
        if let Some(secret) = self.known.borrow().get(name) {
            return Ok(secret.expose().to_owned());
        }
        let question = FetchSecret { name: name.to_owned(), redactor: self.redactor.clone() };
        let answer = self.fetch.ask(question).await;
        let answer = answer.map_err(|error| Fault::World(format!("no answer about the secret '{name}': {error}")))?;
        let secret = answer.map_err(|error| Fault::World(error.to_string()))?;
        let text = secret.expose().to_owned();
        self.known.borrow_mut().insert(name.to_owned(), secret);
        Ok(text)
    }

    /// Masks what has been revealed so far, and what is revealed later, in logs.
    pub fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    /// A text for a row, an event or the master's log.
    pub fn mask(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// What another build is told.
    pub fn mask_order(&self, mut order: TriggerOrder) -> TriggerOrder {
        if self.redactor.is_empty() {
            return order;
        }
        let properties = order.properties.iter();
        let mut masked = Properties::new();
        for (name, property) in properties {
            masked.set(self.mask(name), self.mask_value(property.value.clone()), property.source.as_str());
        }
        order.properties = masked;
        let stamp = |stamp: StampSpec| StampSpec {
            codebase: self.mask(&stamp.codebase),
            repository: self.mask(&stamp.repository),
            project: self.mask(&stamp.project),
            branch: stamp.branch.map(|branch| self.mask(&branch)),
            revision: stamp.revision.map(|revision| self.mask(&revision)),
            patch: stamp.patch,
        };
        order.stamps = order.stamps.into_iter().map(stamp).collect();
        order
    }

    /// Data that may be text; in anything else nothing can be told.
    pub fn mask_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.mask(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }

    pub fn mask_value(&self, value: PropertyValue) -> PropertyValue {
        self.redactor.redact_value(value)
    }
}
