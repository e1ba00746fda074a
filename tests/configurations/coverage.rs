//! `coverage.txt`: which configurations have which construct. Each line is a row of what installations use, the regular
//! expression by which it is found, and configurations that have it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fancy_regex::Regex;

use crate::{all, name_of};

const TABLE: &str = include_str!("coverage.txt");

/// The text of all files of a configuration, without the sheet.
fn text_of(directory: &Path) -> String {
    let mut text = String::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.file_name().is_some_and(|name| name != "expected") {
                text += &fs::read_to_string(&path).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_row_of_the_table_is_in_the_configurations_it_names() {
    let texts: Vec<(String, String)> = all().iter().map(|directory| (name_of(directory), text_of(directory))).collect();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut cells = line.split(" | ");
        let (row, pattern, names) = (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
        let pattern = Regex::new(&format!("(?m){}", pattern.trim())).unwrap();
        for name in names.split(',').map(str::trim) {
            match texts.iter().find(|(known, _)| known == name) {
                Some((_, text)) if pattern.is_match(text).unwrap() => named.insert(name),
                Some(_) => {
                    wrong.push(format!("{row}: not in {name}"));
                    false
                }
                None => {
                    wrong.push(format!("{row}: there is no {name}"));
                    false
                }
            };
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let unnamed: Vec<&String> =
        texts.iter().map(|(name, _)| name).filter(|name| !named.contains(name.as_str())).collect();
    assert!(unnamed.is_empty(), "in no row: {unnamed:?}");
}

#[test]
fn there_are_sixty_of_all_sizes() {
    let n_lines: Vec<usize> = all().iter().map(|directory| text_of(directory).lines().count()).collect();
    assert!(60 <= n_lines.len(), "{}", n_lines.len());
    assert!(n_lines.iter().any(|n| *n < 40) && n_lines.iter().any(|n| 1400 < *n), "{n_lines:?}");
}
