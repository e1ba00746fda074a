//! How much a worker may make the master store in one transfer.

/// What an upload may be at most, whatever its step allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a file, of the stream of an archive, and of what it unpacks to; in bytes.
    pub bytes: u64,
    /// Files and directories of one archive.
    pub entries: u64,
    /// An archive of which the step limits the size unpacks to at most so many times that size.
    pub growth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 30, entries: 1_000_000, growth: 100 }
    }
}

impl Limits {
    /// Bytes that may arrive for a step with this `maxsize`.
    pub(super) fn arriving(self, max_bytes: Option<u64>) -> u64 {
        max_bytes.map_or(self.bytes, |max_bytes| max_bytes.min(self.bytes))
    }

    /// Bytes that what arrived may become.
    pub(super) fn unpacked(self, max_bytes: Option<u64>) -> u64 {
        max_bytes.map_or(self.bytes, |max_bytes| max_bytes.saturating_mul(self.growth).min(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_only_lower_the_limits() {
        let limits = Limits { bytes: 1000, entries: 1, growth: 10 };
        assert_eq!((limits.arriving(None), limits.unpacked(None)), (1000, 1000));
        assert_eq!((limits.arriving(Some(20)), limits.unpacked(Some(20))), (20, 200));
        assert_eq!((limits.arriving(Some(5000)), limits.unpacked(Some(u64::MAX))), (1000, 1000));
    }
}
