//! Old spellings to modern ones, in the text of a file: what `buildbot migrate` prints.
//!
//! Only what means the same is written anew; the rest is named, with its place.

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{Expr, ExprCall, Stmt, StmtAssign, StmtClassDef, StmtImportFrom};
use rustpython_ruff_python_parser as parser;
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::edits::Edits;
use super::{lower, python2, span};
use crate::config::ConfigError;
use crate::config::source::SourceText;

/// Classes and their modern names.
const CLASSES: [(&str, &str); 9] = [
    ("BuildSlave", "Worker"),
    ("LocalBuildSlave", "LocalWorker"),
    ("EC2LatentBuildSlave", "EC2LatentWorker"),
    ("LibVirtSlave", "LibVirtWorker"),
    ("DockerLatentBuildSlave", "DockerLatentWorker"),
    ("OpenStackLatentBuildSlave", "OpenStackLatentWorker"),
    ("SlaveLock", "WorkerLock"),
    ("BuildslaveChoiceParameter", "WorkerChoiceParameter"),
    ("WithProperties", "Interpolate"),
];
/// Arguments and their modern names.
const ARGUMENTS: [(&str, &str); 11] = [
    ("slavename", "workername"),
    ("slavenames", "workernames"),
    ("slavebuilddir", "workerbuilddir"),
    ("nextSlave", "nextWorker"),
    ("mergeRequests", "collapseRequests"),
    ("slavesrc", "workersrc"),
    ("slavesrcs", "workersrcs"),
    ("slavedest", "workerdest"),
    ("maxCountForSlave", "maxCountForWorker"),
    ("svnurl", "repourl"),
    ("pollinterval", "pollInterval"),
];
/// Keys of the configuration, likewise.
const KEYS: [(&str, &str); 5] = [
    ("slaves", "workers"),
    ("mergeRequests", "collapseRequests"),
    ("projectName", "title"),
    ("projectURL", "titleURL"),
    ("properties", "properties"),
];
/// Keys that need a person.
const BY_HAND: [(&str, &str); 5] = [
    ("status", "make reporters of what is in it, in c['services'], and c['www'] of the WebStatus"),
    ("debugPassword", "there is no debug client; remove it"),
    ("manhole", "look at 'buildbot status' and the page /actors instead"),
    ("eventHorizon", "c['configurators'] with util.JanitorConfigurator says what is kept"),
    ("buildHorizon", "c['configurators'] with util.JanitorConfigurator says what is kept"),
];
/// Modules and where their names are now.
const MODULES: [(&str, &str); 7] = [
    ("buildbot.buildslave", "buildbot.worker"),
    ("buildbot.buildslave.ec2", "buildbot.worker.ec2"),
    ("buildbot.buildslave.libvirt", "buildbot.worker.libvirt"),
    ("buildbot.buildslave.docker", "buildbot.worker.docker"),
    ("buildbot.status.results", "buildbot.process.results"),
    ("buildbot.status.builder", "buildbot.process.results"),
    ("buildbot.steps.slave", "buildbot.steps.worker"),
];

/// A file with modern names.
#[derive(Clone, Debug)]
pub struct Migrated {
    pub text: String,
    /// How many places were written anew.
    pub n_changes: usize,
    /// What a person has to look at.
    pub notes: Vec<ConfigError>,
}

/// Writes a file anew; errors if it is no Python.
pub fn migrate(source: &SourceText) -> Result<Migrated, Vec<ConfigError>> {
    super::nesting::check(source).map_err(|error| vec![error])?;
    let modern = python2::modern(source);
    if !modern.errors.is_empty() {
        return Err(modern.errors);
    }
    let source = &modern.source;
    let parsed = parser::parse_module(&source.text).map_err(|error| {
        vec![source.error(span(error.range()), format!("syntax error: {}", lower(&error.error.to_string())))]
    })?;
    let mut migration = Migration { source, changes: Vec::new(), notes: Vec::new() };
    migration.visit_body(&parsed.syntax().body);
    let Migration { mut changes, notes, .. } = migration;
    changes.sort_by_key(|(range, _)| range.start());
    changes.dedup_by_key(|(range, _)| range.start());
    let n_changes = changes.len() + modern.n_changes;
    let mut edits = Edits::default();
    for (range, text) in changes {
        edits.replace(range, text);
    }
    Ok(Migrated { text: edits.apply(&source.text).0, n_changes, notes })
}

struct Migration<'a> {
    source: &'a SourceText,
    changes: Vec<(TextRange, String)>,
    notes: Vec<ConfigError>,
}

fn modern<'t>(table: &[(&str, &'t str)], name: &str) -> Option<&'t str> {
    table.iter().find(|(old, new)| *old == name && old != new).map(|(_, new)| *new)
}

impl<'a> Visitor<'a> for Migration<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::ImportFrom(node) => self.import(node),
            Stmt::Assign(node) => self.assignment(node),
            Stmt::ClassDef(node) => self.class(node),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if let Some(new) = modern(&CLASSES, &name.id) {
                    self.change(name.range(), new);
                }
            }
            Expr::Attribute(attribute) => {
                if let Some(new) = modern(&CLASSES, &attribute.attr) {
                    self.change(attribute.attr.range(), new);
                    let module = matches!(&*attribute.value, Expr::Name(module) if module.id == "buildslave");
                    if module {
                        self.change(attribute.value.range(), "worker");
                    }
                }
            }
            Expr::Call(call) => self.call(call),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

