//! The patch of a source stamp (a "try"): laid over the checkout, and noticed and removed by the next build.

use buildbot_protocol::Value;

use super::session::{Blame, Halt, Session, demand};
use crate::domain::{LogKind, MasterFile, Patch, Stream};
use crate::steps::context::{Fault, RemoteCommand};
use crate::steps::filesystem::{need, silent};

/// Tells the next build of the tree that it must clean up.
pub const PATCHED: &str = ".buildbot-patched";

/// The patch, while it is applied.
const DIFF: &str = ".buildbot-diff";

/// So many bytes of the patch travel in one message.
const BLOCK: i64 = 32 << 10;

/// Shows the patch in a log of its own.
pub async fn show(patch: &Patch, session: &Session<'_>) -> Result<(), Halt> {
    let log = session.context.add_log("patch", LogKind::Text).await?;
    let mut text = String::from_utf8_lossy(&patch.body).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(session.context.write_log(log, Stream::Stdout, &text).await?)
}

/// Applies the patch to the tree, and to the index, so that files it adds belong to the tree.
pub async fn apply(patch: &Patch, session: &Session<'_>) -> Result<(), Halt> {
    let directory = directory(patch)?.map(|directory| format!("--directory={directory}"));
    let (mark, diff) = (format!("{}/{PATCHED}", session.tree), format!("{}/{DIFF}", session.tree));
    // The mark comes first: whatever happens next, the tree is not clean any more.
    download(mark, b"patched\n".to_vec(), session).await?;
    download(diff.clone(), patch.body.clone(), session).await?;
    let level = format!("-p{}", patch.level);
    let words = ["apply", "--index", &level].into_iter().chain(directory.as_deref()).chain([DIFF]);
    session.ask(&["update-index", "--refresh"]).await?;
    let applied = session.ask(&words.collect::<Vec<_>>()).await?;
    session.remove_path(&diff).await?;
    demand(&applied, Blame::Tree)
}

/// The directory of the tree in which the patch begins, if it is not the tree itself. None outside of it is accepted.
fn directory(patch: &Patch) -> Result<Option<String>, Fault> {
    let parts: Vec<&str> = patch.subdir.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.iter().any(|part| *part == ".." || part.contains(':')) {
        return Err(Fault::Config(format!("the patch begins in {:?}, outside of the source tree", patch.subdir)));
    }
    Ok((!parts.is_empty()).then(|| parts.join("/")))
}

async fn download(path: String, bytes: Vec<u8>, session: &Session<'_>) -> Result<(), Halt> {
    need(session.context, "download_file")?;
    let args = [("path", path.into()), ("maxsize", Value::Nil), ("blocksize", BLOCK.into()), ("mode", Value::Nil)];
    let command = RemoteCommand { stdio: Some(session.stdio), ..silent("download_file", args) };
    let ended = session.context.transfer(command, MasterFile::SendBytes(bytes)).await?;
    if let Some(problem) = ended.problem {
        return Err(Fault::World(problem).into());
    }
    demand(&ended.outcome, Blame::Tree)
}
