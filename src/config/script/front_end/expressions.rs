//! Expressions that Python has and Starlark does not.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    CmpOp, Comprehension, Expr, ExprAttribute, ExprBinOp, ExprCompare, ExprContext, ExprDict, ExprName, ExprNamed,
    ExprNumberLiteral, ExprSubscript, Number, Operator,
};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::frames::{Frame, Resolved};
use super::rewriter::Rewriter;
use super::scopes;

/// Builtins of Python that Starlark has otherwise, or not, and ours.
const BUILTINS: [(&str, &str); 12] = [
    ("frozenset", "set"),
    ("type", "_bb_type"),
    ("super", "_bb_super"),
    ("map", "_bb_map"),
    ("filter", "_bb_filter"),
    ("unicode", "str"),
    ("basestring", "str"),
    ("bytes", "str"),
    ("long", "int"),
    ("xrange", "range"),
    ("file", "open"),
    ("load", "_bb_load"),
];
/// Builtins that go over what they are given.
pub(super) const GO_OVER: [&str; 10] =
    ["list", "tuple", "set", "frozenset", "enumerate", "zip", "reversed", "any", "all", "dict"];
/// Builtins that go over their first argument, and look at the others.
pub(super) const GO_OVER_FIRST: [&str; 1] = ["sorted"];

/// Methods that are also used as functions of a text.
const TEXT_METHODS: [&str; 14] = [
    "capitalize",
    "endswith",
    "isalnum",
    "isalpha",
    "isdigit",
    "lower",
    "lstrip",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
];

