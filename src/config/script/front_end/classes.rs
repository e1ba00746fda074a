//! Classes: the body becomes a function that gives its names, `_bb_class` makes the class of them.

use std::collections::HashSet;

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{Decorator, Expr, Stmt, StmtClassDef};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::frames::Frame;
use super::rewriter::Rewriter;
use super::scopes;

impl Rewriter<'_> {
    pub(super) fn class_definition(&mut self, node: &StmtClassDef) {
        let number = self.number();
        let indent = self.indent(node.start());
        let target = self.read(&node.name);
        let (mut opened, mut closed) = (String::new(), String::new());
        for (position, Decorator { expression, range, .. }) in node.decorator_list.iter().enumerate() {
            self.replace(TextRange::at(range.start(), 1.into()), format!("_bb_decorator_{number}_{position} = "));
            self.expression(expression);
            opened += &format!("_bb_decorator_{number}_{position}(");
            closed += ")";
        }
        self.bases(node, number, &indent);
        let mut frame = Frame::class(&node.body, number);
        let certain = scopes::certain(&node.body);
        frame.boxed.extend(frame.names.iter().filter(|name| !certain.contains(*name)).cloned());
        self.frames.push(frame);
        let flow = std::mem::take(&mut self.flow);
        let class = self.class.replace(target.clone());
        self.make_boxes(&node.body, &HashSet::new(), Vec::new());
        for statement in &node.body {
            // Each method takes it.
            self.class = Some(target.clone());
            self.statements(std::slice::from_ref(statement));
        }
        self.class = class;
        self.flow = flow;
        let names = self.frames.last().map(|frame| &frame.names).into_iter().flatten();
        let mut members: Vec<String> = names.map(|name| format!("{name:?}: {}, ", self.variable(name))).collect();
        members.sort();
        members.extend(in_order(node));
        self.append(node.range(), &node.body, &format!("return {{{}}}", members.concat()));
        self.frames.pop();
        let made = format!("_bb_class({:?}, _bb_bases_{number}, _bb_members_{number}())", node.name.as_str());
        self.insert(node.end(), format!("\n{indent}{target} = {opened}{made}{closed}"));
    }

    /// `class A(B):` becomes `_bb_bases_1 = [B]` and `def _bb_members_1():`.
    fn bases(&mut self, node: &StmtClassDef, number: usize, indent: &str) {
        let body = node.body.first().map_or(node.end(), Ranged::start);
        let decorated = node.decorator_list.last().map_or(node.start(), Ranged::end);
        let start = self.token(TextRange::new(decorated, node.name.start()), TokenKind::Class);
        let start = start.map_or(node.start(), |word| word.start());
        let head = TextRange::new(node.name.end(), body);
        let members = format!("\n{indent}def _bb_members_{number}()");
        match &node.arguments {
            None => self.replace(TextRange::new(start, node.name.end()), format!("_bb_bases_{number} = []{members}")),
            Some(arguments) => {
                let open = self.token(head, TokenKind::Lpar).map_or(node.name.end(), |open| open.end());
                self.replace(TextRange::new(start, open), format!("_bb_bases_{number} = ["));
                arguments.args.iter().for_each(|base| self.expression(base));
                let behind = arguments.args.last().map_or(open, Ranged::end);
                self.replace_keeping_lines(TextRange::new(behind, arguments.end()), &format!("]{members}"));
            }
        }
    }
}

/// Members that say in which order names stand: those with annotations, for `dataclass` and its like, and the members
/// of an `Enum`.
fn in_order(node: &StmtClassDef) -> Vec<String> {
    let (mut annotated, mut assigned) = (String::new(), String::new());
    for statement in &node.body {
        match statement {
            Stmt::AnnAssign(field) => {
                if let Expr::Name(name) = &*field.target
                    && !is_class_variable(&field.annotation)
                {
                    annotated += &format!("{:?}, ", name.id.as_str());
                }
            }
            Stmt::Assign(assign) => {
                for name in assign.targets.iter().filter_map(|target| target.as_name_expr()) {
                    assigned += &format!("{:?}, ", name.id.as_str());
                }
            }
            _ => {}
        }
    }
    let mut members = Vec::new();
    if !annotated.is_empty() {
        members.push(format!("\"__annotated__\": ({annotated}), "));
    }
    let is_enum = node.arguments.iter().flat_map(|arguments| &arguments.args).any(|base| match base {
        Expr::Name(name) => name.id.ends_with("Enum"),
        Expr::Attribute(attribute) => attribute.attr.ends_with("Enum"),
        _ => false,
    });
    if is_enum && !assigned.is_empty() {
        members.push(format!("\"__order__\": ({assigned}), "));
    }
    members
}

/// `ClassVar[int]`, which is no field.
fn is_class_variable(annotation: &Expr) -> bool {
    match annotation {
        Expr::Name(name) => name.id == "ClassVar",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "ClassVar",
        Expr::Subscript(subscript) => is_class_variable(&subscript.value),
        _ => false,
    }
}
