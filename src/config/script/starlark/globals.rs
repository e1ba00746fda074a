//! The names a configuration finds: Starlark's own, the namespaces of the table, and helpers of the front end.

use std::collections::BTreeMap;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};

use super::constructor::Constructor;
use super::{natives, operators, os, with_secrets};
use crate::config::table::{DATETIME, NAMESPACES, RESULTS, STATUS, classes};

/// All names; `environ` is what `os.environ` shows.
pub fn globals(environ: &BTreeMap<String, String>) -> Globals {
    let mut builder = GlobalsBuilder::extended_by(&[
        LibraryExtension::StructType,
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::Partial,
        LibraryExtension::Print,
        LibraryExtension::SetType,
    ])
    .with(natives::natives)
    .with(operators::operators)
    .with(with_secrets::with_secrets);
    for namespace in NAMESPACES {
        builder.namespace(namespace, |builder| fill(builder, namespace));
        // Imports bind these, so that a file may use the plain names for something else.
        builder.namespace(&format!("_bb_{namespace}"), |builder| fill(builder, namespace));
    }
    for module in [DATETIME, STATUS] {
        builder.namespace(&format!("_bb_{module}"), |builder| fill(builder, module));
    }
    builder.namespace("_bb_os", |builder| os::fill(builder, environ));
    builder.build()
}

fn fill(builder: &mut GlobalsBuilder, namespace: &str) {
    let of_namespace = || classes().filter(|class| class.namespace == namespace && !class.name.starts_with('_'));
    for class in of_namespace() {
        match class.name.split_once('.') {
            None => builder.set(class.name, Constructor { class }),
            // The first of `util.repo` makes all of them.
            Some((inner, _)) => builder.namespace(inner, |builder| {
                let of_inner = of_namespace().filter_map(|class| Some((class, class.name.split_once('.')?)));
                for (class, (_, name)) in of_inner.filter(|(_, (holder, _))| *holder == inner) {
                    builder.set(name, Constructor { class });
                }
            }),
        }
    }
    if namespace == "util" {
        natives::util(builder);
        natives::old_util(builder);
        for (name, value) in RESULTS {
            builder.set(name, value);
        }
    }
}
