//! `download_file`: fetches one file from the master.

use std::path::Path;

use buildbot_protocol::{Request, Value};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::super::{Arguments, CommandContext, CommandError, arguments};
use super::{Allowance, Outcome, block_size, say_end, stopped};

pub async fn download_file(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    let mode = arguments::whole(&args, "mode").and_then(|mode| u32::try_from(mode).ok());
    let outcome = match create(Path::new(&path), mode).await {
        Ok(file) => fetch(&context, &args, file).await?,
        Err(error) => Err(format!("cannot create {path}: {error}")),
    };
    let closed = context.ask(Request::ReadFileClose { command_id: context.id.clone() }).await?;
    let closed = closed.map(drop).map_err(|error| format!("the master cannot close the file: {error}"));
    say_end(&context, outcome.and(closed)).await
}

/// Makes the file and the directories above it. It has its mode before anything is in it.
async fn create(path: &Path, mode: Option<u32>) -> std::io::Result<File> {
    use std::os::unix::fs::PermissionsExt;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).await?;
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    if mode.is_some() {
        options.mode(0o600);
    }
    let file = options.open(path).await?;
    if let Some(mode) = mode {
        file.set_permissions(std::fs::Permissions::from_mode(mode & 0o7777)).await?;
    }
    Ok(file)
}

async fn fetch(context: &CommandContext, args: &Arguments, mut file: File) -> Result<Outcome, CommandError> {
    let mut allowance = Allowance::new(args);
    let length = i64::try_from(block_size(args)).unwrap_or(i64::MAX);
    loop {
        if let Err(why) = stopped(context) {
            return Ok(Err(why));
        }
        let answer = context.ask(Request::ReadFile { command_id: context.id.clone(), length }).await?;
        let data = match answer {
            Ok(Value::Bin(data)) => data,
            Ok(Value::Str(text)) => text.into_bytes(),
            // Buildbot 4.3 answers with nothing on one dialect: an end of file.
            Ok(_) => Vec::new(),
            Err(error) => return Ok(Err(format!("the master cannot read the file: {error}"))),
        };
        if data.is_empty() {
            return Ok(file.flush().await.map_err(|error| format!("cannot write the file: {error}")));
        }
        let allowed = allowance.take(data.len());
        if let Err(error) = file.write_all(&data[..allowed]).await {
            return Ok(Err(format!("cannot write the file: {error}")));
        }
        if allowed < data.len() {
            // What was allowed is to be there.
            let flushed = file.flush().await.map_err(|error| format!("cannot write the file: {error}"));
            return Ok(flushed.and(Err("the file is larger than allowed: it was cut".to_owned())));
        }
    }
}
