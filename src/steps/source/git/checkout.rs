//! The modes: what is removed, cloned, fetched and checked out, in which order.
//!
//! An existing repository is updated in place. When that fails because of the repository itself (a lock file of a
//! killed git, a damaged index), the modes that promise a clean tree clone anew; `incremental` does so only with
//! `clobberOnFailure`, since it promises to keep what is there.

use super::order::Order;
use super::session::{Blame, Failure, Ground, Halt, Session};
use crate::steps::config::GitMode;
use crate::steps::context::WorkerPlace;

/// Brings the wanted revision to the session's tree, and returns the session of the tree it is in.
pub async fn check_out<'a>(session: Session<'a>, order: &Order) -> Result<Session<'a>, Halt> {
    match session.config.mode {
        GitMode::Incremental => bring(&session, order, Cleaning::None).await?,
        GitMode::Clean => bring(&session, order, Cleaning::Untracked).await?,
        GitMode::Fresh => bring(&session, order, Cleaning::UntrackedAndIgnored).await?,
        GitMode::Clobber => {
            session.remove().await?;
            clone(&session, order).await?;
        }
        GitMode::Copy => return copy(session, order).await,
    }
    Ok(session)
}

/// What an update removes before it fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cleaning {
    None,
    Untracked,
    UntrackedAndIgnored,
}

impl Cleaning {
    /// A tree that an earlier build has patched is cleaned in every mode.
    fn after(self, patched: bool) -> Self {
        if patched { Self::UntrackedAndIgnored } else { self }
    }

    fn words(self) -> Option<&'static [&'static str]> {
        match self {
            Self::None => None,
            Self::Untracked => Some(&["clean", "-f", "-f", "-d"]),
            Self::UntrackedAndIgnored => Some(&["clean", "-f", "-f", "-d", "-x"]),
        }
    }
}

/// Keeps a tree beside the working directory up to date, and copies it.
async fn copy<'a>(session: Session<'a>, order: &Order) -> Result<Session<'a>, Halt> {
    let beside = match session.config.codebase.as_str() {
        "" => "source".to_owned(),
        codebase => format!("source-{}", codebase.replace(|character: char| !character.is_alphanumeric(), "_")),
    };
    let source = session.at(session.context.worker_path(WorkerPlace::InBuilder(&beside)));
    bring(&source, order, Cleaning::None).await?;
    session.remove().await?;
    source.copy_to(&session.tree).await?;
    Ok(session)
}

/// Updates what is there, or clones if that is not possible.
async fn bring(session: &Session<'_>, order: &Order, cleaning: Cleaning) -> Result<(), Halt> {
    match session.ground().await? {
        Ground::Empty => clone(session, order).await,
        Ground::Foreign => {
            session.remove().await?;
            clone(session, order).await
        }
        Ground::Repository { patched } => match update(session, order, cleaning.after(patched)).await {
            Err(Halt::Failed(failure)) if may_clobber(session, order, &failure).await? => {
                session.note("the update failed; cloning anew\n").await?;
                session.remove().await?;
                clone(session, order).await
            }
            ended => ended,
        },
    }
}

/// Whether a clone can be expected to help where an update did not.
async fn may_clobber(session: &Session<'_>, order: &Order, failure: &Failure) -> Result<bool, Halt> {
    if session.config.clobber_on_failure {
        return Ok(true);
    }
    if session.config.mode == GitMode::Incremental {
        return Ok(false);
    }
    Ok(match failure.blame {
        Blame::Tree => true,
        // A repository that answers is not what failed, so the tree is. One that does not would fail a clone too.
        Blame::Transfer => {
            let answer = session.ask_in(session.parent(), &["ls-remote", &order.repourl, &order.branch]).await?;
            answer.rc == 0
        }
    })
}

async fn update(session: &Session<'_>, order: &Order, cleaning: Cleaning) -> Result<(), Halt> {
    if let Some(words) = cleaning.words() {
        session.git(words, Blame::Tree).await?;
    }
    fetch_branch(session, order).await?;
    match &order.revision {
        Some(revision) => check_out_revision(session, order, revision).await?,
        None => check_out_commit(session, order, "FETCH_HEAD").await?,
    }
    submodules(session, order, cleaning).await
}

