//! A Rust file as the checks see it: its text, its code without comments and strings, and its tokens.

use std::fs;
use std::path::Path;

use super::root;

/// One file, read.
pub struct Source {
    /// Relative to the workspace, with slashes.
    pub path: String,
    pub text: String,
    /// The text with every comment and literal blanked, line for line.
    pub code: String,
    /// The line (from 0) at which the inline test module begins; the number of lines if there is none.
    pub n_production_lines: usize,
}

/// A word or a sign, and the line (from 1) it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let n_production_lines = production_lines(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, n_production_lines }
    }

    /// Every Rust file below a directory of the workspace, sorted.
    pub fn all_below(dir: &str) -> Vec<Self> {
        let mut paths = Vec::new();
        walk(&root().join(dir), "rs", &mut paths);
        let read = |path: &String| Self::new(path, &super::read(path));
        paths.iter().map(read).collect()
    }

    /// Whether the whole file is there for tests only.
    pub fn is_test_file(&self) -> bool {
        let in_tests = |part: &str| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs");
        self.path.split('/').any(in_tests) || self.path.starts_with("src/testing/")
    }

    /// Whether a line (from 1) is test code.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.n_production_lines < line
    }

    /// The directory or file below `src` that this file belongs to.
    pub fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        Some(below.split('/').next()?.trim_end_matches(".rs"))
    }

    pub fn tokens(&self) -> Vec<Token> {
        let numbered = self.code.lines().enumerate();
        numbered.flat_map(|(n, line)| split(line).map(move |text| Token { text, line: n + 1 })).collect()
    }
}

/// The paths below `dir` that end in `.extension`, relative to the workspace, sorted.
pub fn walk(dir: &Path, extension: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|it| it == extension) {
            let relative = path.strip_prefix(root()).expect("only the workspace is walked");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
}

fn production_lines(code: &str) -> usize {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let is_inline_module = |line: &str| line.contains("mod ") && line.ends_with('{');
    let begins_tests =
        |n: &usize| lines[*n] == "#[cfg(test)]" && lines.get(n + 1).is_some_and(|it| is_inline_module(it));
    (0..lines.len()).find(begins_tests).unwrap_or(lines.len())
}

fn split(line: &str) -> impl Iterator<Item = String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut is_in_word = false;
    for c in line.chars() {
        let is_word = c == '_' || c.is_alphanumeric();
        match tokens.last_mut() {
            Some(last) if (is_word && is_in_word) || (c == ':' && last == ":") => last.push(c),
            _ if c.is_whitespace() => (),
            _ => tokens.push(c.to_string()),
        }
        is_in_word = is_word;
    }
    tokens.into_iter()
}

/// Replaces comments, strings and characters by spaces and keeps the lines.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none does.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    let is_after_word = 0 < at && (chars[at - 1] == '_' || chars[at - 1].is_alphanumeric());
    match chars[at] {
        '/' if next == Some('/') => position(chars, at, |rest| rest[0] == '\n'),
        '/' if next == Some('*') => block_comment_end(chars, at),
        '"' => string_end(chars, at + 1),
        'r' if !is_after_word || chars[at - 1] == 'b' => raw_string_end(chars, at).unwrap_or(at),
        '\'' if next == Some('\\') => position(chars, at + 3, |rest| rest[0] == '\'') + 1,
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn position(chars: &[char], from: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| is_end(&chars[*at..])).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < chars.len() {
        if chars[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if chars[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The end of `r"..."`, `r#"..."#` and so on; `None` if this is no raw string.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let n_hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + n_hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', n_hashes));
    let end = position(chars, open + 1, |rest| rest.starts_with(&close)) + close.len();
    Some(end.min(chars.len()))
}

#[test]
fn comments_and_literals_are_blanked_and_code_is_kept() {
    let text = "a(\"x \\\" crate::y\", r#\"b \" c\"#); // d\n/* e /* f */ g */ h('\\'', '\"', 'i, j) /// k";
    let code = Source::new("src/x.rs", text).code;
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words.join(" "), "a( , ); h( , , 'i, j)");
    assert_eq!(code.lines().count(), 2);
}

#[test]
fn production_ends_where_the_inline_test_module_begins() {
    let text = "//! x\n\n#[cfg(test)]\nmod tests;\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n}\n";
    let source = Source::new("src/x.rs", text);
    assert_eq!(source.n_production_lines, 6);
    assert!(source.is_test_line(8) && !source.is_test_line(5));
}
