//! Expressions to values.

use super::shared::Shared;
use super::{Jelly, into_utf8};
use crate::pb::banana::Expr;
use crate::pb::{Failure, Limits};

/// The tag of a copied exception.
pub(super) const COPYABLE_FAILURE: &str = "twisted.spread.pb.CopyableFailure";

/// The reason an expression is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJelly {
    #[error("a list has no tag")]
    NoTag,
    #[error("\"{0}\" has unexpected contents")]
    BadContents(&'static str),
    #[error("there is no value of number {0}")]
    UnknownReference(i64),
    #[error("a value contains itself")]
    Circle,
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it is too large")]
    TooLarge,
}

/// Reads one tree of values, within the depth and cost of `limits`.
///
/// `received` gets the id of each object of the sender as often as it was sent; a shared value was sent once.
pub fn read(mut expr: Expr, limits: &Limits, received: &mut Vec<u32>) -> Result<Jelly, NotJelly> {
    let shared = Shared::take_from(&mut expr);
    Reader { shared, depth: limits.depth, budget: limits.expression_cost, n_repeated: 0, received }.value(expr)
}

struct Reader<'a> {
    shared: Shared,
    depth: usize,
    /// What may still be read, in bytes. A value that is meant a hundred times costs a hundred times.
    budget: usize,
    /// How many of the shared values that are being read have been read before.
    n_repeated: usize,
    received: &'a mut Vec<u32>,
}

impl Reader<'_> {
    fn value(&mut self, expr: Expr) -> Result<Jelly, NotJelly> {
        self.charge(Limits::ITEM_COST)?;
        Ok(match expr {
            Expr::Int(number) => Jelly::Int(number),
            Expr::Long(long) => Jelly::Long(long),
            Expr::Float(number) => Jelly::Float(number),
            Expr::Bytes(bytes) => {
                self.charge(bytes.len())?;
                Jelly::Bytes(bytes)
            }
            Expr::List(items) => {
                self.depth = self.depth.checked_sub(1).ok_or(NotJelly::TooDeep)?;
                let value = self.tagged(items)?;
                self.depth += 1;
                value
            }
        })
    }

    fn charge(&mut self, cost: usize) -> Result<(), NotJelly> {
        self.budget = self.budget.checked_sub(cost).ok_or(NotJelly::TooLarge)?;
        Ok(())
    }

    fn tagged(&mut self, list: Vec<Expr>) -> Result<Jelly, NotJelly> {
        let mut items = list.into_iter();
        let Some(Expr::Bytes(tag)) = items.next() else { return Err(NotJelly::NoTag) };
        let items: Vec<Expr> = items.collect();
        Ok(match tag.as_slice() {
            b"None" => Jelly::None,
            b"boolean" => Jelly::Bool(matches!(items.first(), Some(Expr::Bytes(word)) if word == b"true")),
            b"unicode" => Jelly::Text(self.text(items)?),
            b"list" => Jelly::List(self.values(items)?),
            b"tuple" => Jelly::Tuple(self.values(items)?),
            b"set" => Jelly::Set(self.values(items)?),
            b"frozenset" => Jelly::FrozenSet(self.values(items)?),
            b"dictionary" => Jelly::Dict(self.entries(items)?),
            b"remote" => Jelly::Remote(self.remote(&items)?),
            b"local" => Jelly::Local(id(&items, "local")?),
            // The definition itself has been taken out, and reads like its uses.
            b"reference" | b"dereference" => match items.as_slice() {
                [Expr::Int(number)] => self.shared(*number)?,
                _ => return Err(NotJelly::BadContents("reference")),
            },
            failure if failure == COPYABLE_FAILURE.as_bytes() => Jelly::Failure(Box::new(self.failure(items)?)),
            _ => {
                self.charge(items.iter().map(cost).sum())?;
                Jelly::Opaque { tag, items }
            }
        })
    }

    fn text(&mut self, items: Vec<Expr>) -> Result<String, NotJelly> {
        match items.into_iter().next() {
            Some(Expr::Bytes(bytes)) => {
                self.charge(bytes.len())?;
                Ok(into_utf8(bytes))
            }
            _ => Err(NotJelly::BadContents("unicode")),
        }
    }

    fn values(&mut self, items: Vec<Expr>) -> Result<Vec<Jelly>, NotJelly> {
        items.into_iter().map(|item| self.value(item)).collect()
    }

    fn entries(&mut self, pairs: Vec<Expr>) -> Result<Vec<(Jelly, Jelly)>, NotJelly> {
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let Expr::List(pair) = pair else { return Err(NotJelly::BadContents("dictionary")) };
            let Ok([key, value]) = <[Expr; 2]>::try_from(pair) else {
                return Err(NotJelly::BadContents("dictionary"));
            };
            entries.push((self.value(key)?, self.value(value)?));
        }
        Ok(entries)
    }

    fn shared(&mut self, number: i64) -> Result<Jelly, NotJelly> {
        self.charge(self.shared.cost(number)?)?;
        let (expr, repeated) = self.shared.open(number)?;
        self.n_repeated += usize::from(repeated);
        let value = self.value(expr)?;
        self.n_repeated -= usize::from(repeated);
        self.shared.close(number);
        Ok(value)
    }

    fn remote(&mut self, items: &[Expr]) -> Result<u32, NotJelly> {
        let id = id(items, "remote")?;
        if self.n_repeated == 0 {
            self.received.push(id);
        }
        Ok(id)
    }

    /// Python 2 has bytes where Python 3 has text.
    fn failure(&mut self, items: Vec<Expr>) -> Result<Failure, NotJelly> {
        let state = items.into_iter().next().ok_or(NotJelly::BadContents("CopyableFailure"))?;
        let entries = self.value(state)?.into_entries().ok_or(NotJelly::BadContents("CopyableFailure"))?;
        let mut failure =
            Failure { type_name: String::new(), value: String::new(), traceback: String::new(), parents: Vec::new() };
        for (key, value) in entries {
            match key.into_text().as_deref() {
                Some("type") => failure.type_name = value.into_text().unwrap_or_default(),
                Some("value") => failure.value = value.into_text().unwrap_or_default(),
                Some("traceback") => failure.traceback = value.into_text().unwrap_or_default(),
                Some("parents") => {
                    let parents = value.into_items().unwrap_or_default();
                    failure.parents = parents.into_iter().filter_map(Jelly::into_text).collect();
                }
                _ => {}
            }
        }
        Ok(failure)
    }
}

fn id(items: &[Expr], tag: &'static str) -> Result<u32, NotJelly> {
    let id = items.first().and_then(Expr::as_int).and_then(|id| u32::try_from(id).ok());
    id.ok_or(NotJelly::BadContents(tag))
}

/// What an expression costs in memory, in bytes.
pub(super) fn cost(expr: &Expr) -> usize {
    let contents = match expr {
        Expr::Int(_) | Expr::Float(_) => 0,
        Expr::Long(long) => long.digits.len(),
        Expr::Bytes(bytes) => bytes.len(),
        Expr::List(items) => items.iter().map(cost).sum(),
    };
    Limits::ITEM_COST + contents
}
