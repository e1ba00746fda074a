//! Values that occur twice: `(reference n value)` defines one, `(dereference n)` means it again.
//!
//! A definition may come after its use. Values within themselves are refused; nothing in Buildbot needs them.

use std::collections::HashMap;

use super::read::{COPYABLE_FAILURE, NotJelly, cost};
use crate::pb::banana::Expr;

/// The definitions of one tree, taken out of it: none is held twice.
#[derive(Debug, Default)]
pub(super) struct Shared {
    definitions: HashMap<i64, Definition>,
}

#[derive(Debug)]
struct Definition {
    value: Expr,
    /// What one more of it costs.
    cost: usize,
    /// Whether it is being read just now, so that meeting it again means a circle.
    open: bool,
    /// Whether it was read before.
    known: bool,
}

impl Shared {
    /// Takes out every definition and leaves its number. Only looks where values stand: the pair of a map is no value.
    pub(super) fn take_from(expr: &mut Expr) -> Self {
        let mut shared = Self::default();
        shared.walk(expr);
        shared
    }

    fn walk(&mut self, expr: &mut Expr) {
        let Expr::List(list) = expr else { return };
        let Some((Expr::Bytes(tag), items)) = list.split_first_mut() else { return };
        match tag.as_slice() {
            b"reference" => self.define(list),
            b"dictionary" => items.iter_mut().for_each(|pair| {
                if let Expr::List(pair) = pair {
                    pair.iter_mut().for_each(|it| self.walk(it));
                }
            }),
            b"list" | b"tuple" | b"set" | b"frozenset" => items.iter_mut().for_each(|item| self.walk(item)),
            tag if tag == COPYABLE_FAILURE.as_bytes() => items.iter_mut().for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    fn define(&mut self, list: &mut Vec<Expr>) {
        if let [_, Expr::Int(number), _] = list.as_slice()
            && let (number, Some(mut value)) = (*number, list.pop())
        {
            self.walk(&mut value);
            let cost = cost(&value);
            self.definitions.insert(number, Definition { value, cost, open: false, known: false });
        }
    }

    /// What the value of a number costs.
    pub(super) fn cost(&self, number: i64) -> Result<usize, NotJelly> {
        self.definitions.get(&number).map(|it| it.cost).ok_or(NotJelly::UnknownReference(number))
    }

    /// The value of a number, to be read between this and [`Self::close`], and whether it was read before.
    pub(super) fn open(&mut self, number: i64) -> Result<(Expr, bool), NotJelly> {
        let definition = self.definitions.get_mut(&number).ok_or(NotJelly::UnknownReference(number))?;
        if std::mem::replace(&mut definition.open, true) {
            return Err(NotJelly::Circle);
        }
        Ok((definition.value.clone(), std::mem::replace(&mut definition.known, true)))
    }

    pub(super) fn close(&mut self, number: i64) {
        if let Some(definition) = self.definitions.get_mut(&number) {
            definition.open = false;
        }
    }
}
