//! Imports: every name becomes an assignment from what we have of it.
//!
//! Files beside the configuration come first, then Buildbot's modules, then the standard library's. What is not there
//! gives an error, too, but only where it is used: a `try` around the import may know better, and many files import
//! more than they use.

use rustpython_ruff_python_ast::{Alias, StmtImport, StmtImportFrom};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::buildbot::{self, Found};
use super::frames::Resolved;
use super::modules::Member;
use super::rewriter::Rewriter;
use super::scopes;
use crate::config::nearest;
use crate::config::table;

/// Modules whose names are of no use at run time: importing them does nothing.
const IGNORED: [&str; 1] = ["__future__"];
/// Modules that exist as native namespaces; what they lack is missing only where it is used.
pub const NATIVE: [&str; 41] = [
    "abc",
    "base64",
    "builtins",
    "collections",
    "configparser",
    "copy",
    "dataclasses",
    "datetime",
    "enum",
    "errno",
    "fnmatch",
    "functools",
    "glob",
    "hashlib",
    "hmac",
    "imp",
    "importlib",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "multiprocessing",
    "operator",
    "os",
    "pathlib",
    "platform",
    "pprint",
    "random",
    "re",
    "shlex",
    "six",
    "socket",
    "string",
    "sys",
    "textwrap",
    "time",
    "typing",
    "urllib",
    "warnings",
    "yaml",
];
/// Modules of Twisted and its like that a configuration may speak to without effect.
const STUBS: [&str; 2] = ["twisted", "zope"];

