//! Calls: arguments in an order that Starlark lacks, and methods that its texts, lists and dictionaries lack.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{ArgOrKeyword, Arguments, Expr, ExprAttribute, ExprCall};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::assembly::INCLUDE;
use super::expressions::{GO_OVER, GO_OVER_FIRST};
use super::frames::Resolved;
use super::rewriter::Rewriter;

/// `value.name(...)` becomes `_bb_method_name(value, ...)`, a native function that knows what Starlark's own types
/// lack and calls the method of everything else.
pub const METHODS: [&str; 17] = [
    "format",
    "copy",
    "sort",
    "reverse",
    "zfill",
    "ljust",
    "rjust",
    "center",
    "encode",
    "decode",
    "iteritems",
    "iterkeys",
    "itervalues",
    "has_key",
    "swapcase",
    "expandtabs",
    "count",
];

/// Methods of Starlark's own types that go over what they are given.
const GO_OVER_METHODS: [&str; 2] = ["join", "extend"];

impl Rewriter<'_> {
    /// Leaves a mark where a file is included; whether there is one.
    pub(super) fn include(&mut self, expression: &Expr) -> bool {
        let found = self.modules.includes.get(&(self.module, expression.start())).copied();
        if let Some(included) = found {
            let begins = self.begins_line(expression.start());
            let line = if begins { String::new() } else { format!("\n{}    ", self.indent(expression.start())) };
            self.replace(expression.range(), format!("{line}{INCLUDE}{included}"));
        }
        found.is_some()
    }

    pub(super) fn call(&mut self, call: &ExprCall) {
        match &*call.func {
            Expr::Attribute(method) if METHODS.contains(&method.attr.as_str()) => self.method(call, method),
            // Starlark's own methods cannot ask an object of the file for its items.
            Expr::Attribute(method)
                if GO_OVER_METHODS.contains(&method.attr.as_str())
                    && self.modules.operators.contains("__iter__")
                    && call.arguments.len() == 1
                    && call.arguments.keywords.is_empty()
                    && !is_path(&method.value)
                    && !call.arguments.args.iter().any(Expr::is_starred_expr) =>
            {
                self.expression(&call.func);
                return call.arguments.args.iter().for_each(|argument| self.listed(argument));
            }
            // `chain.from_iterable(a)` as `chain(*a)`.
            Expr::Attribute(method) if method.attr.as_str() == "from_iterable" => {
                if let ([list], []) = (&*call.arguments.args, &*call.arguments.keywords) {
                    self.expression(&method.value);
                    self.remove(TextRange::new(method.value.end(), call.func.end()));
                    self.insert(list.start(), "*");
                    return self.expression(list);
                }
                self.expression(&call.func);
            }
            Expr::Name(name) if self.resolve(&name.id) == Resolved::Unbound => {
                if self.builtin(call, &name.id) {
                    return;
                }
            }
            function => self.expression(function),
        }
        self.arguments(&call.arguments);
    }

    /// Calls of builtins that need more than another name; whether the arguments are done, too.
    fn builtin(&mut self, call: &ExprCall, name: &str) -> bool {
        let arguments = &call.arguments;
        // Starlark's own goes where the function's output goes, and knows no `file` or `end`.
        if name == "print" && !arguments.keywords.is_empty() {
            self.replace(call.func.range(), "_bb_print");
            return false;
        }
        self.expression(&call.func);
        if name == "super" && arguments.is_empty() {
            match self.method.clone() {
                Some((class, first)) => {
                    let first = self.read(&first);
                    self.replace(arguments.range(), format!("({class}, {first})"));
                }
                None => self.error(call.range(), "super() belongs into a method of a class"),
            }
            return true;
        }
        let simple = arguments.args.iter().all(|argument| !argument.is_starred_expr()) && arguments.keywords.is_empty();
        if GO_OVER.contains(&name) && simple {
            arguments.args.iter().for_each(|argument| self.listed(argument));
            return true;
        }
        let named = arguments.keywords.iter().all(|keyword| keyword.arg.is_some());
        let starred = arguments.args.iter().any(Expr::is_starred_expr);
        if GO_OVER_FIRST.contains(&name) && named && !starred {
            for (position, argument) in arguments.args.iter().enumerate() {
                if position == 0 { self.listed(argument) } else { self.expression(argument) }
            }
            arguments.keywords.iter().for_each(|keyword| self.expression(&keyword.value));
            return true;
        }
        false
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

/// `os.path`, whose `join` is another one.
fn is_path(node: &Expr) -> bool {
    match node {
        Expr::Attribute(attribute) => attribute.attr.ends_with("path"),
        Expr::Name(name) => name.id.ends_with("path"),
        _ => false,
    }
}
