//! Collects what is found on the way: problems, warnings, components without effect.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::path::Path;

use crate::config::script::{Outcome, Places};
use crate::config::source::{SourceText, Span};
use crate::config::{ConfigError, ConfigErrors, TlsError, TlsFiles, TlsIdentity};
use crate::secrets::Place;

pub struct Context<'a> {
    source: &'a SourceText,
    pub places: &'a Places,
    problems: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<ConfigError>>,
    inactive: RefCell<Vec<String>>,
    not_available: RefCell<Vec<ConfigError>>,
    base_dir: &'a Path,
    certificates: RefCell<BTreeMap<TlsFiles, TlsIdentity>>,
}

impl<'a> Context<'a> {
    pub fn new(source: &'a SourceText, outcome: &'a Outcome, base_dir: &'a Path) -> Self {
        let problems = RefCell::new(outcome.problems.clone());
        let warnings = RefCell::new(outcome.warnings.clone());
        Self {
            source,
            places: &outcome.places,
            problems,
            warnings,
            inactive: RefCell::default(),
            not_available: RefCell::default(),
            base_dir,
            certificates: RefCell::default(),
        }
    }

    /// Reads what a port needs for TLS, and keeps it.
    pub fn read_certificate(&self, files: &TlsFiles) -> Result<(), TlsError> {
        let identity = files.load(self.base_dir)?;
        self.certificates.borrow_mut().insert(files.clone(), identity);
        Ok(())
    }

    /// The master's directory.
    pub fn base_dir(&self) -> &Path {
        self.base_dir
    }

    pub fn certificates(&self) -> BTreeMap<TlsFiles, TlsIdentity> {
        self.certificates.borrow().clone()
    }

    pub fn problem(&self, span: Span, message: impl Into<String>) {
        self.problems.borrow_mut().push(self.source.error(span, message));
    }

    pub fn warning(&self, span: Span, message: impl Into<String>) {
        self.warnings.borrow_mut().push(self.source.error(span, message));
    }

    /// Notes something that keeps a master from starting until it is built.
    pub fn not_available(&self, span: Span, message: impl Into<String>) {
        self.not_available.borrow_mut().push(self.source.error(span, message));
    }

    /// Notes a component that has no effect yet.
    pub fn no_effect_yet(&self, name: impl Into<String>) {
        let name = name.into();
        let mut inactive = self.inactive.borrow_mut();
        if !inactive.contains(&name) {
            inactive.push(name);
        }
    }

    pub fn location(&self, span: Span) -> String {
        self.source.location(span)
    }

    /// In the order of the file.
    pub fn all_not_available(&self) -> Vec<ConfigError> {
        let mut noted = self.not_available.borrow().clone();
        noted.sort_by_key(|note| (note.line, note.column));
        noted.dedup();
        noted
    }

    /// A place for errors that are found when the file is not at hand any more.
    pub fn place(&self, span: Span) -> Place {
        let ConfigError { file, line, column, .. } = self.source.error(span, "");
        Place { file, line, column }
    }

    pub fn inactive(&self) -> Vec<String> {
        self.inactive.borrow().clone()
    }

    /// Each with `file:line`, in the order of the file.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.borrow().clone();
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        let text = |warning: &ConfigError| format!("{}:{}: {}", warning.file, warning.line, warning.message);
        // A line that runs several times warns once.
        let mut told = HashSet::new();
        warnings.iter().map(text).filter(|warning| told.insert(warning.clone())).collect()
    }

    pub fn finish(self) -> Result<(), ConfigErrors> {
        let problems = self.problems.into_inner();
        if problems.is_empty() { Ok(()) } else { Err(ConfigErrors::new(problems)) }
    }
}
