//! Feeds libFuzzer's bytes to [`buildbot_fuzz::upgrade`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| buildbot_fuzz::upgrade(bytes));
