//! Commands about files: make directories, look at what is there, remove one file.

use std::io;
use std::os::unix::fs::MetadataExt;

use buildbot_protocol::Update;
use tokio::time::Instant;

use super::{Arguments, CommandContext, CommandError, arguments};

/// Runs `work` on a thread that may block and says how long it took.
pub(super) async fn blocking<T: Send + 'static>(
    context: &CommandContext,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CommandError> {
    let started = Instant::now();
    let outcome = tokio::task::spawn_blocking(work).await;
    context.say(Update::Elapsed(started.elapsed().as_secs_f64())).await?;
    outcome.map_err(|error| CommandError::Failed(error.to_string()))
}

fn errno(error: &io::Error) -> i64 {
    error.raw_os_error().map_or(1, i64::from)
}

/// Says what failed, and the exit code.
async fn fail(context: &CommandContext, what: &str, error: &io::Error, path: &str) -> Result<(), CommandError> {
    context.header(&format!("{what}: {error}: {path}")).await?;
    Ok(context.rc(errno(error)).await?)
}

pub async fn mkdir(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let paths = arguments::texts(&args, "paths")?;
    let made = blocking(&context, move || {
        paths.into_iter().try_for_each(|path| std::fs::create_dir_all(&path).map_err(|error| (error, path)))
    });
    match made.await? {
        Ok(()) => Ok(context.rc(0).await?),
        Err((error, path)) => fail(&context, "mkdir", &error, &path).await,
    }
}

pub async fn stat(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    let looked = path.clone();
    match blocking(&context, move || std::fs::metadata(looked)).await? {
        Ok(found) => {
            let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            context
                .say(Update::Stat(vec![
                    i64::from(found.mode()),
                    whole(found.ino()),
                    whole(found.dev()),
                    whole(found.nlink()),
                    i64::from(found.uid()),
                    i64::from(found.gid()),
                    whole(found.size()),
                    found.atime(),
                    found.mtime(),
                    found.ctime(),
                ]))
                .await?;
            Ok(context.rc(0).await?)
        }
        Err(error) => fail(&context, "stat", &error, &path).await,
    }
}

pub async fn listdir(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    let listed = path.clone();
    let listing = blocking(&context, move || -> io::Result<Vec<String>> {
        let names =
            std::fs::read_dir(listed)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        names.collect()
    });
    match listing.await? {
        Ok(files) => {
            context.say(Update::Files(files)).await?;
            Ok(context.rc(0).await?)
        }
        Err(error) => fail(&context, "listdir", &error, &path).await,
    }
}

pub async fn rmfile(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let path = arguments::text(&args, "path")?;
    let removed = path.clone();
    match blocking(&context, move || std::fs::remove_file(removed)).await? {
        Ok(()) => Ok(context.rc(0).await?),
        Err(error) => fail(&context, "rmfile", &error, &path).await,
    }
}
