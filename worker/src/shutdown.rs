//! How somebody on this machine tells the worker to end when its builds are done.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::info;

use crate::config::AllowShutdown;

/// How often the stamp is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Sets the wish once it is made; it cannot be taken back. From now on the signal does not kill the worker.
pub fn listen(
    way: AllowShutdown,
    stamp: PathBuf,
    wish: watch::Sender<bool>,
) -> io::Result<impl Future<Output = ()> + 'static> {
    // What was there before was meant for a predecessor.
    let before = touched_at(&stamp);
    let mut hang_up = match way {
        AllowShutdown::Signal => Some(signal(SignalKind::hangup())?),
        AllowShutdown::File => None,
    };
    Ok(async move {
        match &mut hang_up {
            Some(hang_up) => {
                hang_up.recv().await;
                info!("SIGHUP: the worker wants to end");
            }
            None => {
                while touched_at(&stamp).is_none_or(|time| before == Some(time)) {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                info!(path = %stamp.display(), "the file was touched: the worker wants to end");
            }
        }
        wish.send_replace(true);
        // Whoever waits for the wish may come later.
        wish.closed().await;
    })
}

fn touched_at(stamp: &Path) -> Option<SystemTime> {
    stamp.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stamp_counts_from_the_moment_it_is_touched() {
        let place = tempfile::tempdir().unwrap();
        let stamp = place.path().join("shutdown.stamp");
        std::fs::write(&stamp, "").unwrap();
        let (wish, mut wanted) = watch::channel(false);
        let listening = listen(AllowShutdown::File, stamp.clone(), wish).unwrap();
        let touched = async {
            // Five looks at the stamp of before.
            assert!(tokio::time::timeout(LOOK_EVERY * 5, wanted.changed()).await.is_err());
            let file = std::fs::File::options().write(true).open(&stamp).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            wanted.wait_for(|wants| *wants).await.unwrap();
        };
        tokio::select! {
            () = listening => panic!("it ended before anybody heard of the wish"),
            () = touched => {}
        }
    }
}
