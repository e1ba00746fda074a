//! What a running step says of itself, kept until it is stored: its line, its links, and what it counts.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::database;
use crate::actors::build::rows::Shown;
use crate::actors::build::run::BuildRun;
use crate::actors::build::secrets::Masked;
use crate::domain::StepId;
use crate::steps::Fault;

pub struct Board<'a> {
    run: &'a BuildRun,
    /// `None` before there is a row.
    step: Option<StepId>,
    shown: RefCell<Shown>,
    /// What the row shows.
    told: RefCell<Shown>,
    /// What was counted and not stored yet.
    counted: RefCell<BTreeMap<String, f64>>,
}

impl<'a> Board<'a> {
    pub fn new(run: &'a BuildRun, step: Option<StepId>) -> Self {
        Self { run, step, shown: RefCell::default(), told: RefCell::default(), counted: RefCell::default() }
    }

    pub fn state(&self) -> Masked<String> {
        self.shown.borrow().state.clone()
    }

    pub fn note_state(&self, text: &str) {
        self.shown.borrow_mut().state = self.run.secrets.mask(text);
    }

    pub fn add_url(&self, name: &str, url: &str) {
        let mask = |text| self.run.secrets.mask(text);
        self.shown.borrow_mut().urls.push((mask(name), mask(url)));
    }

    pub fn count(&self, metric: &str, value: f64) {
        self.counted.borrow_mut().insert(metric.to_owned(), value);
    }

    /// What the row shall show in the end, with this line.
    pub fn last(&self, state: Masked<String>) -> Shown {
        Shown { state, ..self.shown.borrow().clone() }
    }

    /// Stores the line and the links if they changed, and what was counted.
    pub async fn tell(&self) -> Result<(), Fault> {
        self.tell_counted().await?;
        let Some(step) = self.step else { return Ok(()) };
        let now = self.shown.borrow().clone();
        if *self.told.borrow() == now {
            return Ok(());
        }
        self.told.replace(now.clone());
        self.run.deps.rows.update_step(step, now).await.map_err(database)
    }

    pub async fn tell_counted(&self) -> Result<(), Fault> {
        let Some(step) = self.step else { return Ok(()) };
        let counted = std::mem::take(&mut *self.counted.borrow_mut());
        for (metric, value) in counted {
            let metric = self.run.secrets.mask(&metric);
            self.run.deps.rows.note_progress(step, metric, value).await.map_err(database)?;
        }
        Ok(())
    }
}