/// Clones into the empty tree, again if the configuration says so.
async fn clone(session: &Session<'_>, order: &Order) -> Result<(), Halt> {
    let (delay, mut n_more) = match session.config.retry {
        Some((delay, repeats)) => (Some(delay), repeats),
        None => (None, u32::from(session.config.clobber_on_failure)),
    };
    loop {
        match clone_once(session, order).await {
            Err(Halt::Failed(_)) if n_more != 0 => n_more -= 1,
            ended => return ended,
        }
        if let Some(delay) = delay {
            session.note(&format!("trying again in {} s\n", delay.as_secs())).await?;
            session.context.sleep(delay).await?;
        }
        session.remove().await?;
    }
}

async fn clone_once(session: &Session<'_>, order: &Order) -> Result<(), Halt> {
    let depth = session.config.shallow.map(|depth| depth.to_string());
    let mut words = vec!["clone"];
    words.extend(order.plain_branch().into_iter().flat_map(|branch| ["--branch", branch]));
    words.extend(depth.iter().flat_map(|depth| ["--depth", depth]));
    words.extend(order.filters.iter().flat_map(|filter| ["--filter", filter]));
    words.extend(order.reference.iter().flat_map(|reference| ["--reference", reference]));
    words.extend(order.origin.iter().flat_map(|origin| ["--origin", origin]));
    words.extend([order.repourl.as_str(), "."]);
    if session.config.progress {
        words.push("--progress");
    }
    session.git(&words, Blame::Transfer).await?;
    match &order.revision {
        Some(revision) => check_out_revision(session, order, revision).await?,
        None if order.branch.starts_with("refs/") => {
            fetch_branch(session, order).await?;
            check_out_commit(session, order, "FETCH_HEAD").await?;
        }
        None => {}
    }
    submodules(session, order, Cleaning::None).await
}

/// Fetches the branch. One that is gone does no harm to a build of a revision that can still be had.
async fn fetch_branch(session: &Session<'_>, order: &Order) -> Result<(), Halt> {
    let fetched = fetch(session, order, &order.branch).await;
    match (fetched, &order.revision) {
        (Err(Halt::Failed(_)), Some(revision)) => fetch(session, order, revision).await,
        (fetched, _) => fetched,
    }
}

async fn fetch(session: &Session<'_>, order: &Order, what: &str) -> Result<(), Halt> {
    let depth = session.config.shallow.map(|depth| depth.to_string());
    let mut words = vec!["fetch", "-f"];
    if session.config.tags {
        words.push("--tags");
    }
    words.extend(depth.iter().flat_map(|depth| ["--depth", depth]));
    if session.config.progress {
        words.push("--progress");
    }
    words.extend([order.repourl.as_str(), what]);
    match session.git(&words, Blame::Transfer).await {
        Err(Halt::Failed(_)) if session.config.retry_fetch => session.git(&words, Blame::Transfer).await,
        ended => ended,
    }
}

/// Checks a revision out; it is fetched by itself if it did not come with the branch (shallow, or rewritten).
async fn check_out_revision(session: &Session<'_>, order: &Order, revision: &str) -> Result<(), Halt> {
    if !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // A name may have moved, and a local branch of that name would hide it: the other repository knows better.
        match fetch(session, order, revision).await {
            Ok(()) => return check_out_commit(session, order, "FETCH_HEAD").await,
            Err(Halt::Failed(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    let present = session.ask(&["cat-file", "-e", &format!("{revision}^{{commit}}")]).await?;
    if present.rc != 0 {
        fetch(session, order, revision).await?;
    }
    check_out_commit(session, order, revision).await
}

async fn check_out_commit(session: &Session<'_>, order: &Order, commit: &str) -> Result<(), Halt> {
    session.git(&["checkout", "-f", commit], Blame::Tree).await?;
    if let Some(branch) = order.plain_branch() {
        // Builds may look at the name of the branch; a checkout without it is good as well.
        session.ask(&["checkout", "-B", branch]).await?;
    }
    Ok(())
}

async fn submodules(session: &Session<'_>, order: &Order, cleaning: Cleaning) -> Result<(), Halt> {
    if !session.config.submodules {
        return Ok(());
    }
    session.git(&["submodule", "sync", "--recursive"], Blame::Tree).await?;
    let mut words = vec!["submodule", "update", "--init", "--recursive", "--force"];
    if session.config.remote_submodules {
        words.push("--remote");
    }
    words.extend(order.reference.iter().flat_map(|reference| ["--reference", reference]));
    session.git(&words, Blame::Transfer).await?;
    if let Some(words) = cleaning.words() {
        let command = format!("git {}", words.join(" "));
        session.git(&["submodule", "foreach", "--recursive", &command], Blame::Tree).await?;
    }
    Ok(())
}
