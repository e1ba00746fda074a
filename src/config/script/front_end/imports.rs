//! Imports: names that Buildbot's modules would give are bound to ours; everything else is refused by name.

use rustpython_ruff_python_ast::{Alias, StmtImport, StmtImportFrom};
use rustpython_ruff_text_size::Ranged;

use super::rewriter::Rewriter;
use super::scopes;
use crate::config::nearest;
use crate::config::table;

/// Modules whose names are of no use at run time: importing them does nothing.
const IGNORED: [&str; 4] = ["__future__", "typing", "collections.abc", "buildbot"];
/// Modules that exist as native namespaces.
const NATIVE: [&str; 2] = ["os", "datetime"];
/// Constants of results, wherever Buildbot has kept them.
const RESULT_MODULES: [&str; 3] = ["buildbot.process.results", "buildbot.status.results", "buildbot.status.builder"];

impl Rewriter<'_> {
    pub(super) fn import(&mut self, node: &StmtImport) {
        let mut bindings = Vec::new();
        for alias in &node.names {
            let module = alias.name.as_str();
            match module {
                "os.path" if alias.asname.is_some() => {
                    bindings.push(format!("{} = _bb_os.path", scopes::import_binding(alias)))
                }
                "os" | "os.path" => bindings.push(format!("{} = _bb_os", scopes::import_binding(alias))),
                table::DATETIME => bindings.push(format!("{} = _bb_datetime", scopes::import_binding(alias))),
                _ if IGNORED.contains(&module) => {}
                _ => self.error(alias.range(), missing_module(module)),
            }
        }
        self.bind(node.range(), &bindings);
    }

    pub(super) fn import_from(&mut self, node: &StmtImportFrom) {
        let module = node.module.as_deref().unwrap_or_default();
        if 0 < node.level {
            return self.error(node.range(), "relative imports are not supported; put everything into one file");
        }
        if IGNORED.contains(&module) && module != "buildbot" {
            return self.bind(node.range(), &[]);
        }
        let mut bindings = Vec::new();
        for alias in &node.names {
            match self.imported(module, alias) {
                Ok(names) => bindings.extend(names),
                Err(message) => {
                    let place = if module.starts_with("buildbot") { alias.range() } else { node.range() };
                    self.error(place, message);
                }
            }
        }
        self.bind(node.range(), &bindings);
    }

    /// The assignments that one imported name needs.
    fn imported(&self, module: &str, alias: &Alias) -> Result<Vec<String>, String> {
        let name = alias.name.as_str();
        let bound = scopes::import_binding(alias);
        if module == "os" && name == "path" {
            return Ok(vec![format!("{bound} = _bb_os.path")]);
        }
        if module == table::DATETIME && name == "timedelta" {
            return Ok(vec![format!("{bound} = _bb_datetime.timedelta")]);
        }
        if module == "buildbot.plugins" && name == "*" {
            return Ok(table::NAMESPACES.iter().filter_map(|namespace| self.namespace(namespace, namespace)).collect());
        }
        if module == "buildbot.plugins" || (module == "buildbot" && table::NAMESPACES.contains(&name)) {
            if !table::NAMESPACES.contains(&name) {
                return Err(format!("buildbot.plugins has no '{name}'{}", nearest::hint(name, table::NAMESPACES)));
            }
            return Ok(self.namespace(name, &bound).into_iter().collect());
        }
        if RESULT_MODULES.contains(&module) && table::RESULTS.iter().any(|(result, _)| *result == name) {
            return Ok(vec![format!("{bound} = _bb_util.{name}")]);
        }
        if module.starts_with("buildbot.process.") && name == "s" {
            return Ok(vec![format!("{bound} = _bb_util.s")]);
        }
        if module.starts_with("buildbot.") {
            return match table::find_class(name) {
                Some(class) => Ok(vec![format!("{bound} = _bb_{}.{name}", class.namespace)]),
                None => {
                    Err(format!("'{name}' of {module} is not available{}", nearest::hint(name, table::class_names())))
                }
            };
        }
        Err(missing_module(module))
    }

    /// A namespace is there already, unless the file also uses the name for something else.
    fn namespace(&self, namespace: &str, bound: &str) -> Option<String> {
        let shadowed = self.scopes.iter().any(|scope| scope.contains(bound)) || self.module_names.contains(bound);
        (bound != namespace || shadowed).then(|| format!("{bound} = _bb_{namespace}"))
    }

    fn bind(&mut self, range: rustpython_ruff_text_size::TextRange, bindings: &[String]) {
        let text = if bindings.is_empty() { "pass".to_owned() } else { bindings.join("; ") };
        self.replace_keeping_lines(range, &text);
    }
}

fn missing_module(module: &str) -> String {
    if module.starts_with("buildbot") {
        return format!("import names of Buildbot as in 'from buildbot.plugins import steps', not '{module}'");
    }
    format!("module '{module}' is not available in configurations (available: {}, buildbot.plugins)", NATIVE.join(", "))
}
