//! The secrets of one build: each is asked for once, and masked from then on in everything the build says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;

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

/// Something without the secrets that its build knew when it was made. Only [`BuildSecrets`] makes it of what a build
/// says, and nothing else of that is stored or told.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked<T>(T);

impl<T> Masked<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Masked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Masked<String> {
    /// Words of this program.
    pub fn words(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Masked<Properties> {
    pub fn none() -> Self {
        Self(Properties::new())
    }

    pub fn update(&mut self, properties: Self) {
        self.0.update(&properties.0);
    }
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
    pub fn mask(&self, text: &str) -> Masked<String> {
        Masked(self.redactor.redact(text).into_owned())
    }

    /// A property by itself.
    pub fn mask_property(&self, name: &str, value: PropertyValue, source: &str) -> Masked<Properties> {
        let mut properties = Properties::new();
        properties.set(self.mask(name).into_inner(), self.redactor.redact_value(value), self.mask(source).into_inner());
        Masked(properties)
    }

    /// What another build is told.
    pub fn mask_order(&self, mut order: TriggerOrder) -> Masked<TriggerOrder> {
        if self.redactor.is_empty() {
            return Masked(order);
        }
        let mut masked = Masked::none();
        for (name, property) in order.properties.iter() {
            masked.update(self.mask_property(name, property.value.clone(), &property.source));
        }
        order.properties = masked.into_inner();
        let text = |text: &str| self.mask(text).into_inner();
        let stamp = |stamp: StampSpec| StampSpec {
            codebase: text(&stamp.codebase),
            repository: text(&stamp.repository),
            project: text(&stamp.project),
            branch: stamp.branch.map(|branch| text(&branch)),
            revision: stamp.revision.map(|revision| text(&revision)),
            patch: stamp.patch,
        };
        order.stamps = order.stamps.into_iter().map(stamp).collect();
        Masked(order)
    }

    /// Data that may be text; in anything else nothing can be told.
    pub fn mask_bytes(&self, bytes: Vec<u8>) -> Masked<Vec<u8>> {
        Masked(match String::from_utf8(bytes) {
            Ok(text) => self.mask(&text).into_inner().into_bytes(),
            Err(error) => error.into_bytes(),
        })
    }
}
