//! `FileUpload` and `DirectoryUpload`: one file or directory goes from the worker to the master.

use async_trait::async_trait;
use buildbot_protocol::Value;

use super::version::need_times;
use super::{Trip, base_name, link, worker_path};
use crate::domain::{Compression, LogKind, MasterFile, Results, StoreDirectory, StoreFile};
use crate::steps::command::{Ended, Place};
use crate::steps::config::{DirectoryUploadConfig, FileUploadConfig};
use crate::steps::context::{Fault, StepContext};
use crate::steps::filesystem::need;
use crate::steps::registry::Work;
use crate::steps::render::render_text;
use crate::steps::summary::own_words;

pub struct FileUpload {
    pub place: Place,
    pub config: FileUploadConfig,
}

pub struct DirectoryUpload {
    pub place: Place,
    pub config: DirectoryUploadConfig,
}

#[async_trait(?Send)]
impl Work for FileUpload {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        need(context, "upload_file")?;
        need_times(self.config.keepstamp, context)?;
        let source = render_text(&self.config.workersrc, context).await?;
        let masterdest = render_text(&self.config.masterdest, context).await?;
        let description = announce(&self.place, &source, context).await;
        link::show(&self.config.link, &masterdest, context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let trip = Trip { context, stdio, size: self.config.size };
        let file = FileGoods { mode: self.config.mode, keepstamp: self.config.keepstamp };
        let path = worker_path(&self.place, &source, context).await?;
        let results = trip.upload_file(path, masterdest, file).await?;
        Ok(Ended { description, ..Ended::with(results) })
    }
}

#[async_trait(?Send)]
impl Work for DirectoryUpload {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        need(context, "upload_directory")?;
        let source = render_text(&self.config.workersrc, context).await?;
        let masterdest = render_text(&self.config.masterdest, context).await?;
        let description = announce(&self.place, &source, context).await;
        link::show(&self.config.link, &masterdest, context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let trip = Trip { context, stdio, size: self.config.size };
        let path = worker_path(&self.place, &source, context).await?;
        let results = trip.upload_directory(path, masterdest, self.config.compression).await?;
        Ok(Ended { description, ..Ended::with(results) })
    }
}

/// Says what goes on, unless the configuration has words for it; returns what to say at the end.
async fn announce(place: &Place, source: &str, context: &dyn StepContext) -> Option<String> {
    let text = own_words(&place.common, format!("uploading {}", base_name(source)), context).await?;
    context.set_state(&text);
    Some(text)
}

/// How a file is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct FileGoods {
    pub mode: Option<u32>,
    pub keepstamp: bool,
}

impl Trip<'_> {
    /// `path` is absolute, `masterdest` as configured.
    pub(super) async fn upload_file(
        &self,
        path: String,
        masterdest: String,
        goods: FileGoods,
    ) -> Result<Results, Fault> {
        let args = vec![("path", Value::Str(path)), ("keepstamp", goods.keepstamp.into())];
        let store = StoreFile { path: masterdest, max_bytes: self.size.max, mode: goods.mode };
        self.run("upload_file", args, MasterFile::StoreFile(store)).await
    }

    pub(super) async fn upload_directory(
        &self,
        path: String,
        masterdest: String,
        compression: Compression,
    ) -> Result<Results, Fault> {
        let compress = compression.name().map_or(Value::Nil, Value::from);
        let args = vec![("path", Value::Str(path)), ("compress", compress)];
        let store = StoreDirectory { path: masterdest, max_bytes: self.size.max, compression };
        self.run("upload_directory", args, MasterFile::StoreDirectory(store)).await
    }
}
