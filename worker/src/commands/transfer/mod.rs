//! Commands that carry files between worker and master, in blocks that are answered one by one.

mod archive;
mod download;
mod upload;
mod upload_directory;

pub use self::download::download_file;
pub use self::upload::upload_file;
pub use self::upload_directory::upload_directory;

use super::{Arguments, CommandContext, CommandError, arguments};

/// Both dialects carry blocks of this size, whatever the master wishes.
const MAX_BLOCK: usize = 512 * 1024;
const DEFAULT_BLOCK: usize = 16 * 1024;

/// How much is carried at once, in bytes.
fn block_size(args: &Arguments) -> usize {
    let wanted = arguments::whole(args, "blocksize").and_then(|size| usize::try_from(size).ok());
    wanted.unwrap_or(DEFAULT_BLOCK).clamp(1, MAX_BLOCK)
}

/// How much may be carried at all.
struct Allowance {
    left: Option<u64>,
}

impl Allowance {
    fn new(args: &Arguments) -> Self {
        Self { left: arguments::whole(args, "maxsize").map(|size| u64::try_from(size).unwrap_or(0)) }
    }

    /// Takes so many bytes; how many of them are allowed.
    fn take(&mut self, wanted: usize) -> usize {
        let Some(left) = &mut self.left else { return wanted };
        let allowed = usize::try_from(*left).map_or(wanted, |left| left.min(wanted));
        *left = left.saturating_sub(u64::try_from(allowed).unwrap_or(u64::MAX));
        allowed
    }
}

/// How a transfer went: nothing, or what to say of it.
type Outcome = Result<(), String>;

/// Says how a transfer ended.
async fn say_end(context: &CommandContext, outcome: Outcome) -> Result<(), CommandError> {
    if let Err(why) = &outcome {
        context.stderr(why).await?;
    }
    Ok(context.rc(i64::from(outcome.is_err())).await?)
}

/// The reason a transfer stops, if somebody wants it to.
fn stopped(context: &CommandContext) -> Outcome {
    if context.is_interrupted() { Err("the transfer was interrupted".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use buildbot_protocol::Value;

    use super::*;

    #[test]
    fn no_more_is_carried_than_is_allowed() {
        let mut allowance = Allowance::new(&[("maxsize".to_owned(), Value::Int(10))].into());
        assert_eq!([allowance.take(6), allowance.take(6), allowance.take(1)], [6, 4, 0]);
        assert_eq!(Allowance::new(&Arguments::new()).take(6), 6);
    }

    #[test]
    fn blocks_fit_into_a_message() {
        let size = |size| block_size(&[("blocksize".to_owned(), Value::Int(size))].into());
        assert_eq!([size(0), size(-1), size(100), size(1 << 40)], [1, DEFAULT_BLOCK, 100, MAX_BLOCK]);
    }
}
