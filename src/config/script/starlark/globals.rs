//! The names a configuration finds: Starlark's own, the namespaces of the table, and helpers of the front end.

use std::collections::BTreeMap;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};

use super::constructor::Constructor;
use super::{natives, operators, os, with_secrets};
use crate::config::table::{DATETIME, NAMESPACES, RESULTS, classes};

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
    builder.namespace(&format!("_bb_{DATETIME}"), |builder| fill(builder, DATETIME));
    builder.namespace("_bb_os", |builder| os::fill(builder, environ));
    builder.build()
}

fn fill(builder: &mut GlobalsBuilder, namespace: &str) {
    for class in classes().filter(|class| class.namespace == namespace && !class.name.starts_with('_')) {
        builder.set(class.name, Constructor { class });
    }
    if namespace == "util" {
        natives::util(builder);
        for (name, value) in RESULTS {
            builder.set(name, value);
        }
    }
}
