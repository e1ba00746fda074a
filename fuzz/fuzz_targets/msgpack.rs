//! Feeds libFuzzer's bytes to [`buildbot_fuzz::msgpack`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| buildbot_fuzz::msgpack(bytes));
