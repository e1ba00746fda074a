//! How this process asks the system for memory.

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
