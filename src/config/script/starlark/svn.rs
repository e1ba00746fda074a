//! `util.svn`: how paths in a Subversion repository become branches, for pollers.

use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::dict::AllocDict;
use starlark::values::{Heap, Value};

#[starlark_module]
pub fn svn(builder: &mut GlobalsBuilder) {
    /// Everything is the main branch.
    fn split_file_alwaystrunk<'v>(
        #[starlark(require = pos)] path: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(AllocDict([("path", path)])))
    }

    /// `trunk/...` is the main branch, `branches/NAME/...` another; what lies elsewhere is none.
    fn split_file_branches<'v>(#[starlark(require = pos)] path: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(match branch(path) {
            Some((branch, path)) => heap.alloc((branch.map_or(Value::new_none(), |name| heap.alloc(name)), path)),
            None => Value::new_none(),
        })
    }

    /// The same below the name of a project.
    fn split_file_projects_branches<'v>(
        #[starlark(require = pos)] path: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let found = path.split_once('/').and_then(|(project, path)| Some((project, branch(path)?)));
        let Some((project, (branch, path))) = found else { return Ok(Value::new_none()) };
        let known = [("project", Some(project)), ("path", Some(path)), ("branch", branch.as_deref())];
        let known: Vec<(&str, &str)> = known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Ok(heap.alloc(AllocDict(known)))
    }
}

/// The branch, if it is not the main one, and the rest of the path.
fn branch(path: &str) -> Option<(Option<String>, &str)> {
    let (first, rest) = path.split_once('/')?;
    match first {
        "trunk" => Some((None, rest)),
        "branches" => {
            let (name, rest) = rest.split_once('/')?;
            Some((Some(format!("branches/{name}")), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_main_branch_another_or_none() {
        assert_eq!(branch("trunk/a/b.c"), Some((None, "a/b.c")));
        assert_eq!(branch("branches/7.2/a.c"), Some((Some("branches/7.2".to_owned()), "a.c")));
        assert_eq!(branch("branches/7.2"), None);
        assert_eq!(branch("tags/1.0/a.c"), None);
    }
}
