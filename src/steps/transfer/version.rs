//! What a worker's version of a command can do.

use crate::steps::context::{Fault, StepContext};

/// The first version of `uploadFile` that keeps times.
const WITH_TIMES: (u32, u32) = (2, 13);

/// That the worker can keep the times of files, if that is wanted.
pub fn need_times(wanted: bool, context: &dyn StepContext) -> Result<(), Fault> {
    let version = context.worker_command_version("upload_file").unwrap_or_default();
    if wanted && parse(&version).is_some_and(|version| version < WITH_TIMES) {
        return Err(Fault::World("this worker is too old to keep the times of files".to_owned()));
    }
    Ok(())
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next().and_then(Result::ok).unwrap_or(0)))
}

#[test]
fn versions_are_compared_by_their_numbers() {
    assert_eq!(
        [parse("2.9"), parse("2.13"), parse("3"), parse("x")],
        [Some((2, 9)), Some((2, 13)), Some((3, 0)), None]
    );
}
