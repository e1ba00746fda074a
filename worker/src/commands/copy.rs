//! `cpdir`: copies a tree, replacing what is at the target.

use super::remove::run_tool;
use super::{Arguments, CommandContext, CommandError, arguments};

pub async fn cpdir(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let from = arguments::text(&args, "from_path")?;
    let to = arguments::text(&args, "to_path")?;
    // `cp` would copy into a directory that is there already.
    let mut rc = run_tool(&context, &args, &["rm", "-rf", &to]).await?;
    if rc == 0 {
        rc = run_tool(&context, &args, &["cp", "-R", "-P", "-p", &from, &to]).await?;
    }
    Ok(context.rc(rc).await?)
}
