//! Python 2, which files of 0.8 are written in, as Python 3: where both mean the same, before any parser sees the text.
//!
//! Each edit stays in its line, so lines stay; columns and excerpts are those of the operator's own text (see
//! `SourceText::edited`).

mod words;

use std::ops::Range;

use self::words::{Kind, Word, words};
use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

/// The text as Python 3.
pub struct Modern {
    pub source: SourceText,
    /// One for each kind of construct, at its first place.
    pub warnings: Vec<ConfigError>,
    pub errors: Vec<ConfigError>,
    pub n_changes: usize,
}

/// Rewrites what only Python 2 knows.
pub fn modern(source: &SourceText) -> Modern {
    let mut rewrite = Rewrite { source, text: &source.text, words: words(&source.text), ..Rewrite::new(source) };
    rewrite.run();
    let Rewrite { mut edits, found, errors, .. } = rewrite;
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let n_changes = edits.len();
    let warnings = found.into_iter().map(|(_, place, message, count)| {
        let more = if count == 1 { String::new() } else { format!(" ({} more)", count - 1) };
        source.error(place, format!("{message}{more}"))
    });
    let warnings = warnings.collect();
    let source = if edits.is_empty() { source.clone() } else { source.edited(&edits) };
    Modern { source, warnings, errors, n_changes }
}

struct Rewrite<'s> {
    source: &'s SourceText,
    text: &'s str,
    words: Vec<Word>,
    edits: Vec<(Range<usize>, String)>,
    /// Kinds of constructs: name, first place, what is said, how often.
    found: Vec<(&'static str, Span, String, usize)>,
    errors: Vec<ConfigError>,
}

impl<'s> Rewrite<'s> {
    fn new(source: &'s SourceText) -> Self {
        let (words, edits, found, errors) = Default::default();
        Self { source, text: &source.text, words, edits, found, errors }
    }

    fn run(&mut self) {
        let mut begins = true;
        let mut after_lambda = false;
        for at in 0..self.words.len() {
            let word = self.words[at].clone();
            let text = self.of(at);
            match word.kind {
                Kind::Name if begins && word.depth == 0 => self.statement(at),
                Kind::Name if text == "lambda" => self.lambda(at),
                Kind::Number => self.number(at),
                Kind::Text => self.string(at),
                Kind::Backtick => self.backtick(at),
                Kind::Operator if text == "<>" => {
                    self.edit(word.range.clone(), "!=");
                    self.warn("<>", at, "'<>' is written '!=' since Python 3");
                }
                _ => {}
            }
            after_lambda = word.depth == 0 && (after_lambda || text == "lambda") && word.kind != Kind::End;
            let separates = word.kind == Kind::Operator && word.depth == 0 && (text == ";" || text == ":");
            begins = word.kind == Kind::End || (separates && !after_lambda);
        }
    }

