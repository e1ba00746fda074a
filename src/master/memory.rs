//! How this process asks the system for memory.

/// Has all threads share one heap.
///
/// The GNU C library gives threads heaps of their own, eight for each processor, so that they do not wait for each
/// other. What one thread needed for a moment is then of no use to another, and stays: with a fleet of workers a fifth
/// of all memory. Here one thread decides, one writes and a few carry bytes; small pieces come from a cache of each
/// thread anyway.
///
/// Call it before other threads are started. Does nothing with other C libraries.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: changes a number of the allocator, under its own lock.
        let _is_understood = unsafe { nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1) };
    }
}
