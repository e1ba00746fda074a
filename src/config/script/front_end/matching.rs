//! `match`: the cases become an `if` chain, the patterns plain values that `_bb_match` interprets.
//!
//! What a pattern binds is in boxes, as everything that is assigned by something else than a statement.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    Identifier, Pattern, PatternKeyword, PatternMatchAs, PatternMatchClass, PatternMatchMapping, PatternMatchSequence,
    PatternOrKeyword, Singleton, StmtMatch,
};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::expressions::{first, last};
use super::frames::Resolved;
use super::rewriter::Rewriter;

/// Most cases of one `match`; Starlark nests them.
const MAX_CASES: usize = 200;

impl Rewriter<'_> {
    /// `match a:` becomes `_bb_subject_1 = (a)` and `if True:`; each `case p if g:` in it
    /// `if _bb_match(_bb_subject_1, p) and (g):`, or `elif`.
    pub(super) fn match_block(&mut self, node: &StmtMatch) {
        if MAX_CASES < node.cases.len() {
            return self.error(node.subject.range(), "this 'match' has too many cases");
        }
        let number = self.number();
        let indent = self.indent(node.start());
        let word = TextRange::at(node.start(), 5.into());
        self.replace(word, format!("_bb_subject_{number} = ("));
        self.expression(&node.subject);
        let end = node.cases.first().map_or(node.end(), Ranged::start);
        let whole = self.with_parentheses(node.subject.range(), TextRange::new(word.end(), end));
        if let Some(colon) = self.token(TextRange::new(whole.end(), end), TokenKind::Colon) {
            self.insert(colon.start(), format!(")\n{indent}if True"));
        }
        for (position, case) in node.cases.iter().enumerate() {
            let keyword = if position == 0 { "if" } else { "elif" };
            let word = TextRange::at(case.start(), 4.into());
            self.replace(word, format!("{keyword} _bb_match(_bb_subject_{number}, "));
            self.pattern(&case.pattern);
            let mut head = TextRange::new(case.pattern.end(), case.body.first().map_or(case.end(), Ranged::start));
            if let Some(guard) = &case.guard {
                let before = TextRange::new(head.start(), guard.start());
                if let Some(word) = self.token(before, TokenKind::If) {
                    self.replace(word, ") and (");
                }
                self.expression(guard);
                head = TextRange::new(self.with_parentheses(guard.range(), head).end(), head.end());
            }
            if let Some(colon) = self.token(head, TokenKind::Colon) {
                self.insert(colon.start(), ")");
            }
            self.statements(&case.body);
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::MatchValue(node) => {
                self.insert(node.start(), "(\"value\", ");
                self.expression(&node.value);
                self.insert(node.end(), ")");
            }
            Pattern::MatchSingleton(node) => {
                let value = match node.value {
                    Singleton::None => "None",
                    Singleton::True => "True",
                    Singleton::False => "False",
                };
                self.replace(node.range(), format!("(\"is\", {value})"));
            }
            Pattern::MatchSequence(node) => self.sequence_pattern(node),
            Pattern::MatchMapping(node) => self.mapping_pattern(node),
            Pattern::MatchClass(node) => self.class_pattern(node),
            Pattern::MatchStar(node) => {
                let target = self.captured(node.name.as_ref());
                self.replace_keeping_lines(node.range(), &format!("(\"star\", {target})"));
            }
            Pattern::MatchAs(node) => self.as_pattern(node),
            Pattern::MatchOr(node) => {
                self.insert(node.start(), "(\"or\", [");
                let mut end = node.start();
                for (position, choice) in node.patterns.iter().enumerate() {
                    let between = TextRange::new(end, choice.start());
                    if let (Some(bar), true) = (self.token(between, TokenKind::Vbar), position != 0) {
                        self.replace(bar, ",");
                    }
                    self.pattern(choice);
                    end = choice.end();
                }
                self.insert(node.end(), "])");
            }
        }
    }

    /// `(a, b)`, `[a, b]`, or `a, b`.
    fn sequence_pattern(&mut self, node: &PatternMatchSequence) {
        let bracketed = self.is_bracketed(node.range());
        if bracketed {
            self.replace(first(node.range()), "(\"sequence\", [");
        } else {
            self.insert(node.start(), "(\"sequence\", [");
        }
        node.patterns.iter().for_each(|pattern| self.pattern(pattern));
        if bracketed {
            self.replace(last(node.range()), "])");
        } else {
            self.insert(node.end(), "])");
        }
    }

    /// Whether the bracket at the start of a range is closed by the one at its end.
    fn is_bracketed(&self, range: TextRange) -> bool {
        let mut depth = 0;
        for token in self.tokens_in(range) {
            match token.kind() {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return token.end() == range.end() && token.start() != range.start();
            }
        }
        false
    }

    /// `{k: p, **rest}`.
    fn mapping_pattern(&mut self, node: &PatternMatchMapping) {
        self.replace(first(node.range()), "(\"mapping\", [");
        let mut end = node.start() + TextSize::from(1);
        for (key, pattern) in node.keys.iter().zip(&node.patterns) {
            self.insert(key.start(), "(\"item\", ");
            self.expression(key);
            if let Some(colon) = self.token(TextRange::new(key.end(), pattern.start()), TokenKind::Colon) {
                self.replace(colon, ",");
            }
            self.pattern(pattern);
            end = self.with_parentheses(pattern.range(), node.range()).end();
            self.insert(end, ")");
        }
        if let Some(rest) = &node.rest
            && let Some(stars) = self.token(TextRange::new(end, node.end()), TokenKind::DoubleStar)
        {
            let target = self.captured(Some(rest));
            let range = TextRange::new(stars.start(), rest.end());
            self.replace_keeping_lines(range, &format!("(\"star\", {target})"));
        }
        self.replace(last(node.range()), "])");
    }

    /// `Point(1, y=p)`.
    fn class_pattern(&mut self, node: &PatternMatchClass) {
        self.insert(node.start(), "(\"class\", ");
        self.expression(&node.cls);
        self.replace(first(node.arguments.range()), ", [");
        for argument in node.arguments.patterns_source_order() {
            match argument {
                PatternOrKeyword::Pattern(pattern) => self.pattern(pattern),
                PatternOrKeyword::Keyword(PatternKeyword { attr, pattern, .. }) => {
                    let before = TextRange::new(attr.start(), pattern.start());
                    let equals = self.token(before, TokenKind::Equal).map_or(attr.end(), |equals| equals.end());
                    let opening = format!("(\"keyword\", {:?}, ", attr.as_str());
                    self.replace_keeping_lines(TextRange::new(attr.start(), equals), &opening);
                    self.pattern(pattern);
                    let end =
                        self.with_parentheses(pattern.range(), TextRange::new(equals, node.end() - TextSize::from(1)));
                    self.insert(end.end(), ")");
                }
            }
        }
        self.replace(last(node.range()), "])");
    }

    /// `_`, `name`, or `p as name`.
    fn as_pattern(&mut self, node: &PatternMatchAs) {
        let target = self.captured(node.name.as_ref());
        let Some(pattern) = &node.pattern else {
            return self.replace(node.range(), format!("(\"capture\", {target})"));
        };
        self.insert(node.start(), "(\"as\", ");
        self.pattern(pattern);
        if let Some(word) = self.token(TextRange::new(pattern.end(), node.end()), TokenKind::As) {
            self.replace_keeping_lines(TextRange::new(word.start(), node.end()), &format!(", {target})"));
        }
    }

    /// The box of a name that a pattern binds.
    fn captured(&mut self, name: Option<&Identifier>) -> String {
        let Some(name) = name else { return "None".to_owned() };
        match self.resolve(name) {
            Resolved::Boxed(variable) => variable,
            _ => {
                self.error(name.range(), "this name cannot be bound by a pattern");
                "None".to_owned()
            }
        }
    }
}

/// The names that a pattern binds, of itself and not of the patterns in it.
pub(super) fn bound(pattern: &Pattern) -> Option<&Identifier> {
    match pattern {
        Pattern::MatchAs(node) => node.name.as_ref(),
        Pattern::MatchStar(node) => node.name.as_ref(),
        Pattern::MatchMapping(node) => node.rest.as_ref(),
        _ => None,
    }
}
