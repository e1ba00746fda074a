//! String literals: prefixes, implicit concatenation, formatted strings.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    ConversionFlag, ExprBytesLiteral, ExprFString, ExprStringLiteral, FString, FStringPart, InterpolatedElement,
    InterpolatedStringElement, StringFlags,
};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::rewriter::Rewriter;

impl Rewriter<'_> {
    pub(super) fn string(&mut self, node: &ExprStringLiteral) {
        let parts: Vec<TextRange> = node.value.iter().map(Ranged::range).collect();
        self.concatenated(node.range(), &parts, |rewriter, part| rewriter.prefix(parts[part]));
    }

    /// Bytes are text here: nothing in a configuration can tell the difference.
    pub(super) fn bytes(&mut self, node: &ExprBytesLiteral) {
        let parts: Vec<TextRange> = node.value.iter().map(Ranged::range).collect();
        self.concatenated(node.range(), &parts, |rewriter, part| rewriter.prefix(parts[part]));
    }

    pub(super) fn formatted(&mut self, node: &ExprFString) {
        let parts = node.value.as_slice();
        let ranges: Vec<TextRange> = parts.iter().map(Ranged::range).collect();
        self.concatenated(node.range(), &ranges, |rewriter, part| match &parts[part] {
            FStringPart::Literal(literal) => rewriter.prefix(literal.range()),
            FStringPart::FString(formatted) => rewriter.formatted_part(formatted),
        });
    }

    /// `'a' 'b'` becomes `('a' + 'b')`.
    fn concatenated(&mut self, range: TextRange, parts: &[TextRange], mut rewrite: impl FnMut(&mut Self, usize)) {
        let several = 1 < parts.len();
        if several {
            self.insert(range.start(), "(");
        }
        for (position, part) in parts.iter().enumerate() {
            rewrite(self, position);
            if position + 1 < parts.len() {
                self.insert(part.end(), " +");
            }
        }
        if several {
            self.insert(range.end(), ")");
        }
    }

    /// Removes the prefixes `u` and `b`; `r` stays.
    fn prefix(&mut self, range: TextRange) {
        let text = self.text(range);
        let length = text.find(['\'', '"']).unwrap_or(0);
        let kept: String = text[..length].chars().filter(|letter| matches!(letter, 'r' | 'R')).map(|_| 'r').collect();
        if kept != text[..length] {
            self.replace(TextRange::at(range.start(), size(length)), kept);
        }
    }

    /// `f"a{x:>5}b"` becomes `_bb_cat("a", _bb_field(x, "", ">5"), "b")`.
    fn formatted_part(&mut self, node: &FString) {
        let text = self.text(node.range());
        let prefix = text.find(['\'', '"']).unwrap_or(0);
        let raw = if text[..prefix].contains(['r', 'R']) { "r" } else { "" };
        let quote = if node.flags.is_triple_quoted() { &text[prefix..prefix + 3] } else { &text[prefix..=prefix] };
        let opener = TextRange::at(node.start(), size(prefix + quote.len()));
        self.replace(opener, format!("_bb_cat({raw}{quote}"));
        self.elements(node.elements.iter(), (raw, quote));
        self.replace(TextRange::new(node.end() - size(quote.len()), node.end()), format!("{quote})"));
    }

    fn elements<'e>(&mut self, elements: impl Iterator<Item = &'e InterpolatedStringElement>, quoting: (&str, &str)) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => self.doubled_braces(literal.range()),
                InterpolatedStringElement::Interpolation(field) => self.field(field, quoting),
            }
        }
    }

    fn doubled_braces(&mut self, range: TextRange) {
        let text = self.text(range);
        let mut at = 0;
        while let Some(found) = text[at..].find(['{', '}']) {
            let start = range.start() + size(at + found);
            let doubled = text[at + found + 1..].starts_with(&text[at + found..=at + found]);
            if doubled {
                self.replace(TextRange::at(start, 1.into()), "");
            }
            at += found + if doubled { 2 } else { 1 };
        }
    }

    fn field(&mut self, field: &InterpolatedElement, (raw, quote): (&str, &str)) {
        if let Some(debug) = &field.debug_text {
            let _ = debug;
            return self.error(field.range(), "'=' in a formatted string is not supported");
        }
        let conversion = match field.conversion {
            ConversionFlag::None => "",
            ConversionFlag::Str => "s",
            ConversionFlag::Ascii | ConversionFlag::Repr => "r",
        };
        self.replace(TextRange::at(field.start(), 1.into()), format!("{quote}, _bb_field("));
        self.expression(&field.expression);
        let inside = TextRange::new(field.start(), field.end());
        let end = self.with_parentheses(field.expression.range(), inside).end();
        let close = TextRange::new(field.end() - TextSize::from(1), field.end());
        match &field.format_spec {
            None => self.replace(TextRange::new(end, field.end()), format!(", \"{conversion}\"), {raw}{quote}")),
            Some(spec) => {
                let colon = self.token(TextRange::new(end, spec.range().start()), TokenKind::Colon);
                let colon = colon.map_or(spec.range().start(), |colon| colon.end());
                self.replace(TextRange::new(end, colon), format!(", \"{conversion}\", _bb_cat({raw}{quote}"));
                self.elements(spec.elements.iter(), (raw, quote));
                self.replace(close, format!("{quote})), {raw}{quote}"));
            }
        }
    }
}

fn size(length: usize) -> TextSize {
    TextSize::try_from(length).unwrap_or_default()
}