impl Migration<'_> {
    fn change(&mut self, range: TextRange, text: impl Into<String>) {
        self.changes.push((range, text.into()));
    }

    fn note(&mut self, range: TextRange, text: impl Into<String>) {
        self.notes.push(self.source.error(span(range), text));
    }

    fn import(&mut self, node: &StmtImportFrom) {
        if let Some(module) = &node.module
            && let Some(new) = modern(&MODULES, module)
        {
            self.change(module.range(), new);
        }
        for alias in &node.names {
            if let Some(new) = modern(&CLASSES, &alias.name) {
                self.change(alias.name.range(), new);
            }
            if alias.name.as_str() == "buildslave" {
                self.change(alias.name.range(), "worker");
            }
        }
    }

    /// `c['slaves'] = ...`.
    fn assignment(&mut self, node: &StmtAssign) {
        for target in &node.targets {
            let Expr::Subscript(subscript) = target else { continue };
            let (Expr::Name(dictionary), Expr::StringLiteral(key)) = (&*subscript.value, &*subscript.slice) else {
                continue;
            };
            if !["c", "BuildmasterConfig"].contains(&dictionary.id.as_str()) {
                continue;
            }
            let name = key.value.to_str();
            if let Some(new) = modern(&KEYS, name) {
                self.change(key.range(), format!("'{new}'"));
            }
            if let Some(advice) = BY_HAND.iter().find(|(key, _)| *key == name).map(|(_, advice)| *advice) {
                self.note(key.range(), format!("c['{name}']: {advice}"));
            }
            if name == "slavePortnum" {
                self.change(key.range(), "'protocols'");
                let value = self.source.slice(span(node.value.range())).to_owned();
                self.change(node.value.range(), format!("{{'pb': {{'port': {value}}}}}"));
            }
        }
    }

    fn class(&mut self, node: &StmtClassDef) {
        if node.arguments.as_ref().is_some_and(|arguments| !arguments.args.is_empty()) {
            self.note(
                node.name.range(),
                "a class: what it overrides of Buildbot's cannot run; see 'buildbot checkconfig'",
            );
        }
    }

    fn call(&mut self, call: &ExprCall) {
        let function = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return,
        };
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            if let Some(new) = modern(&ARGUMENTS, name) {
                self.change(name.range(), new);
            }
            if (name.as_str(), function) == ("category", "BuilderConfig") {
                let value = self.source.slice(span(keyword.value.range())).to_owned();
                self.change(keyword.range(), format!("tags=[{value}]"));
            }
        }
        match function {
            "WithProperties" => self.with_properties(call),
            "WebStatus" => self.note(call.func.range(), "c['www'] takes the place of the WebStatus"),
            "s" if !call.arguments.args.is_empty() => {
                self.note(call.func.range(), "s(Step, ...) is written Step(...) now");
            }
            _ => {}
        }
    }

    /// `WithProperties('%(a)s')` and `WithProperties('%s', 'a')` as `Interpolate('%(prop:a)s')`.
    fn with_properties(&mut self, call: &ExprCall) {
        let [Expr::StringLiteral(template), names @ ..] = &*call.arguments.args else {
            return self
                .note(call.range(), "write the text of WithProperties as one for Interpolate, with %(prop:name)s");
        };
        if !call.arguments.keywords.is_empty() {
            return self.note(call.range(), "functions in WithProperties become keywords of Interpolate: %(kw:name)s");
        }
        let names: Option<Vec<&str>> =
            names.iter().map(|name| name.as_string_literal_expr().map(|name| name.value.to_str())).collect();
        let Some(names) = names else {
            return self.note(call.range(), "name the properties of WithProperties as plain texts first");
        };
        let mut text = self.source.slice(span(template.range())).replace("%(", "%(prop:");
        for name in &names {
            text = text.replacen("%s", &format!("%(prop:{name})s"), 1);
        }
        let last = call.arguments.args.last().map_or(template.range(), Ranged::range);
        self.change(TextRange::new(template.start(), last.end()), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_become_new_ones_and_the_rest_is_named() {
        let old = "\
from buildbot.buildslave import BuildSlave
from buildbot.process.properties import WithProperties
c['slaves'] = [BuildSlave('a', 'b')]  # kept
c['slavePortnum'] = 9989
c['status'] = []
f.addStep(ShellCommand(command=['a', WithProperties('%s-%(y)s', 'x')]))
b = BuilderConfig(name='b', slavenames=['a'], category='c')
";
        let migrated = migrate(&SourceText::new("master.cfg", old)).unwrap();
        assert_eq!(
            migrated.text,
            "\
from buildbot.worker import Worker
from buildbot.process.properties import Interpolate
c['workers'] = [Worker('a', 'b')]  # kept
c['protocols'] = {'pb': {'port': 9989}}
c['status'] = []
f.addStep(ShellCommand(command=['a', Interpolate('%(prop:x)s-%(prop:y)s')]))
b = BuilderConfig(name='b', workernames=['a'], tags=['c'])
"
        );
        let python2 = migrate(&SourceText::new("master.cfg", "try:\n    print 'a'\nexcept A, e: x = 0644\n")).unwrap();
        assert_eq!(python2.text, "try:\n    print('a')\nexcept A as e: x = 0o644\n");
        assert_eq!((python2.n_changes, migrated.notes.len()), (4, 1));
        assert!(migrated.notes[0].to_string().starts_with("master.cfg:5:3: c['status']: make reporters"));
    }
}
