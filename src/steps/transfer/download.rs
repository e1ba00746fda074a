//! `FileDownload`, `StringDownload`, `JSONStringDownload` and `JSONPropertiesDownload`: a file goes to the worker.

use async_trait::async_trait;
use buildbot_protocol::Value;

use super::{Trip, base_name, number, worker_path};
use crate::domain::{LogKind, MasterFile, SourceStamp};
use crate::json::{self, json};
use crate::steps::command::{Ended, Place};
use crate::steps::config::{DownloadConfig, DownloadSource};
use crate::steps::context::{Fault, StepContext};
use crate::steps::filesystem::need;
use crate::steps::registry::Work;
use crate::steps::render::{render, render_text};
use crate::steps::summary::own_words;

pub struct Download {
    pub place: Place,
    pub config: DownloadConfig,
}

#[async_trait(?Send)]
impl Work for Download {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        need(context, "download_file")?;
        let workerdest = render_text(&self.config.workerdest, context).await?;
        let text = format!("downloading to {}", base_name(&workerdest));
        let description = own_words(&self.place.common, text, context).await;
        description.iter().for_each(|text| context.set_state(text));
        let file = self.file(context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let trip = Trip { context, stdio, size: self.config.size };
        let mode = self.config.mode.map_or(Value::Nil, |mode| number(mode.into()));
        let path = worker_path(&self.place, &workerdest, context).await?;
        let args = vec![("path", Value::Str(path)), ("mode", mode)];
        let results = trip.run("download_file", args, file).await?;
        Ok(Ended { description, ..Ended::with(results) })
    }
}

impl Download {
    async fn file(&self, context: &dyn StepContext) -> Result<MasterFile, Fault> {
        let text = match &self.config.source {
            DownloadSource::File(path) => return Ok(MasterFile::Send(render_text(path, context).await?)),
            DownloadSource::Text(text) => render_text(text, context).await?,
            DownloadSource::Json(value) => json::to_string(&json::of_property(&render(value, context).await?)),
            DownloadSource::Properties => json::to_string(&of_build(context)),
        };
        Ok(MasterFile::SendBytes(text.into_bytes()))
    }
}

/// Properties and source stamps of the build.
fn of_build(context: &dyn StepContext) -> json::Value {
    let properties = context.properties();
    let values = properties.iter().map(|(name, property)| (name.to_owned(), json::of_property(&property.value)));
    let values: json::Value = values.collect();
    let stamps: Vec<json::Value> = context.source_stamps().iter().map(of_stamp).collect();
    json!({"properties": values, "sourcestamps": stamps})
}

fn of_stamp(stamp: &SourceStamp) -> json::Value {
    let spec = &stamp.spec;
    let patch = spec.patch.as_ref();
    json!({
        "branch": spec.branch,
        "revision": spec.revision,
        "repository": spec.repository,
        "project": spec.project,
        "codebase": spec.codebase,
        "patch_level": patch.map(|patch| patch.level),
        "patch_body": patch.map(|patch| String::from_utf8_lossy(&patch.body).into_owned()),
        "patch_subdir": patch.map(|patch| patch.subdir.as_str()),
        "patch_author": patch.map(|patch| patch.author.as_str()),
        "patch_comment": patch.map(|patch| patch.comment.as_str()),
    })
}