impl Rewriter<'_> {
    pub(super) fn import(&mut self, node: &StmtImport) {
        let mut bindings = Vec::new();
        for alias in &node.names {
            let module = alias.name.as_str();
            if IGNORED.contains(&module) {
                continue;
            }
            let bound = scopes::import_binding(alias);
            // `import a.b` binds `a`, `import a.b as c` binds `b`.
            let wanted = if alias.asname.is_some() { module } else { bound.as_str() };
            if let Some(problem) = buildbot::misspelt(module) {
                self.error(alias.range(), problem);
                continue;
            }
            let value = match self.modules.find(self.module, 0, module) {
                Some(_) => self.local_module(wanted),
                None => self.module_value(wanted),
            };
            bindings.push(format!("{} = {value}", self.read(&bound)));
        }
        self.bind(node.range(), &bindings);
    }

    pub(super) fn import_from(&mut self, node: &StmtImportFrom) {
        let module = node.module.as_deref().unwrap_or_default();
        if IGNORED.contains(&module) {
            return self.bind(node.range(), &[]);
        }
        let local = self.modules.find(self.module, node.level, module);
        if let (None, Some(problem)) = (local, buildbot::misspelt(module)) {
            return self.error(node.range(), problem);
        }
        let mut bindings = Vec::new();
        for alias in &node.names {
            let found = match local {
                Some(file) => self.names_of_file(file, module, alias),
                None if 0 < node.level => Err(format!("there is no file for '{}{module}'", ".".repeat(level(node)))),
                None => self.names_of_others(module, alias),
            };
            match found {
                Ok(names) => bindings.extend(names),
                Err(message) => self.error(alias.range(), message),
            }
        }
        self.bind(node.range(), &bindings);
    }

    /// The object of a module that is a file.
    fn local_module(&self, module: &str) -> String {
        match self.modules.find(self.module, 0, module) {
            Some(file) => self.modules.object(file),
            None => self.module_value(module),
        }
    }

    /// What one name of a file is bound to.
    fn names_of_file(&mut self, file: usize, module: &str, alias: &Alias) -> Result<Vec<String>, String> {
        let name = alias.name.as_str();
        if !self.modules.is_made_before(file, self.module) && self.frames.len() == 1 {
            return match self.modules.inside(file, name) {
                Some(inner) => {
                    let bound = self.read(&scopes::import_binding(alias));
                    Ok(vec![format!("{bound} = {}", self.modules.object(inner))])
                }
                None => Err(self.modules.circle(file, self.module)),
            };
        }
        if name == "*" {
            let names = self.modules.exported(file);
            return Ok(names.iter().map(|name| self.bound_to_member(name, self.modules.member(file, name))).collect());
        }
        match self.modules.member(file, name) {
            Member::Missing => {
                let names = self.modules.exported(file);
                let hint = nearest::hint(name, names.iter().map(String::as_str));
                Err(format!("'{module}' ({}) has no '{name}'{hint}", self.modules.files[file].source.name))
            }
            found => Ok(vec![self.bound_to_member(&scopes::import_binding(alias), found)]),
        }
    }

    fn bound_to_member(&self, name: &str, member: Member) -> String {
        let value = match member {
            Member::Variable(variable) => variable,
            Member::Box(variable) => format!("_bb_content({variable})"),
            Member::Missing => format!("_bb_missing({name:?})"),
        };
        format!("{} = {value}", self.read(name))
    }

    /// The assignments that one name of a module needs that is no file.
    fn names_of_others(&self, module: &str, alias: &Alias) -> Result<Vec<String>, String> {
        let name = alias.name.as_str();
        let bound = scopes::import_binding(alias);
        let top = module.split('.').next().unwrap_or_default();
        if module == "buildbot.plugins" {
            if name == "*" {
                let all = table::NAMESPACES.iter();
                return Ok(all.filter_map(|namespace| self.namespace(namespace, namespace)).collect());
            }
            // Plugins of the time when workers were slaves.
            if let Some(namespace) = [("buildslave", "worker"), ("status", table::STATUS)]
                .into_iter()
                .find_map(|(old, namespace)| (old == name).then_some(namespace))
            {
                return Ok(vec![format!("{} = _bb_{namespace}", self.read(&bound))]);
            }
            if !table::NAMESPACES.contains(&name) {
                return Err(format!("buildbot.plugins has no '{name}'{}", nearest::hint(name, table::NAMESPACES)));
            }
            return Ok(self.namespace(name, &bound).into_iter().collect());
        }
        if top == "buildbot" {
            if name == "*" {
                let names = buildbot::available(module);
                return Ok(names.map(|(name, found)| format!("{} = {}", self.read(name), found.text())).collect());
            }
            let found = buildbot::find(module, name)?;
            if matches!(found, Found::Missing(_)) && self.flow.catches_imports {
                return Ok(vec![format!("_bb_no_module({:?})", format!("{module}.{name}"))]);
            }
            return Ok(vec![format!("{} = {}", self.read(&bound), found.text())]);
        }
        let is_known = NATIVE.contains(&top) || STUBS.contains(&top) || ours(module).is_some();
        if name == "*" && !is_known && self.flow.catches_imports {
            return Ok(vec![format!("_bb_no_module({module:?})")]);
        }
        if name == "*" && !is_known {
            return Err(format!("there is no file for '{module}' beside the configuration"));
        }
        if name == "*" {
            return Err(format!("name what you need from '{module}', instead of '*'"));
        }
        let value = self.module_value(module);
        let value = if is_known {
            format!("_bb_member({value}, {name:?}, {module:?}, {})", python_bool(self.flow.catches_imports))
        } else if self.flow.catches_imports {
            value
        } else {
            format!("_bb_missing({:?})", format!("{module}.{name}"))
        };
        Ok(vec![format!("{} = {value}", self.read(&bound))])
    }

    /// The object of a module that is no file.
    fn module_value(&self, module: &str) -> String {
        let top = module.split('.').next().unwrap_or_default();
        if top == "buildbot" {
            return format!("_bb_buildbot({module:?})");
        }
        if let Some(known) = ours(module) {
            return known.to_owned();
        }
        if STUBS.contains(&top) || NATIVE.contains(&top) {
            let Some((_, inner)) = module.split_once('.') else { return format!("_bb_native_{top}") };
            let caught = python_bool(self.flow.catches_imports);
            return format!("_bb_submodule(_bb_native_{top}, {inner:?}, {module:?}, {caught})");
        }
        if self.flow.catches_imports {
            format!("_bb_no_module({module:?})")
        } else {
            format!("_bb_missing({module:?})")
        }
    }

    /// A namespace is there already, unless the file also uses the name for something else.
    fn namespace(&self, namespace: &str, bound: &str) -> Option<String> {
        let unbound = self.resolve(bound) == Resolved::Unbound;
        (bound != namespace || !unbound).then(|| format!("{} = _bb_{namespace}", self.read(bound)))
    }

    fn bind(&mut self, range: TextRange, bindings: &[String]) {
        let text = if bindings.is_empty() { "pass".to_owned() } else { bindings.join("; ") };
        self.replace_keeping_lines(range, &text);
    }
}

/// Names under which Python 2 had modules.
fn ours(module: &str) -> Option<&'static str> {
    Some(match module {
        "ConfigParser" => "_bb_native_configparser",
        "StringIO" | "cStringIO" => "_bb_native_io",
        "urlparse" => "_bb_native_urllib.parse",
        "os.path" => "_bb_native_os.path",
        "urllib2" => "_bb_native_urllib",
        "simplejson" => "_bb_native_json",
        "posixpath" | "ntpath" => "_bb_native_os.path",
        "pipes" => "_bb_native_shlex",
        _ => return None,
    })
}

fn level(node: &StmtImportFrom) -> usize {
    usize::try_from(node.level).unwrap_or(1)
}

fn python_bool(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}
