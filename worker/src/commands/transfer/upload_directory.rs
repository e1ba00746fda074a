//! `upload_directory`: sends what is in a directory to the master, which unpacks it.

use buildbot_protocol::{Request, Value};

use super::super::{Arguments, CommandContext, CommandError, arguments};
use super::archive::{self, Compression};
use super::{Allowance, Outcome, block_size, say_end, stopped};

pub async fn upload_directory(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    let compression = compression(&args)?;
    context.header(&format!("sending {path}")).await?;
    let outcome = match send(&context, &args, path, compression).await? {
        Ok(()) => {
            let unpacked = context.ask(Request::UploadDirectoryUnpack { command_id: context.id.clone() }).await?;
            unpacked.map(drop).map_err(|error| format!("the master cannot unpack the directory: {error}"))
        }
        // Half of an archive is not to be unpacked.
        failed => failed,
    };
    say_end(&context, outcome).await
}

fn compression(args: &Arguments) -> Result<Compression, CommandError> {
    match args.get("compress") {
        None | Some(Value::Nil) => Ok(Compression::None),
        Some(Value::Str(name)) if name == "gz" => Ok(Compression::Gzip),
        Some(Value::Str(name)) if name == "bz2" => Ok(Compression::Bzip2),
        Some(_) => Err(CommandError::Failed("argument 'compress' is neither 'gz' nor 'bz2'".to_owned())),
    }
}

async fn send(
    context: &CommandContext,
    args: &Arguments,
    path: String,
    compression: Compression,
) -> Result<Outcome, CommandError> {
    let mut allowance = Allowance::new(args);
    let (mut blocks, thread) = archive::stream(path.into(), compression, block_size(args));
    while let Some(mut data) = blocks.recv().await {
        if let Err(why) = stopped(context) {
            return Ok(Err(why));
        }
        let allowed = allowance.take(data.len());
        let is_cut = allowed < data.len();
        data.truncate(allowed);
        if !data.is_empty() {
            let request = Request::UploadDirectoryWrite { command_id: context.id.clone(), data };
            if let Err(error) = context.ask(request).await? {
                return Ok(Err(format!("the master cannot keep the directory: {error}")));
            }
        }
        if is_cut {
            return Ok(Err("the directory is larger than the master takes".to_owned()));
        }
    }
    Ok(match thread.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("cannot read the directory: {error}")),
        Err(error) => Err(format!("cannot read the directory: {error}")),
    })
}
