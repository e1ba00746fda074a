//! Feeds libFuzzer's bytes to [`buildbot_fuzz::broker`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| buildbot_fuzz::broker(bytes));
