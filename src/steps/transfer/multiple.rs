//! `MultipleFileUpload`: files and directories go to one directory of the master, each under its own name.

use async_trait::async_trait;

use super::file_upload::FileGoods;
use super::version::need_times;
use super::{Trip, base_name, link, worker_path};
use crate::domain::{LogKind, PropertyValue, Results};
use crate::steps::command::{Ended, Place};
use crate::steps::config::MultipleFileUploadConfig;
use crate::steps::context::{Fault, StepContext};
use crate::steps::filesystem::{Found, need, silent};
use crate::steps::registry::Work;
use crate::steps::render::{render, render_text, text_of};
use crate::steps::summary::own_words;

pub struct MultipleFileUpload {
    pub place: Place,
    pub config: MultipleFileUploadConfig,
}

/// A worker may find so many files for the patterns of one step.
const MAX_FOUND: usize = 100_000;

#[async_trait(?Send)]
impl Work for MultipleFileUpload {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        for command in ["upload_directory", "upload_file", "stat"] {
            need(context, command)?;
        }
        need_times(self.config.keepstamp, context)?;
        let masterdest = render_text(&self.config.masterdest, context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let trip = Trip { context, stdio, size: self.config.size };
        let wanted = texts(render(&self.config.workersrcs, context).await?);
        if wanted.is_empty() {
            return Ok(Ended::with(Results::Skipped));
        }
        let Some(sources) = self.sources(wanted, &trip).await? else { return Ok(Ended::with(Results::Failure)) };
        let files = if sources.len() == 1 { "file" } else { "files" };
        let text = format!("uploading {} {files}", sources.len());
        let description = own_words(&self.place.common, text, context).await;
        description.iter().for_each(|text| context.set_state(text));
        let mut results = if sources.is_empty() { Results::Skipped } else { Results::Success };
        for source in &sources {
            if self.upload(source, &masterdest, &trip).await? == Results::Failure {
                results = Results::Failure;
                break;
            }
        }
        link::show(&self.config.link, &masterdest, context).await?;
        Ok(Ended { description, ..Ended::with(results) })
    }
}

impl MultipleFileUpload {
    /// Absolute paths of what is to be uploaded; nothing if the worker found too much.
    async fn sources(&self, wanted: Vec<String>, trip: &Trip<'_>) -> Result<Option<Vec<String>>, Fault> {
        let mut sources = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let path = worker_path(&self.place, &wanted, trip.context).await?;
            if !self.config.glob {
                sources.push(path);
                continue;
            }
            need(trip.context, "glob")?;
            let mut found = trip.context.run(silent("glob", [("path", path.into())])).await?.files;
            found.sort();
            sources.append(&mut found);
            if MAX_FOUND < sources.len() {
                trip.complain(&format!("the worker found more than {MAX_FOUND} files")).await?;
                return Ok(None);
            }
        }
        Ok(Some(sources))
    }

    async fn upload(&self, source: &str, masterdest: &str, trip: &Trip<'_>) -> Result<Results, Fault> {
        let Some(name) = plain_name(source) else {
            trip.complain(&format!("{source:?} ends in no name that a file of the master could have")).await?;
            return Ok(Results::Failure);
        };
        let destination = format!("{}/{name}", masterdest.trim_end_matches('/'));
        let outcome = trip.context.run(silent("stat", [("path", source.into())])).await?;
        match Found::of(&outcome) {
            Found::File => {
                let goods = FileGoods { mode: self.config.mode, keepstamp: self.config.keepstamp };
                trip.upload_file(source.to_owned(), destination, goods).await
            }
            Found::Directory => trip.upload_directory(source.to_owned(), destination, self.config.compression).await,
            Found::Nothing => {
                trip.complain(&format!("File {source} not available at worker")).await?;
                Ok(Results::Failure)
            }
            Found::Other => {
                trip.complain(&format!("{source} is neither a regular file, nor a directory")).await?;
                Ok(Results::Failure)
            }
        }
    }
}

/// The last part of a path that a worker named, if it stays below the directory it is put in.
fn plain_name(path: &str) -> Option<&str> {
    let name = base_name(path);
    let is_plain = !matches!(name, "" | "." | "..") && !name.contains('\0');
    is_plain.then_some(name)
}

fn texts(value: PropertyValue) -> Vec<String> {
    match value {
        PropertyValue::List(items) => items.into_iter().map(text_of).filter(|text| !text.is_empty()).collect(),
        other => Some(text_of(other)).filter(|text| !text.is_empty()).into_iter().collect(),
    }
}
