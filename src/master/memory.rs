//! How this process asks the system for memory, and gives it back.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// How often it is looked whether the process is quiet.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Less work than this between two looks, in milliseconds on a processor, is quiet.
const QUIET_MS: i64 = 200;
/// Less work than this since memory was given back is not worth another time.
const WORTH_IT_MS: i64 = 20;

/// Freed memory at the end of the heap goes back to the system from here on, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const GIVEN_BACK_FROM: nix::libc::c_int = 1 << 20;

/// Has all threads share one heap, and what is free go back to the system.
///
/// The GNU C library gives threads heaps of their own, eight for each processor, so that they do not wait for each
/// other. What one thread needed for a moment is then of no use to another, and stays: with a fleet of workers a fifth
/// of all memory. Here one thread decides, one writes and a few carry bytes; small pieces come from a cache of each
/// thread anyway. It also keeps the more for itself the larger the pieces are that it has seen, unless it is told a
/// limit.
///
/// Call it before other threads are started. Does nothing with other C libraries.
pub fn use_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::libc::{M_ARENA_MAX, M_TRIM_THRESHOLD, mallopt};
        // SAFETY: changes numbers of the allocator, under its own lock.
        let _are_understood = unsafe { (mallopt(M_ARENA_MAX, 1), mallopt(M_TRIM_THRESHOLD, GIVEN_BACK_FROM)) };
    }
}

/// Gives back what a busy time left behind, once it is over: a fleet that attaches leaves a quarter of what it takes in
/// holes of the heap. It holds up who allocates meanwhile, so it waits until hardly anybody does. Never returns.
pub async fn give_back_when_quiet() {
    let (mut at_last_look, mut at_last_time) = (0, 0);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let worked = worked_ms();
        if worked - at_last_look < QUIET_MS && WORTH_IT_MS <= worked - at_last_time {
            // What it answers, whether there was something to give back, makes no difference.
            let _ = tokio::task::spawn_blocking(give_back).await;
            at_last_time = worked_ms();
        }
        at_last_look = worked;
    }
}

/// What this process has had of processors, in milliseconds.
fn worked_ms() -> i64 {
    let spent = |usage: nix::sys::resource::Usage| usage.user_time() + usage.system_time();
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| spent(usage).num_milliseconds())
}

fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: takes the lock of the allocator, and gives pages back that are free.
        unsafe { nix::libc::malloc_trim(0) };
    }
}
