//! Files that a command writes and the master wants to see.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use buildbot_protocol::{Lines, Update, Value};

use super::context::now;
use super::{Arguments, CommandContext, CommandError};
use crate::output::LineSplitter;

/// What is read of one file before the others get their turn.
const PIECE: u64 = 1 << 20;

/// All files of a command.
pub struct LogFiles(Vec<LogFile>);

struct LogFile {
    name: String,
    path: PathBuf,
    splitter: LineSplitter,
    /// What the file was when the command began; it is not read until it is another.
    before: Option<(i64, i64, u64)>,
    inode: Option<u64>,
    position: u64,
}

fn identity(metadata: &Metadata) -> (i64, i64, u64) {
    (metadata.ctime(), metadata.mtime_nsec().wrapping_add(metadata.mtime().wrapping_mul(1_000_000_000)), metadata.len())
}

impl LogFiles {
    /// From the argument `logfiles`: name to file name, or to a map with `filename` and `follow`.
    pub fn new(args: &Arguments, workdir: &str, context: &CommandContext) -> Self {
        let files = args.get("logfiles").and_then(Value::as_map).into_iter().flatten();
        let files = files.filter_map(|(name, spec)| {
            let (filename, follow) = match spec {
                Value::Str(filename) => (filename.as_str(), false),
                Value::Map(spec) => (spec.get("filename")?.as_str()?, spec.get("follow") == Some(&Value::Bool(true))),
                _ => return None,
            };
            let path = Path::new(workdir).join(filename);
            let metadata = path.metadata().ok();
            Some(LogFile {
                name: name.clone(),
                splitter: context.splitter(),
                before: metadata.as_ref().map(identity),
                inode: metadata.as_ref().map(Metadata::ino),
                position: metadata.as_ref().filter(|_| follow).map_or(0, Metadata::len),
                path,
            })
        });
        Self(files.collect())
    }

    /// Says what is new; whether there was anything. `last` says also what has no line end.
    pub async fn read(&mut self, context: &CommandContext, last: bool) -> Result<bool, CommandError> {
        let mut any = false;
        for file in &mut self.0 {
            while let Some(bytes) = file.read_piece() {
                any = true;
                let lines = file.splitter.push(&bytes, context.newlines(), now());
                say(context, &file.name, lines).await?;
            }
            if last {
                let rest = file.splitter.finish(now());
                say(context, &file.name, rest).await?;
            }
        }
        Ok(any)
    }
}

async fn say(context: &CommandContext, name: &str, lines: Lines) -> Result<(), CommandError> {
    let name = name.to_owned();
    Ok(context.say_lines(lines, |lines| Update::Log { name, lines }).await?)
}

impl LogFile {
    /// The next new bytes. A file that cannot be read has none: it may not exist yet.
    fn read_piece(&mut self) -> Option<Vec<u8>> {
        let mut file = File::open(&self.path).ok()?;
        let metadata = file.metadata().ok()?;
        if self.before == Some(identity(&metadata)) {
            return None;
        }
        self.before = None;
        if self.inode != Some(metadata.ino()) || metadata.len() < self.position {
            // Another file of the same name, or this one begun anew.
            self.inode = Some(metadata.ino());
            self.position = 0;
        }
        file.seek(SeekFrom::Start(self.position)).ok()?;
        let mut bytes = Vec::new();
        file.take(PIECE).read_to_end(&mut bytes).ok()?;
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        (!bytes.is_empty()).then_some(bytes)
    }
}