impl Rewriter<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Name(node) => self.name(node),
            Expr::Attribute(node) => self.attribute(node),
            Expr::NumberLiteral(node) => self.number_literal(node),
            Expr::StringLiteral(node) => self.string(node),
            Expr::BytesLiteral(node) => self.bytes(node),
            Expr::FString(node) => self.formatted(node),
            Expr::BinOp(node) => self.binary(node),
            Expr::Compare(node) => self.comparison(node),
            Expr::Lambda(node) => self.lambda(node),
            Expr::Call(node) => self.call(node),
            Expr::Dict(node) => self.dictionary(node),
            Expr::List(node) => self.display(expression.range(), &node.elts, ("[", "]")),
            Expr::Tuple(node) => self.tuple(expression.range(), &node.elts, node.parenthesized),
            Expr::Set(node) => {
                let has_star = node.elts.iter().any(Expr::is_starred_expr);
                self.replace(first(node.range()), if has_star { "set(_bb_join(" } else { "set([" });
                match has_star {
                    true => self.spread(&node.elts),
                    false => node.elts.iter().for_each(|element| self.expression(element)),
                }
                self.replace(last(node.range()), if has_star { "))" } else { "])" });
            }
            Expr::SetComp(node) => {
                self.replace(first(node.range()), "set([");
                self.comprehension(&[&node.elt], &node.generators);
                self.replace(last(node.range()), "])");
            }
            Expr::Generator(node) => self.generator(node),
            Expr::ListComp(node) => self.comprehension(&[&node.elt], &node.generators),
            Expr::DictComp(node) => self.comprehension(&[&node.key, &node.value], &node.generators),
            _ => self.plain(expression),
        }
    }

    /// Expressions that stay as they are, with parts that may not; and the ones that are refused.
    fn plain(&mut self, expression: &Expr) {
        match expression {
            Expr::BoolOp(node) => node.values.iter().for_each(|value| self.expression(value)),
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::If(node) => [&node.body, &node.test, &node.orelse].into_iter().for_each(|part| self.expression(part)),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Slice(node) => {
                let parts = [&node.lower, &node.upper, &node.step];
                parts.into_iter().flatten().for_each(|part| self.expression(part));
            }
            Expr::Named(node) => self.named(node),
            Expr::Await(node) => self.error(node.range(), "'await' is not supported in configurations"),
            Expr::Yield(node) => self.error(node.range(), "'yield' is not supported in configurations"),
            Expr::YieldFrom(node) => self.error(node.range(), "'yield' is not supported in configurations"),
            Expr::TString(node) => self.error(node.range(), "template strings are not supported"),
            Expr::Starred(node) => self.error(node.range(), "'*' is not supported here"),
            _ => {}
        }
    }

    /// `a[b]` becomes `_bb_getitem(a, b)` if some class of the files has items of its own.
    fn subscript(&mut self, node: &ExprSubscript) {
        let is_own = node.ctx == ExprContext::Load
            && self.modules.operators.contains("__getitem__")
            && !node.slice.is_slice_expr();
        if is_own {
            self.insert(node.start(), "_bb_getitem(");
        }
        self.expression(&node.value);
        if is_own {
            self.open_item(node, ", ");
        }
        self.expression(&node.slice);
        if is_own {
            self.close_item(node, ")");
        }
    }

    /// Replaces the `[` of an item, with a parenthesis if a bare tuple stands in it.
    pub(super) fn open_item(&mut self, node: &ExprSubscript, text: &str) {
        let between = TextRange::new(node.value.end(), node.slice.start());
        if let Some(open) = self.token(between, TokenKind::Lsqb) {
            self.replace(open, format!("{text}{}", if is_bare_tuple(&node.slice) { "(" } else { "" }));
        }
    }

    /// Replaces the `]` of an item.
    pub(super) fn close_item(&mut self, node: &ExprSubscript, text: &str) {
        self.replace(last(node.range()), format!("{}{text}", if is_bare_tuple(&node.slice) { ")" } else { "" }));
    }

    fn name(&mut self, node: &ExprName) {
        let name = node.id.as_str();
        match self.resolve(name) {
            Resolved::Same => {}
            Resolved::Renamed(renamed) => self.replace(node.range(), renamed),
            Resolved::Boxed(variable) => self.replace(node.range(), format!("{variable}.value")),
            Resolved::Unbound => {
                if let Some((_, ours)) = BUILTINS.iter().find(|(known, _)| *known == name) {
                    self.replace(node.range(), *ours);
                }
            }
        }
    }

    /// `a.load` is `a._bb_load`, because `load` is a word of Starlark; attributes that are properties of some class of
    /// the file are asked for by a function.
    fn attribute(&mut self, node: &ExprAttribute) {
        let attribute = node.attr.as_str();
        if node.ctx == ExprContext::Load && self.modules.properties.contains(attribute) {
            self.insert(node.start(), "_bb_property(");
            self.expression(&node.value);
            let rest = TextRange::new(node.value.end(), node.attr.start());
            if let Some(dot) = self.token(rest, TokenKind::Dot) {
                self.replace_keeping_lines(TextRange::new(dot.start(), node.end()), &format!(", {attribute:?})"));
            }
            return;
        }
        let is_str = matches!(&*node.value, Expr::Name(name) if name.id == "str");
        if is_str && TEXT_METHODS.contains(&attribute) && self.resolve("str") == Resolved::Unbound {
            // As a function, for `map(str.upper, words)`.
            let function = format!("(lambda _bb_text, *_bb_rest: _bb_text.{attribute}(*_bb_rest))");
            return self.replace_keeping_lines(node.range(), &function);
        }
        let is_fromkeys = attribute == "fromkeys" && matches!(&*node.value, Expr::Name(name) if name.id == "dict");
        if is_fromkeys {
            return self.replace(node.range(), "_bb_fromkeys");
        }
        self.expression(&node.value);
        if attribute == "load" {
            self.replace(node.attr.range(), "_bb_load");
        }
    }

    /// `a := b` becomes `_bb_set(box of a, b)`.
    fn named(&mut self, node: &ExprNamed) {
        let variable = match &*node.target {
            Expr::Name(name) => self.resolve(&name.id),
            _ => Resolved::Unbound,
        };
        let Resolved::Boxed(variable) = variable else {
            return self.error(node.range(), "':=' is not supported here; assign before");
        };
        self.replace(TextRange::new(node.start(), node.value.start()), format!("_bb_set({variable}, "));
        self.expression(&node.value);
        self.insert(node.end(), ")");
    }

    /// What a loop goes over: texts give their letters, which Starlark's do not.
    pub(super) fn iterated(&mut self, node: &Expr) {
        if is_plainly_iterable(node) {
            return self.expression(node);
        }
        self.insert(node.start(), "_bb_iter(");
        self.expression(node);
        self.insert(node.end(), ")");
    }

    /// What a list is made of, and whatever else takes all of it.
    pub(super) fn listed(&mut self, node: &Expr) {
        let is_range =
            matches!(node, Expr::Call(call) if call.func.as_name_expr().is_some_and(|it| it.id.ends_with("range")));
        if is_plainly_iterable(node) && !is_range {
            return self.expression(node);
        }
        self.insert(node.start(), "_bb_all(");
        self.expression(node);
        self.insert(node.end(), ")");
    }

    fn number_literal(&mut self, node: &ExprNumberLiteral) {
        if matches!(node.value, Number::Complex { .. }) {
            return self.error(node.range(), "complex numbers are not supported");
        }
        let text = self.text(node.range());
        if text.contains('_') {
            self.replace(node.range(), text.replace('_', ""));
        }
    }

    fn binary(&mut self, node: &ExprBinOp) {
        if let Some((method, mirrored, kind)) = operator_of(node.op)
            && [method, mirrored].iter().any(|method| self.modules.operators.contains(*method))
        {
            return self.own_binary(node, kind);
        }
        let (function, kind) = match node.op {
            Operator::Mod => ("_bb_mod(", TokenKind::Percent),
            Operator::Pow => ("_bb_pow(", TokenKind::DoubleStar),
            Operator::MatMult => return self.error(node.range(), "'@' is not an operator in configurations"),
            _ => {
                self.expression(&node.left);
                return self.expression(&node.right);
            }
        };
        self.insert(node.start(), function);
        self.expression(&node.left);
        if let Some(operator) = self.token(TextRange::new(node.left.end(), node.right.start()), kind) {
            self.replace(operator, ",");
        }
        self.expression(&node.right);
        self.insert(node.end(), ")");
    }

    /// `a + b` as `_bb_binary("+", a, b)`.
    fn own_binary(&mut self, node: &ExprBinOp, kind: TokenKind) {
        self.insert(node.start(), format!("_bb_binary({:?}, ", node.op.as_str()));
        self.expression(&node.left);
        if let Some(operator) = self.token(TextRange::new(node.left.end(), node.right.start()), kind) {
            self.replace(operator, ",");
        }
        self.expression(&node.right);
        self.insert(node.end(), ")");
    }

    /// `a is b` becomes `_bb_is(a, b)`, and `a < b < c` becomes `_bb_compare(a, "<", b, "<", c)`: Starlark knows no chains,
    /// and its own operators give nothing but yes or no.
    fn comparison(&mut self, node: &ExprCompare) {
        let (opening, separates) = match &node.ops[..] {
            [CmpOp::Is] => ("_bb_is(", false),
            [CmpOp::IsNot] => ("_bb_is_not(", false),
            _ => ("_bb_compare(", true),
        };
        self.insert(node.start(), opening);
        self.expression(&node.left);
        let mut left = node.left.end();
        for (operator, right) in node.ops.iter().zip(&node.comparators) {
            if let Some(range) = self.operator(*operator, TextRange::new(left, right.start())) {
                let between = if separates { format!(", {:?},", operator.as_str()) } else { ",".to_owned() };
                self.replace(range, between);
            }
            self.expression(right);
            left = right.end();
        }
        self.insert(node.end(), ")");
    }

    fn operator(&self, operator: CmpOp, between: TextRange) -> Option<TextRange> {
        let (first, second) = match operator {
            CmpOp::Eq => (TokenKind::EqEqual, None),
            CmpOp::NotEq => (TokenKind::NotEqual, None),
            CmpOp::Lt => (TokenKind::Less, None),
            CmpOp::LtE => (TokenKind::LessEqual, None),
            CmpOp::Gt => (TokenKind::Greater, None),
            CmpOp::GtE => (TokenKind::GreaterEqual, None),
            CmpOp::Is => (TokenKind::Is, None),
            CmpOp::In => (TokenKind::In, None),
            CmpOp::IsNot => (TokenKind::Is, Some(TokenKind::Not)),
            CmpOp::NotIn => (TokenKind::Not, Some(TokenKind::In)),
        };
        let start = self.token(between, first)?;
        let end = second.and_then(|kind| self.token(between, kind)).unwrap_or(start);
        Some(TextRange::new(start.start(), end.end()))
    }

    /// `{**a, 'k': v}` becomes `_bb_merge(a, {'k': v})`.
    fn dictionary(&mut self, node: &ExprDict) {
        let unpacks = node.items.iter().any(|item| item.key.is_none());
        if unpacks {
            self.replace(first(node.range()), "_bb_merge(");
        }
        let mut inside = TextRange::new(node.start() + TextSize::from(1), node.end() - TextSize::from(1));
        for item in &node.items {
            match &item.key {
                None => {
                    if let Some(stars) = self.token(inside, TokenKind::DoubleStar) {
                        self.remove(stars);
                    }
                    self.expression(&item.value);
                }
                Some(key) => {
                    if unpacks {
                        self.insert(self.with_parentheses(key.range(), inside).start(), "{");
                    }
                    self.expression(key);
                    self.expression(&item.value);
                    if unpacks {
                        self.insert(self.with_parentheses(item.value.range(), inside).end(), "}");
                    }
                }
            }
            inside = TextRange::new(item.value.end(), inside.end());
        }
        if unpacks {
            self.replace(last(node.range()), ")");
        }
    }

    fn tuple(&mut self, range: TextRange, elements: &[Expr], parenthesized: bool) {
        let has_star = elements.iter().any(Expr::is_starred_expr);
        if has_star && !parenthesized {
            return self.error(range, "'*' needs parentheses around the tuple here");
        }
        self.display(range, elements, ("tuple(", ")"));
    }

    /// `[*a, b]` becomes `_bb_join(a, [b])`, for a tuple inside `tuple(...)`.
    fn display(&mut self, range: TextRange, elements: &[Expr], brackets: (&str, &str)) {
        if !elements.iter().any(Expr::is_starred_expr) {
            return elements.iter().for_each(|element| self.expression(element));
        }
        let is_tuple = brackets.0 != "[";
        self.replace(first(range), if is_tuple { "tuple(_bb_join(" } else { "_bb_join(" });
        self.spread(elements);
        self.replace(last(range), if is_tuple { "))" } else { ")" });
    }

    /// Elements as arguments of `_bb_join`: `*a` as `a`, `b` as `[b]`.
    pub(super) fn spread(&mut self, elements: &[Expr]) {
        for element in elements {
            match element {
                Expr::Starred(starred) => {
                    self.remove(first(starred.range()));
                    self.expression(&starred.value);
                }
                other => {
                    self.insert(other.start(), "[");
                    self.expression(other);
                    self.insert(other.end(), "]");
                }
            }
        }
    }

    /// A generator expression becomes a list.
    fn generator(&mut self, node: &rustpython_ruff_python_ast::ExprGenerator) {
        let range = node.range();
        if node.parenthesized {
            self.replace(first(range), "[");
        } else {
            self.insert(range.start(), "[");
        }
        self.comprehension(&[&node.elt], &node.generators);
        if node.parenthesized {
            self.replace(last(range), "]");
        } else {
            self.insert(range.end(), "]");
        }
    }

    fn comprehension(&mut self, results: &[&Expr], generators: &[Comprehension]) {
        self.frames.push(Frame::block(scopes::targets(generators)));
        results.iter().for_each(|result| self.expression(result));
        for generator in generators {
            if generator.is_async {
                self.error(generator.range(), "'async for' is not supported in configurations");
            }
            self.target(&generator.target);
            self.iterated(&generator.iter);
            generator.ifs.iter().for_each(|condition| self.expression(condition));
        }
        self.frames.pop();
    }
}

