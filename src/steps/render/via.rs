//! Functions that return renderables, which may call functions again: how deep that may go.

use crate::domain::{Callback, ScriptError};

/// Deeper than this is a circle, or as good as one.
const MAX_DEPTH: usize = 16;

/// The functions that returned what is being rendered, the innermost first.
pub(super) struct Via<'a> {
    function: &'a Callback,
    before: Option<&'a Via<'a>>,
    depth: usize,
}

impl<'a> Via<'a> {
    /// One function more; an error if that is too deep.
    pub(super) fn new(function: &'a Callback, before: Option<&'a Via<'a>>) -> Result<Self, ScriptError> {
        let depth = before.map_or(0, |before| before.depth) + 1;
        let via = Self { function, before, depth };
        if depth <= MAX_DEPTH {
            return Ok(via);
        }
        let message = match via.circle() {
            Some(names) => format!("it returns a renderable that leads back to it: {}", names.join(" -> ")),
            None => format!("it returns a renderable of a function, and so on, more than {MAX_DEPTH} deep"),
        };
        let (function, location) = (function.0.name().to_owned(), function.0.location().to_owned());
        Err(ScriptError { function, location, message })
    }

    /// The way from this function back to itself.
    fn circle(&self) -> Option<Vec<String>> {
        let name = |via: &Via<'_>| via.function.0.name().to_owned();
        let mut names = vec![name(self)];
        let mut before = self.before;
        while let Some(via) = before {
            names.push(name(via));
            if via.function == self.function {
                names.reverse();
                return Some(names);
            }
            before = via.before;
        }
        None
    }
}
