//! `upload_file`: sends one file to the master.

use std::os::unix::fs::MetadataExt;

use buildbot_protocol::Request;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tracing::warn;

use super::super::{Arguments, CommandContext, CommandError, arguments};
use super::{Allowance, Outcome, block_size, say_end, stopped};

pub async fn upload_file(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    context.header(&format!("sending {path}")).await?;
    let mut times = None;
    let outcome = match File::open(&path).await {
        Ok(file) => {
            if arguments::flag(&args, "keepstamp", false) {
                times = file.metadata().await.ok().map(|file| {
                    let seconds = |whole: i64, nanos: i64| whole as f64 + nanos as f64 / 1e9;
                    (seconds(file.atime(), file.atime_nsec()), seconds(file.mtime(), file.mtime_nsec()))
                });
            }
            send(&context, &args, file).await?
        }
        Err(error) => Err(format!("cannot open {path} to send it: {error}")),
    };
    // The master has opened a file, whatever became of this one.
    let closed = context.ask(Request::UploadFileClose { command_id: context.id.clone() }).await?;
    if let Some((access_time, modified_time)) = times {
        let request = Request::UploadFileUtime { command_id: context.id.clone(), access_time, modified_time };
        if let Err(error) = context.ask(request).await? {
            // Buildbot 4.3 refuses all of them on one dialect, and the file is there.
            warn!(error, path, "the master does not keep the times of a file");
        }
    }
    let closed = closed.map(drop).map_err(|error| format!("the master cannot keep the file: {error}"));
    say_end(&context, outcome.and(closed)).await
}

async fn send(context: &CommandContext, args: &Arguments, mut file: File) -> Result<Outcome, CommandError> {
    let mut allowance = Allowance::new(args);
    let mut block = vec![0; block_size(args)];
    loop {
        if let Err(why) = stopped(context) {
            return Ok(Err(why));
        }
        let n_bytes = match file.read(&mut block).await {
            Ok(0) => return Ok(Ok(())),
            Ok(n_bytes) => n_bytes,
            Err(error) => return Ok(Err(format!("cannot read the file: {error}"))),
        };
        let allowed = allowance.take(n_bytes);
        if 0 < allowed {
            let data = block[..allowed].to_vec();
            let request = Request::UploadFileWrite { command_id: context.id.clone(), data };
            if let Err(error) = context.ask(request).await? {
                return Ok(Err(format!("the master cannot keep the file: {error}")));
            }
        }
        if allowed < n_bytes {
            return Ok(Err("the file is larger than the master takes: it was cut".to_owned()));
        }
    }
}