fn is_bare_tuple(node: &Expr) -> bool {
    node.as_tuple_expr().is_some_and(|tuple| !tuple.parenthesized)
}

/// The methods behind an operator that a class may define, and its token.
fn operator_of(operator: Operator) -> Option<(&'static str, &'static str, TokenKind)> {
    Some(match operator {
        Operator::Add => ("__add__", "__radd__", TokenKind::Plus),
        Operator::Sub => ("__sub__", "__rsub__", TokenKind::Minus),
        Operator::Mult => ("__mul__", "__rmul__", TokenKind::Star),
        Operator::Div => ("__truediv__", "__rtruediv__", TokenKind::Slash),
        Operator::FloorDiv => ("__floordiv__", "__rfloordiv__", TokenKind::DoubleSlash),
        Operator::BitAnd => ("__and__", "__rand__", TokenKind::Amper),
        Operator::BitOr => ("__or__", "__ror__", TokenKind::Vbar),
        Operator::BitXor => ("__xor__", "__rxor__", TokenKind::CircumFlex),
        Operator::LShift => ("__lshift__", "__rlshift__", TokenKind::LeftShift),
        Operator::RShift => ("__rshift__", "__rrshift__", TokenKind::RightShift),
        // `%` asks anyway.
        Operator::Mod | Operator::Pow | Operator::MatMult => return None,
    })
}

/// Whether Starlark can go over what an expression gives for sure.
fn is_plainly_iterable(node: &Expr) -> bool {
    const CALLS: [&str; 6] = ["range", "enumerate", "zip", "reversed", "list", "set"];
    const METHODS: [&str; 5] = ["items", "keys", "values", "split", "splitlines"];
    match node {
        Expr::List(_) | Expr::Tuple(_) | Expr::Dict(_) | Expr::Set(_) => true,
        Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => true,
        Expr::Call(call) => match &*call.func {
            Expr::Name(name) => CALLS.contains(&name.id.as_str()),
            Expr::Attribute(attribute) => METHODS.contains(&attribute.attr.as_str()),
            _ => false,
        },
        _ => false,
    }
}

pub(super) fn first(range: TextRange) -> TextRange {
    TextRange::at(range.start(), 1.into())
}

pub(super) fn last(range: TextRange) -> TextRange {
    TextRange::new(range.end() - TextSize::from(1), range.end())
}