    fn of(&self, at: usize) -> &'s str {
        self.words.get(at).map_or("", |word| &self.text[word.range.clone()])
    }

    fn edit(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push((range, text.into()));
    }

    fn span(&self, at: usize) -> Span {
        let range = self.words.get(at).map_or(self.text.len()..self.text.len(), |word| word.range.clone());
        let number = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX - 1);
        Span { start: number(range.start), end: number(range.end) }
    }

    fn warn(&mut self, kind: &'static str, at: usize, message: &str) {
        match self.found.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., count)) => *count += 1,
            None => self.found.push((kind, self.span(at), message.to_owned(), 1)),
        }
    }

    fn error(&mut self, at: usize, message: &str) {
        self.errors.push(self.source.error(self.span(at), message));
    }

    /// The words of a statement from `at` on: up to the end of the line or a semicolon.
    fn rest(&self, at: usize) -> Range<usize> {
        let ends = |word: &Word| word.kind == Kind::End || (word.depth == 0 && &self.text[word.range.clone()] == ";");
        let length = self.words[at..].iter().position(ends).unwrap_or(0);
        at..at + length
    }

    /// Where the word before `end` ends.
    fn end_of(&self, end: usize) -> usize {
        self.words[end - 1].range.end
    }

    /// The places of an operator outside of brackets.
    fn places(&self, within: Range<usize>, operator: &str) -> Vec<usize> {
        within.filter(|at| self.words[*at].depth == 0 && self.of(*at) == operator).collect()
    }

    /// Whether words are one pair of parentheses and what is in it.
    fn is_in_parentheses(&self, words: Range<usize>) -> bool {
        let closes = |at: &usize| self.words[*at].depth == 0 && self.of(*at) == ")";
        self.of(words.start) == "(" && words.clone().find(closes) == Some(words.end - 1)
    }

    fn statement(&mut self, at: usize) {
        match self.of(at) {
            "print" => self.print(at),
            "exec" => self.exec(at),
            "except" => self.except(at),
            "raise" => self.raise(at),
            "def" => self.parameters(at),
            "lambda" => self.lambda(at),
            _ => {}
        }
    }

    /// `print a, b`, `print >>f, a`, `print a,`.
    fn print(&mut self, at: usize) {
        let rest = self.rest(at + 1);
        let follows = self.of(rest.start);
        if rest.is_empty() {
            return;
        }
        if follows == "(" {
            let closes = rest.clone().find(|at| self.words[*at].depth == 0 && self.of(*at) == ")");
            let behind = closes.map_or("", |at| if at + 1 < rest.end { self.of(at + 1) } else { "" });
            if !["%", ",", "+", "*", ".", "["].contains(&behind) {
                return;
            }
        } else if self.words[rest.start].kind == Kind::Operator && !["[", "{", "-", "~", ">>", "+"].contains(&follows) {
            // A name like any other.
            return;
        }
        self.warn("print", at, "the statement 'print' is Python 2; write print(...)");
        let mut last = rest.clone();
        let mut closing = String::from(")");
        if self.of(last.end - 1) == "," {
            last.end -= 1;
            closing = ", end=' ')".to_owned();
            self.edit(self.words[last.end].range.clone(), "");
        }
        let print_end = self.words[at].range.end;
        if follows == ">>" {
            let comma = self.places(last.clone(), ",").first().copied().unwrap_or(last.end);
            let file = self.text[self.words[last.start].range.end..self.end_of(comma)].trim();
            closing = format!("{}file={file}{closing}", if comma < last.end { ", " } else { "" });
            let until = if comma < last.end { self.words[comma].range.end } else { self.end_of(last.end) };
            self.edit(print_end..until, "(");
        } else {
            let gap = &self.text[print_end..self.words[last.start].range.start];
            // A space becomes the parenthesis, so that columns stay.
            let replaced = usize::from(gap.starts_with(' '));
            self.edit(print_end..print_end + replaced, "(");
        }
        let end = self.end_of(last.end);
        self.edit(end..end, closing);
    }

    /// `exec code` and `exec code in names`.
    fn exec(&mut self, at: usize) {
        let rest = self.rest(at + 1);
        if rest.is_empty() || self.is_in_parentheses(rest.clone()) || ["=", ".", ","].contains(&self.of(rest.start)) {
            return;
        }
        self.warn("exec", at, "the statement 'exec' is Python 2; write exec(...)");
        let print_end = self.words[at].range.end;
        let gap = usize::from(self.text[print_end..].starts_with(' '));
        self.edit(print_end..print_end + gap, "(");
        if let Some(within) = self.places(rest.clone(), "in").first() {
            self.edit(self.words[*within].range.clone(), ",");
        }
        let end = self.end_of(rest.end);
        self.edit(end..end, ")");
    }

    /// `except A, e:`.
    fn except(&mut self, at: usize) {
        let rest = self.rest(at + 1);
        let Some(colon) = self.places(rest.clone(), ":").first().copied() else { return };
        let [comma] = self.places(at + 1..colon, ",")[..] else { return };
        let is_name = comma + 2 == colon && self.words[comma + 1].kind == Kind::Name;
        // Since Python 3.14 the name of another exception may stand there.
        if is_name && !self.of(comma + 1).starts_with(|letter: char| letter.is_ascii_uppercase()) {
            self.edit(self.words[comma].range.clone(), " as");
            self.warn("except", at, "'except A, e' is Python 2; write 'except A as e'");
        }
    }

    /// `raise A, "text"`.
    fn raise(&mut self, at: usize) {
        let rest = self.rest(at + 1);
        match self.places(rest.clone(), ",")[..] {
            [] => {}
            [comma] if comma + 1 < rest.end => {
                self.edit(self.words[comma].range.clone(), "(");
                let end = self.end_of(rest.end);
                self.edit(end..end, ")");
                self.warn("raise", at, "'raise A, text' is Python 2; write 'raise A(text)'");
            }
            _ => self.error(at, "'raise' with several values is Python 2; write 'raise A(text)'"),
        }
    }

    /// `def f(a, (b, c)):`.
    fn parameters(&mut self, at: usize) {
        let rest = self.rest(at);
        let end = self.places(rest.clone(), ":").first().copied().unwrap_or(rest.end);
        let mut named = (rest.start..end).filter(|at| self.words[*at].depth == 1 && self.of(*at) == "(");
        let tuple = named.find(|at| matches!(self.of(at - 1), "(" | ","));
        if let Some(tuple) = tuple {
            self.error(tuple, "a tuple as a parameter is Python 2; name it, and take it apart inside of the function");
        }
    }

    /// `lambda (a, b): a`.
    fn lambda(&mut self, at: usize) {
        if self.of(at + 1) == "(" {
            self.error(at + 1, "a tuple as a parameter is Python 2; name it, as in lambda item: item[0]");
        }
    }

    /// `0777`, `10L`.
    fn number(&mut self, at: usize) {
        let text = self.of(at);
        let range = self.words[at].range.clone();
        let plain = text.trim_end_matches(['l', 'L']);
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        if plain.len() < text.len() {
            self.edit(range.start + plain.len()..range.end, "");
            self.warn("long", at, "numbers with an 'L' are Python 2; leave it out");
        }
        let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
        let is_octal = !is_hex && digits && plain.starts_with('0') && plain.bytes().any(|byte| byte != b'0');
        if !is_octal {
            return;
        }
        if plain.contains(['8', '9']) {
            return self.error(at, "a number does not begin with 0");
        }
        self.edit(range.start..range.start + 1, "0o");
        let message = format!("the octal number {plain} is Python 2; write 0o{}", plain.trim_start_matches('0'));
        self.warn("octal", at, &message);
    }

    /// `ur'...'`.
    fn string(&mut self, at: usize) {
        let text = self.of(at);
        if !text.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("ur")) {
            return;
        }
        if text.contains("\\u") {
            return self.error(at, "ur'' with '\\u' is Python 2; write '' and double the other backslashes");
        }
        let start = self.words[at].range.start;
        self.edit(start..start + 1, "");
        self.warn("ur", at, "ur'' is Python 2; write r''");
    }

    /// `` `a` ``.
    fn backtick(&mut self, at: usize) {
        let before = self.words[..at].iter().filter(|word| word.kind == Kind::Backtick).count();
        let range = self.words[at].range.clone();
        if before % 2 == 1 {
            return self.edit(range, ")");
        }
        self.edit(range, "repr(");
        self.warn("backtick", at, "backticks are Python 2; write repr(...)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        let modern = modern(&SourceText::new("m.cfg", text));
        modern.errors.iter().map(ToString::to_string).next().unwrap_or(modern.source.text)
    }

    #[test]
    fn statements_of_python_2_become_calls() {
        let cases = [
            ("print", "print"),
            ("print 'a', b", "print('a', b)"),
            ("print 'a %s' % b # c", "print('a %s' % b) # c"),
            ("print('a')", "print('a')"),
            ("print ('a %s') % b", "print(('a %s') % b)"),
            ("if a: print b; c = 1", "if a: print(b); c = 1"),
            ("print >>sys.stderr, 'a', b", "print( 'a', b, file=sys.stderr)"),
            ("print >>f", "print(file=f)"),
            ("print a,", "print(a, end=' ')"),
            ("print (a), b", "print((a), b)"),
            ("print [\n  1,\n  2]", "print([\n  1,\n  2])"),
            ("x = {'print': 1}; y.print = 2", "x = {'print': 1}; y.print = 2"),
            ("exec open('a').read()", "exec(open('a').read())"),
            ("exec a in b", "exec(a , b)"),
            ("exec(a)", "exec(a)"),
            ("try: a\nexcept (A, B), e: pass", "try: a\nexcept (A, B) as e: pass"),
            ("except A, B: pass", "except A, B: pass"),
            ("raise A, 'b' % c", "raise A( 'b' % c)"),
            ("x = a <> `b`", "x = a != repr(b)"),
            ("m = 0755; n = 0x1FL; o = 0; p = 0.5; q = 08.5", "m = 0o755; n = 0x1F; o = 0; p = 0.5; q = 08.5"),
            ("x = ur'\\d' + Ur\"e\"", "x = r'\\d' + r\"e\""),
            ("x = '''\nprint a\n''' # print b `\n", "x = '''\nprint a\n''' # print b `\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(rewritten(text), expected, "rewriting {text}");
        }
    }

    #[test]
    fn what_would_mean_something_else_is_refused() {
        let cases = [
            ("f = lambda (a, b): a", "m.cfg:1:12: a tuple as a parameter is Python 2"),
            ("def f(a, (b, c)): pass", "m.cfg:1:10: a tuple as a parameter is Python 2"),
            ("x = ur'\\u0041'", "m.cfg:1:5: ur'' with"),
            ("raise A, b, c", "m.cfg:1:1: 'raise' with several values"),
        ];
        for (text, expected) in cases {
            let found = rewritten(text);
            assert!(found.starts_with(expected), "{text}: {found}");
        }
        for text in ["def f(a=(1, 2), *b): pass", "def f(a): return (a, (1))", "f = lambda a=(1, 2): a"] {
            assert_eq!(rewritten(text), text);
        }
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was() {
        let source = modern(&SourceText::new("m.cfg", "a = 1\nprint >>f, `b`, c\nd\n")).source;
        let place = u32::try_from(source.text.find("c,").unwrap()).unwrap();
        let error = source.error(Span { start: place, end: place + 1 }, "here");
        assert_eq!(error.to_string(), "m.cfg:2:17: here\n    print >>f, `b`, c\n                    ^");
        let place = u32::try_from(source.text.find("d\n").unwrap()).unwrap();
        assert_eq!(source.position(place), (3, 1));
    }
}
