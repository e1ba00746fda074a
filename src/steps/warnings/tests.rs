//! Counting, with the default patterns and with one of three groups.

use super::*;
use crate::steps::config::SuppressionConfig;
use crate::testing::plain_steps::plain_warning_counting;

fn count(config: &WarningCountingConfig, lines: &[&str]) -> (i64, String) {
    let mut counter = WarningCounter::new(WarningRules::new(config).unwrap());
    for line in lines {
        counter.line(Stream::Stderr, line);
    }
    counter.take()
}

#[test]
fn the_default_pattern_finds_the_word_before_a_colon_or_blank() {
    let config = plain_warning_counting("make");
    let lines = ["a.c:1: warning: x", "WARNING it is late", "no warnings here", "all fine", "two Warning:"];
    let (n_warnings, text) = count(&config, &lines);
    assert_eq!(n_warnings, 3);
    assert_eq!(text, "a.c:1: warning: x\nWARNING it is late\ntwo Warning:\n");
}

#[test]
fn headers_are_not_searched() {
    let mut counter = WarningCounter::new(WarningRules::new(&plain_warning_counting("make")).unwrap());
    counter.line(Stream::Header, "make CFLAGS=-Wno warning: x");
    counter.line(Stream::Stdout, "warning: x");
    assert_eq!(counter.take().0, 1);
}

#[test]
fn files_are_found_below_the_directory_make_is_in() {
    let mut config = plain_warning_counting("make");
    config.warning_pattern = r"(.*?):(\d+): warning: (.*)".to_owned();
    config.suppression_list =
        vec![SuppressionConfig { file: Some("/b/sub/a\\.c".to_owned()), text: None, lines: None }];
    let lines = [
        "make[1]: Entering directory '/b'",
        "make[2]: Entering directory `/b/sub'",
        "a.c:5: warning: x",
        "make[2]: Leaving directory `/b/sub'",
        "a.c:5: warning: x",
    ];
    assert_eq!(count(&config, &lines), (1, "a.c:5: warning: x\n".to_owned()));
}

#[test]
fn relative_directories_are_joined() {
    let mut config = plain_warning_counting("make");
    config.warning_pattern = r"(.*?):(\d+): warning: (.*)".to_owned();
    config.suppression_list = vec![SuppressionConfig { file: Some("d/e/a\\.c".to_owned()), text: None, lines: None }];
    let lines = ["make: Entering directory \"d\"", "gmake: Entering directory ’e’", "a.c:5: warning: x"];
    assert_eq!(count(&config, &lines).0, 0);
}

#[test]
fn a_bad_pattern_is_an_error() {
    let mut config = plain_warning_counting("make");
    config.directory_enter_pattern = Some("(".to_owned());
    assert!(matches!(WarningRules::new(&config), Err(PatternError { .. })));
}
