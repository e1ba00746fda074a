//! `cpdir`: copies a tree.

use super::remove::run_tool;
use super::{Arguments, CommandContext, CommandError, arguments};

/// A target that is there already gets the copy below it, as `cp` does it: the master removes it first if it is to be
/// replaced.
pub async fn cpdir(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let from = arguments::text(&args, "from_path")?;
    let to = arguments::text(&args, "to_path")?;
    let rc = run_tool(&context, &args, &["cp", "-R", "-P", "-p", "-v", &from, &to]).await?;
    Ok(context.rc(rc).await?)
}
