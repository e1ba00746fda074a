//! What stands behind `try`, `raise` and `with`.

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Value, ValueLike};

use super::classes;
use super::constructor::fail;
use super::exceptions::{self, ExceptionClass, ExceptionValue, Raised};
use super::missing::Missing;
use super::open::TextFile;

#[starlark_module]
pub fn blocks(builder: &mut GlobalsBuilder) {
    /// Runs a block; its value tells how it was left (see `front_end::blocks`).
    fn _bb_try<'v>(
        #[starlark(require = pos)] body: Value<'v>,
        #[starlark(require = pos)] handlers: Value<'v>,
        #[starlark(require = pos)] otherwise: Value<'v>,
        #[starlark(require = pos)] at_last: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let outcome = match eval.eval_function(body, &[], &[]) {
            Ok(left) if left.is_none() && !otherwise.is_none() => eval.eval_function(otherwise, &[], &[]),
            Err(error) => handle(error, handlers, eval),
            done => done,
        };
        if !at_last.is_none() {
            let left = eval.eval_function(at_last, &[], &[])?;
            if !left.is_none() {
                return Ok(left);
            }
        }
        outcome
    }

    /// `raise error`.
    fn _bb_raise<'v>(#[starlark(require = pos)] error: Value<'v>) -> starlark::Result<Value<'v>> {
        let (chain, text) = if let Some(value) = error.downcast_ref::<ExceptionValue>() {
            (value.chain.clone(), value.text.clone())
        } else if let Some(class) = error.downcast_ref::<ExceptionClass>() {
            (class.chain.clone(), String::new())
        } else if let Some(chain) = classes::exception_chain(error) {
            (chain, classes::exception_text(error))
        } else if let Some(missing) = Missing::of(error) {
            (exceptions::chain("Exception"), missing.message())
        } else {
            return fail(format!("'raise' needs an exception, not a {}", error.get_type()));
        };
        Err(starlark::Error::new_other(anyhow::Error::new(Raised { chain, text, by_file: true })))
    }

    /// `with manager as name`: files only, which need no end.
    fn _bb_enter<'v>(
        #[starlark(require = pos)] manager: Value<'v>,
        #[starlark(require = pos)] variable: Option<Value<'v>>,
    ) -> starlark::Result<bool> {
        if let Some(missing) = Missing::of(manager) {
            return fail(missing.message());
        }
        if manager.downcast_ref::<TextFile>().is_none() {
            let kind = manager.get_type();
            if kind == "withSecrets" {
                return fail("write a 'with' of its own for each withSecrets(...)".to_owned());
            }
            return fail(format!("'with' works with open(...) and factory.withSecrets(...) only, not with a {kind}"));
        }
        if let Some(variable) = variable {
            variable.set_attr("value", manager)?;
        }
        Ok(true)
    }
}

/// Finds the handler of an error and runs it.
fn handle<'v>(
    error: starlark::Error,
    handlers: Value<'v>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let Some(raised) = exceptions::caught(&error) else { return Err(error) };
    let handlers = ListRef::from_value(handlers).map(|list| list.content().to_vec()).unwrap_or_default();
    for handler in handlers {
        let Some([types, handler]) = TupleRef::from_value(handler).map(|pair| pair.content()) else { continue };
        let (types, handler) = (*types, *handler);
        if types.is_none() || matches(&raised, evaluator.eval_function(types, &[], &[])?) {
            let value = evaluator.heap().alloc(ExceptionValue { chain: raised.chain, text: raised.text });
            return evaluator.eval_function(handler, &[value, value], &[]);
        }
    }
    Err(error)
}

/// Whether an exception is of one of the kinds of an `except`. Kinds that are not here are never raised, unless their
/// names are known ones.
fn matches<'v>(raised: &Raised, kinds: Value<'v>) -> bool {
    let all = TupleRef::from_value(kinds).map_or_else(|| vec![kinds], |tuple| tuple.content().to_vec());
    all.into_iter().any(|kind| match Missing::of(kind) {
        Some(missing) => raised.chain.iter().any(|known| known == missing.last_name()),
        None => exceptions::is_of_kind(raised, kind),
    })
}
