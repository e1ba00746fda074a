//! Calls: arguments in an order that Starlark lacks, and methods that its texts, lists and dictionaries lack.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{ArgOrKeyword, Arguments, Expr, ExprAttribute, ExprCall};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::rewriter::Rewriter;

/// `value.name(...)` becomes `_bb_method_name(value, ...)`, a native function that knows what Starlark's own types
/// lack and calls the method of everything else.
pub const METHODS: [&str; 10] =
    ["format", "copy", "sort", "reverse", "zfill", "ljust", "rjust", "encode", "decode", "iteritems"];

impl Rewriter<'_> {
    pub(super) fn call(&mut self, call: &ExprCall) {
        match &*call.func {
            Expr::Attribute(method) if METHODS.contains(&method.attr.as_str()) => self.method(call, method),
            function => self.expression(function),
        }
        self.arguments(&call.arguments);
    }

    fn method(&mut self, call: &ExprCall, method: &ExprAttribute) {
        self.insert(call.start(), format!("_bb_method_{}(", method.attr.as_str()));
        self.expression(&method.value);
        let open = call.arguments.l_paren_range();
        if let Some(dot) = self.token(TextRange::new(method.value.end(), open.start()), TokenKind::Dot) {
            self.replace(TextRange::new(dot.start(), open.end()), ", ");
        }
    }

    /// Starlark wants positional, named, `*a`, `**k`, at most one of each star. What comes in another order is
    /// gathered: `*_bb_join(a, [b])` and `**_bb_merge(k, _bb_dict(x=1))`.
    pub(super) fn arguments(&mut self, arguments: &Arguments) {
        let all: Vec<ArgOrKeyword<'_>> = arguments.arguments_source_order().collect();
        let is_star = |argument: &ArgOrKeyword<'_>| match argument {
            ArgOrKeyword::Arg(expr) => expr.is_starred_expr(),
            ArgOrKeyword::Keyword(keyword) => keyword.arg.is_none(),
        };
        let plain = all.iter().take_while(|argument| !is_star(argument)).count();
        let (plain, starred) = all.split_at(plain);
        for argument in plain {
            match argument {
                ArgOrKeyword::Arg(expr) => self.expression(expr),
                ArgOrKeyword::Keyword(keyword) => self.expression(&keyword.value),
            }
        }
        let n_positional = starred.iter().take_while(|argument| matches!(argument, ArgOrKeyword::Arg(_))).count();
        let (positional, keywords) = starred.split_at(n_positional);
        if let Some(ArgOrKeyword::Arg(late)) = keywords.iter().find(|argument| matches!(argument, ArgOrKeyword::Arg(_)))
        {
            return self.error(late.range(), "positional arguments must stand before the named ones here");
        }
        self.positional(positional);
        self.keywords(keywords);
    }

    fn positional(&mut self, arguments: &[ArgOrKeyword<'_>]) {
        if let [ArgOrKeyword::Arg(Expr::Starred(only))] = arguments {
            return self.expression(&only.value);
        }
        let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else { return };
        self.insert(first.start(), "*_bb_join(");
        for argument in arguments {
            if let ArgOrKeyword::Arg(expr) = argument {
                self.spread(std::slice::from_ref(*expr));
            }
        }
        self.insert(last.end(), ")");
    }

    fn keywords(&mut self, arguments: &[ArgOrKeyword<'_>]) {
        if let [ArgOrKeyword::Keyword(only)] = arguments
            && only.arg.is_none()
        {
            return self.expression(&only.value);
        }
        let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else { return };
        self.insert(first.start(), "**_bb_merge(");
        for argument in arguments {
            let ArgOrKeyword::Keyword(keyword) = argument else { continue };
            if keyword.arg.is_some() {
                self.insert(keyword.start(), "_bb_dict(");
                self.expression(&keyword.value);
                self.insert(keyword.end(), ")");
            } else {
                if let Some(stars) = self.token(keyword.range(), TokenKind::DoubleStar) {
                    self.remove(stars);
                }
                self.expression(&keyword.value);
            }
        }
        self.insert(last.end(), ")");
    }
}
